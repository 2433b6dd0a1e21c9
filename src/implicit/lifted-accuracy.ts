/** Kinks inside solves that a function contains. A solution that is found to a tolerance is at no kink exactly. */
import type { LiftedOperation } from '../autodiff/kinked-operations.ts';
import { broadcastTo } from '../autodiff/pushforwards.ts';
import type { Interruptible } from '../backends/event-loop.ts';
import { factorise, solve } from '../solvers/matrices.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Coordinate, LiftedFunction } from './lifted-function.ts';

type Numbers = ArrayLike<number>;

/**
 * The residuals at the solution, which are 0 only up to the accuracy of the solves, and the arguments of the
 * operations.
 */
export interface Values {
  /** F(z), [batch, n]. */
  readonly image: Numbers;
  /** The residual of each solution inside the function. */
  readonly residuals: readonly Numbers[];
  /** The argument of each operation, number by number. */
  readonly arguments: readonly Numbers[];
  readonly tolerances: readonly Numbers[];
  readonly epsilon: number;
}

/** Reads the values at the solution. @param residual F(z), [batch, n] */
export async function readValues(residual: Tensor, { solutions, operations }: LiftedFunction): Promise<Values> {
  const all = (tensors: readonly Tensor[]): Promise<Numbers[]> => Promise.all(tensors.map((one) => one.data()));
  const [[image], residuals, values, tolerances] = await Promise.all([
    all([residual]),
    all(solutions.map((solution) => solution.residual)),
    all(operations.map(({ x }) => x)),
    all(operations.map(({ x, tolerance }) => broadcastTo(tolerance, x.shape))),
  ]);
  return { image, residuals, arguments: values, tolerances, epsilon: residual.context.epsilon };
}

/** A kink may be this many times further away than the error to first order says. */
const UNITS = 4;
/** Rounding of an argument in units of ε, as in `kinkTolerance`. */
const ROUNDING_UNITS = 64;

/** Kinks that the true solution may be at, though rounding alone does not put the solution there. */
export interface Inaccurate {
  /** Kinks that the true solution is at: a Newton step meets them up to rounding. */
  readonly met: readonly Coordinate[];
  /** Kinks for which this stays open. */
  readonly open: readonly Coordinate[];
}

/**
 * Finds kinks that an inaccurate solve has missed. With the residuals F, and G of the solves inside the function, Bδ =
 * (F, G, 0) makes δ the error of all unknowns to first order, and the change of an argument with δ is the error of that
 * argument. Where the function is piecewise linear, z − δ is exact.
 * @param base B, with rows and columns in the order of the coordinates
 * @param entry the derivative of the argument of a kinked coordinate with respect to another coordinate
 */
export function* findInaccurateKinks(
  values: Values,
  coordinates: readonly Coordinate[],
  base: ArrayLike<number>,
  entry: (row: Coordinate, column: Coordinate) => number,
  positions: LiftedFunction['operations'],
): Interruptible<Inaccurate> {
  const left = coordinates.map(({ kind, of, at }) => {
    if (kind === 'unknown') return values.image[at];
    return kind === 'solution' ? values.residuals[of][at] : 0;
  });
  const error = solve(yield* factorise(base, coordinates.length), left);
  const kinks = coordinates.filter(({ kind }) => kind === 'kink');
  const moves: number[] = [];
  for (const row of kinks) {
    moves.push(coordinates.reduce((sum, column, at) => sum + entry(row, column) * error[at], 0));
    yield;
  }
  const met: Coordinate[] = [];
  const open: Coordinate[] = [];
  for (const [index, kink] of kinks.entries()) {
    const { of, at } = kink;
    const value = values.arguments[of][at];
    const distanceOf = (x: number): number => Math.min(...positions[of].positions.map((place) => Math.abs(x - place)));
    const own = kinks.flatMap((other, place) => (other.of === of ? [Math.abs(moves[place])] : []));
    const distance = distanceOf(value);
    // A move that is NaN comes from a singular B, which the certificate reports.
    if (distance <= values.tolerances[of][at] || !(distance <= UNITS * Math.max(...own))) continue;
    const scale = Math.max(...own, ...positions[of].positions.map(Math.abs), Math.abs(value));
    const isMet = distanceOf(value - moves[index]) <= ROUNDING_UNITS * values.epsilon * scale;
    (isMet ? met : open).push(kink);
  }
  return { met, open };
}

/** The operations, with tolerances widened such that these kinks count as met. */
export function widenTolerances<Operation extends LiftedOperation>(
  operations: readonly Operation[],
  kinks: readonly Coordinate[],
  { arguments: values, tolerances }: Values,
): Operation[] {
  return operations.map((operation, index) => {
    const own = new Set(kinks.flatMap(({ of, at }) => (of === index ? [at] : [])));
    if (own.size === 0) return operation;
    const { x, positions, ends } = operation;
    const wide = Float64Array.from(tolerances[index], (tolerance, at) => {
      const distance = Math.min(...positions.map((place) => Math.abs(values[index][at] - place)));
      return own.has(at) ? 2 * distance : tolerance;
    });
    const tolerance = x.context.upload(wide, x.shape, x);
    const [low, high] = ends(tolerance);
    return { ...operation, tolerance, low, high };
  });
}
