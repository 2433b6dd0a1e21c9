/**
 * Kinks that a function meets where it solves something itself, and how near its solver came to them: what is solved to a tolerance is
 * at no kink exactly.
 */

import type { LiftedOperation } from '../autodiff/kinked-operations.ts';
import { repeated } from '../autodiff/pushforwards.ts';
import type { Interruptible } from '../backends/event-loop.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { factorise, solve } from './hypothesis/matrices.ts';
import type { Coordinate, LiftedFunction } from './lifted-function.ts';

type Numbers = ArrayLike<number>;

/** What is not 0 at the solution, though it should be, and the arguments of the operations. */
export interface Values {
  readonly image: Numbers;
  readonly residuals: readonly Numbers[];
  /** Of each operation, number by number. */
  readonly arguments: readonly Numbers[];
  readonly tolerances: readonly Numbers[];
  readonly epsilon: number;
}

/** @param residual of the equation itself, F(z), [batch, n] */
export async function readValues(residual: Tensor, { solutions, operations }: LiftedFunction): Promise<Values> {
  const all = (tensors: readonly Tensor[]): Promise<Numbers[]> => Promise.all(tensors.map((one) => one.data()));
  const [[image], residuals, values, tolerances] = await Promise.all([
    all([residual]),
    all(solutions.map((solution) => solution.residual)),
    all(operations.map(({ x }) => x)),
    all(operations.map(({ x, tolerance }) => repeated(tolerance, x.shape))),
  ]);
  return { image, residuals, arguments: values, tolerances, epsilon: residual.context.epsilon };
}

/** A kink may be so many times further off than an error to first order says. */
const UNITS = 4;
/** As in kinkTolerance. */
const ROUNDING_UNITS = 64;

/** Kinks beyond rounding that the true solution may be at. */
export interface Inaccurate {
  /** Those that it is at, as a Newton step shows: to rounding. */
  readonly met: readonly Coordinate[];
  /** Those of which that is left open. */
  readonly open: readonly Coordinate[];
}

/**
 * With Bδ = (F, G, 0) for what F and the equations G of the solutions leave, δ is to first order the error of all unknowns, and the
 * argument of an operation errs by what it moves with δ. Where all is piecewise linear z − δ is exact.
 * @param base B, with the coordinates in their order
 * @param entry how the argument of a kinked coordinate moves with another
 */
export function* inaccurateKinks(
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
    // What is not a number comes of a singular B, of which the certificate tells.
    if (distance <= values.tolerances[of][at] || !(distance <= UNITS * Math.max(...own))) continue;
    const scale = Math.max(...own, ...positions[of].positions.map(Math.abs), Math.abs(value));
    const isMet = distanceOf(value - moves[index]) <= ROUNDING_UNITS * values.epsilon * scale;
    (isMet ? met : open).push(kink);
  }
  return { met, open };
}

/** The operations, with a tolerance within which these kinks are. */
export function widened<Operation extends LiftedOperation>(
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
