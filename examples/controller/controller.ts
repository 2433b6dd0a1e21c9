/** Controllers that solve a quadratic program for each decision, alone or in batches. */
import { type Engine, type ProgramSolution, quadraticProgram, type Tensor } from '../../src/index.ts';
import {
  boundsFrom,
  CONSTRAINTS,
  FIRST_ACCELERATION,
  moveCart,
  type State,
  TERM_OF_VARIABLE,
  TERMS,
  VARIABLES,
} from './cart.ts';

/** The plans from these states, one program for each of them. @param P the cost of a plan is ½xᵀPx */
export function plan(P: Tensor | readonly number[][], states: readonly State[], engine: Engine): ProgramSolution {
  const bounds = states.map(boundsFrom);
  return quadraticProgram({
    engine,
    P,
    q: new Float64Array(VARIABLES),
    A: CONSTRAINTS,
    l: bounds.map(({ lower }) => lower),
    u: bounds.map(({ upper }) => upper),
  });
}

/** The cost as P, for weights that are known. */
export function costMatrix(weights: readonly number[]): number[][] {
  return TERM_OF_VARIABLE.map((term, row) => TERM_OF_VARIABLE.map((_, column) => (row === column ? weights[term] : 0)));
}

/** The accelerations that a controller with these weights decides on. */
export async function decide(engine: Engine, weights: readonly number[], states: readonly State[]): Promise<number[]> {
  const solution = plan(costMatrix(weights), states, engine);
  try {
    const { x } = await solution.values();
    return states.map((_, index) => x[index * VARIABLES + FIRST_ACCELERATION]);
  } finally {
    solution.dispose();
  }
}

/** A run of carts under a controller: states[step][cart], and the accelerations decided on there. */
export interface Drive {
  readonly states: readonly (readonly State[])[];
  readonly accelerations: readonly (readonly number[])[];
}

/** Lets a controller drive carts: plan, carry out the first move, plan again. */
export async function drive(
  engine: Engine,
  weights: readonly number[],
  from: readonly State[],
  steps: number,
): Promise<Drive> {
  const states: (readonly State[])[] = [from];
  const accelerations: number[][] = [];
  for (let step = 0; step < steps; step++) {
    const decided = await decide(engine, weights, states[step]);
    accelerations.push(decided);
    states.push(states[step].map((state, cart) => moveCart(state, decided[cart])));
  }
  return { states, accelerations };
}

/** How far the carts of two drives are from each other: the root mean square of the distance, in metres. */
export function distanceBetween(a: Drive, b: Drive): number {
  const squares = a.states.flatMap((row, step) =>
    row.map(([position], cart) => (position - b.states[step][cart][0]) ** 2),
  );
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}

/** What a drive costs by these weights: the mean over the carts of Σ weight · square. */
export function costOf({ states, accelerations }: Drive, weights: readonly number[]): number {
  const carts = states[0].length;
  const squares = accelerations.flatMap((decided, step) =>
    decided.map((acceleration, cart) => {
      const [position, velocity] = states[step + 1][cart];
      const values = [position, velocity, acceleration];
      return TERMS.reduce((sum, _, term) => sum + weights[term] * values[term] ** 2, 0);
    }),
  );
  return squares.reduce((sum, value) => sum + value, 0) / carts;
}
