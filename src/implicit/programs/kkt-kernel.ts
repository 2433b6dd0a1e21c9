/** The kernel of the system of a selection, and whether a right-hand side is orthogonal to it. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { norm, normalise } from '../hypothesis/singular-values.ts';
import { type ApproximateSolve, type KktMatrix, kktProduct } from './kkt-system.ts';
import { orthonormalise } from './rank.ts';
import { invertibleAbove, testCurvature, testRows } from './rank-tests.ts';

/**
 * ker [P, A_aᵀ; A_a, −Δ] is the product of ker P ∩ ker A_a, in the variables, and of the dependences of the rows with
 * Δ = 0. As the matrix is symmetric, its range is what is orthogonal to its kernel.
 */
export interface KktKernel {
  /** Orthonormal, n numbers each. */
  readonly variables: readonly Float64Array[];
  /** Orthonormal, a number for each row of the set. */
  readonly rows: readonly Float64Array[];
  /** Orthonormal, a basis of the kernel of SKS. */
  readonly scaled: readonly Float64Array[];
  /** The rounding of these vectors. */
  readonly rounding: number;
  /** Whether these are only the vectors of the kernel that an iteration came upon. */
  readonly isEstimate: boolean;
}

/** A right-hand side within this many units of rounding of the range counts as in it. */
const ROUNDINGS = 64;

/** @param shares the diagonal of J, for all rows of A */
export function* findKktKernel(
  { data, set, scale, order }: KktMatrix,
  shares: Float64Array,
  accuracy: number,
): Interruptible<KktKernel> {
  const { n } = data;
  const full = set.rows.filter((row) => shares[row] === 1);
  const places = set.rows.flatMap((row, place) => (shares[row] === 1 ? [place] : []));
  const dependence = yield* testRows(data, full, invertibleAbove(Math.max(n, full.length), accuracy));
  const flatness = yield* testCurvature(data, set.rows, invertibleAbove(n + set.rows.length, accuracy));
  const variables = orthonormalise(flatness.kernel);
  const rows = orthonormalise(
    dependence.kernel.map((w) => {
      const spread = new Float64Array(set.rows.length);
      for (const [index, place] of places.entries()) spread[place] = w[index];
      return spread;
    }),
  );
  // K(Sv) = 0 where SKS·v = 0.
  const unscale = (vector: Float64Array, offset: number): Float64Array => {
    const scaled = new Float64Array(order);
    for (let i = 0; i < vector.length; i++) scaled[offset + i] = vector[i] / scale[offset + i];
    return scaled;
  };
  const scaled = orthonormalise([
    ...variables.map((vector) => unscale(vector, 0)),
    ...rows.map((vector) => unscale(vector, n)),
  ]);
  const rounding = (8 * order * Number.EPSILON) / Math.min(dependence.gap, flatness.gap);
  return { variables, rows, scaled, rounding, isEstimate: false };
}

/**
 * What one vector, to which inverse iteration with a regularised SKS leads, shows of the kernel of a large K; undefined
 * where it is not in the kernel to the accuracy.
 * @param start of norm 1
 */
export function* estimateKernel(
  matrix: KktMatrix,
  approximate: ApproximateSolve,
  start: Float64Array,
  accuracy: number,
): Interruptible<KktKernel | undefined> {
  const { order, scale, data, set } = matrix;
  const scaledBy = (vector: Float64Array): Float64Array => vector.map((value, i) => value * scale[i]);
  const sizeOf = (vector: Float64Array): number => norm(scaledBy(kktProduct(matrix, scaledBy(vector))));
  let vector = start;
  let size = sizeOf(start);
  const enough = invertibleAbove(order, accuracy);
  for (let step = 0; step < STEPS && size > enough; step++) {
    const next = normalise(approximate(vector));
    const nextSize = sizeOf(next);
    yield;
    if (!(nextSize < size)) break;
    [vector, size] = [next, nextSize];
  }
  if (size > Math.max(KERNEL_ACCURACY, enough)) return undefined;
  const part = (offset: number, length: number): Float64Array[] => {
    const own = Float64Array.from({ length }, (_, i) => vector[offset + i] * scale[offset + i]);
    const share = Math.sqrt(own.reduce((sum, _, i) => sum + vector[offset + i] ** 2, 0));
    return share > PART_OF_VECTOR ? orthonormalise([own]) : [];
  };
  return {
    variables: part(0, data.n),
    rows: part(data.n, set.rows.length),
    scaled: [vector],
    rounding: Math.max(size, KERNEL_ACCURACY),
    isEstimate: true,
  };
}

const STEPS = 40;
/** Curvature and dependence below this are not told apart from a kernel by sparse factors. */
const KERNEL_ACCURACY = 1e-12;
/** A part of a unit vector below this is not in the kernel, but what the iteration has left. */
const PART_OF_VECTOR = 1e-4;

/** @param sizes of the terms of each number of `right`, against which a component along the kernel is small */
export function isConsistent(
  { scale }: KktMatrix,
  { scaled, rounding }: KktKernel,
  right: Float64Array,
  sizes: Float64Array,
  accuracy: number,
): boolean {
  let total = 0;
  for (let i = 0; i < sizes.length; i++) total += (sizes[i] * scale[i]) ** 2;
  return scaled.every((vector) => {
    let component = 0;
    let terms = 0;
    for (let i = 0; i < vector.length; i++) {
      component += vector[i] * right[i] * scale[i];
      terms += Math.abs(vector[i]) * sizes[i] * scale[i];
    }
    const relative = ROUNDINGS * Math.max(accuracy, Number.EPSILON);
    return Math.abs(component) <= relative * terms + rounding * Math.sqrt(total);
  });
}
