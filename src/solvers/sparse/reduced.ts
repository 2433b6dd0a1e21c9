/** The curvature of a sparse model along a few directions, such as the coefficients in use. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../matrices.ts';
import { addColumn, applyCurvatureTo, type SparseProblem, sharedColumns } from './problem.ts';

/** A direction of the coefficients with few entries. */
export interface Direction {
  readonly group: number;
  readonly members: Int32Array;
  readonly values: Float64Array;
}

const ONE = Float64Array.of(1);

/** The unit directions of the coefficients of some groups. */
export function unitDirections({ groups }: SparseProblem, chosen: readonly number[]): Direction[] {
  return chosen.flatMap((group) =>
    Array.from(groups[group], (at) => ({ group, members: Int32Array.of(at), values: ONE })),
  );
}

/** Multiplications after which other work may have its turn. */
const WORK_PER_TURN = 2 ** 20;

/** The margins along a direction, output by output. */
export function imageOf({ rows, outputs, X }: SparseProblem, { members, values }: Direction): Float64Array {
  if (outputs === 1 && values === ONE) return X.subarray(members[0] * rows, (members[0] + 1) * rows);
  const image = new Float64Array(rows * outputs);
  for (const [index, at] of members.entries()) addColumn(image, X, rows, outputs, at, values[index]);
  return image;
}

/** ZᵀHZ, symmetric, for H = Xᵀ(ω∘ℓ″)X and the directions as columns of Z. */
export function* reducedHessian(
  problem: SparseProblem,
  curvatures: Float64Array,
  directions: readonly Direction[],
): Interruptible<Float64Array> {
  const size = directions.length;
  const images = directions.map((direction) => imageOf(problem, direction));
  const matrix = new Float64Array(size * size);
  let spent = 0;
  for (let i = 0; i < size; i++) {
    const curved = applyCurvatureTo(problem, curvatures, images[i]);
    for (let j = 0; j <= i; j++) {
      const sum = dot(curved, images[j]);
      matrix[i * size + j] = sum;
      matrix[j * size + i] = sum;
    }
    spent += (i + 1) * curved.length;
    if (spent > WORK_PER_TURN) {
      spent = 0;
      yield;
    }
  }
  return matrix;
}

/**
 * Adds the curvature of the penalty, Ω_g = (t_g/‖β_g‖)(I − vvᵀ) with v = β_g/‖β_g‖, for the groups whose coefficients
 * are all among the directions, each as a unit direction.
 * @param size the order of the matrix, of which these directions are the first rows and columns
 */
export function addPenaltyCurvature(
  { groups, thresholds }: SparseProblem,
  beta: Float64Array,
  directions: readonly Direction[],
  matrix: Float64Array,
  size: number,
): void {
  for (let start = 0; start < directions.length; ) {
    const { group, members } = directions[start];
    const own = groups[group];
    const isWhole = members.length === 1 && own.length > 1;
    const length = isWhole ? own.length : 1;
    if (isWhole && thresholds[group] > 0) {
      let norm = 0;
      for (const at of own) norm = Math.hypot(norm, beta[at]);
      for (let i = 0; i < length; i++) {
        for (let j = 0; j < length; j++) {
          const outer = (beta[own[i]] / norm) * (beta[own[j]] / norm);
          matrix[(start + i) * size + start + j] += (thresholds[group] / norm) * ((i === j ? 1 : 0) - outer);
        }
      }
    }
    start += length;
  }
}

/** The places of the classes of each shared column among the directions, which hold these as unit directions. */
export function placesOfShared(problem: SparseProblem, directions: readonly Direction[]): number[][] {
  const { outputs } = problem;
  return sharedColumns(problem).map((column) =>
    directions.flatMap(({ members }, place) =>
      members.length === 1 && Math.floor(members[0] / outputs) === column ? [place] : [],
    ),
  );
}

/**
 * Adds 11ᵀ on the classes of each shared column, so that the coefficients found add up to 0.
 * @param size the order of the matrix, of which these directions are the first rows and columns
 */
export function fixShared(
  problem: SparseProblem,
  directions: readonly Direction[],
  matrix: Float64Array,
  size: number,
): void {
  for (const places of placesOfShared(problem, directions)) {
    const scale = Math.max(...places.map((place) => matrix[place * size + place]), Number.MIN_VALUE);
    for (const i of places) for (const j of places) matrix[i * size + j] += scale;
  }
}
