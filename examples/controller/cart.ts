/** A cart on a rail, and the program with which a controller plans its moves. */
import type { SparseEntries } from '../../src/index.ts';

/** Position (m) and velocity (m/s). */
export type State = readonly [position: number, velocity: number];

/** Seconds between two decisions. */
const STEP = 0.25;
/** Decisions that a plan looks ahead. */
export const HORIZON = 10;
/** The largest acceleration, m/s², either way. */
export const STRONGEST = 1;
/** The largest velocity, m/s, either way. */
export const FASTEST = 0.8;

/** The state after one step of constant acceleration. */
export function moveCart([position, velocity]: State, acceleration: number): State {
  return [position + STEP * velocity + 0.5 * STEP ** 2 * acceleration, velocity + STEP * acceleration];
}

/** What the cost of a plan consists of: Σ weight · square, over all steps. */
export const TERMS = ['position', 'velocity', 'acceleration'] as const;

/** The variables of a plan: position, velocity and acceleration of each step, one step after the other. */
export const VARIABLES = TERMS.length * HORIZON;
const variable = (step: number, term: number): number => TERMS.length * step + term;

/** Where a plan has the acceleration of the first step, which is the one that is carried out. */
export const FIRST_ACCELERATION = variable(0, 2);

/** The term of each variable: ∑ weights[term] x² is the cost of a plan. */
export const TERM_OF_VARIABLE: readonly number[] = Array.from({ length: VARIABLES }, (_, at) => at % TERMS.length);

/**
 * The constraints of a plan: two rows for the motion of each step, then the bounds of velocity and acceleration.
 * Only the bounds of the first two rows depend on where the cart is.
 */
export const CONSTRAINTS: SparseEntries = {
  rows: 4 * HORIZON,
  columns: VARIABLES,
  entries: Array.from({ length: HORIZON }, (_, step) => step).flatMap((step) => {
    const [position, velocity, acceleration] = TERMS.map((_, term) => variable(step, term));
    const before = step > 0 ? [variable(step - 1, 0), variable(step - 1, 1)] : undefined;
    return [
      // position − ½·step²·acceleration = position and velocity before
      [2 * step, position, 1] as const,
      [2 * step, acceleration, -0.5 * STEP ** 2] as const,
      ...(before ? [[2 * step, before[0], -1] as const, [2 * step, before[1], -STEP] as const] : []),
      // velocity − step·acceleration = velocity before
      [2 * step + 1, velocity, 1] as const,
      [2 * step + 1, acceleration, -STEP] as const,
      ...(before ? [[2 * step + 1, before[1], -1] as const] : []),
      [2 * HORIZON + 2 * step, velocity, 1] as const,
      [2 * HORIZON + 2 * step + 1, acceleration, 1] as const,
    ];
  }),
};

/** The bounds of the rows of a plan that begins here. */
export function boundsFrom(state: State): { lower: number[]; upper: number[] } {
  const motion = new Array<number>(2 * HORIZON).fill(0);
  [motion[0], motion[1]] = moveCart(state, 0);
  const limits = Array.from({ length: 2 * HORIZON }, (_, row) => (row % 2 === 0 ? FASTEST : STRONGEST));
  return { lower: [...motion, ...limits.map((limit) => -limit)], upper: [...motion, ...limits] };
}
