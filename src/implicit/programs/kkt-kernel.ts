/** The kernel of the system of a selection, and whether a right-hand side is orthogonal to it. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { norm, normalise } from '../hypothesis/singular-values.ts';
import { type ApproximateSolve, type KktMatrix, kktProduct, refine } from './kkt-system.ts';
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
  /** How far SKS is from taking `scaled` to 0, at most. */
  readonly defect: number;
  /** Whether these are only random vectors of the kernel, and no basis. */
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
  return { variables, rows, scaled, rounding, defect: rounding, isEstimate: false };
}

/** Random vectors of the kernel. What is orthogonal to one of them is orthogonal to all of it, but for bad luck. */
const PROBES = 2;
const PASSES = 2;
const SWEEPS = 20;
/** Below this, sparse factors do not tell a small singular value from 0. */
const SPARSE_FLOOR = 1e-12;
/** A part that is smaller than this beside what the first solve left is rounding. */
const LEAST_PART = 1e-6;

/**
 * Random vectors of the kernel of a large K: b − s, where s solves K·s = K·b. Variables and rows are a kernel each.
 * @returns undefined where b − s is not in the kernel, so that K is invertible
 */
export function* probeKernel(
  matrix: KktMatrix,
  approximate: ApproximateSolve,
  accuracy: number,
): Interruptible<KktKernel | undefined> {
  const { order, scale, data } = matrix;
  const draws = random(0);
  const enough = Math.max(SPARSE_FLOOR, invertibleAbove(order, accuracy));
  const [variables, rows, scaled]: Float64Array[][] = [[], [], []];
  let defect = 0;
  let size = 0;
  for (let probe = 0; probe < PROBES; probe++) {
    let given = scale.map((value) => value * draws.normal());
    // What the first solve leaves of its residual, the second one takes away.
    for (let pass = 0; pass < PASSES; pass++) {
      const right = kktProduct(matrix, given);
      const { solution } = yield* refine(matrix, approximate, right, new Float64Array(order), SWEEPS);
      const left = given.map((value, i) => value - solution[i]);
      if (pass === 0) size = norm(left.map((value, i) => value / scale[i]));
      given = left;
    }
    for (const [from, to, list] of [
      [0, data.n, variables],
      [data.n, order, rows],
    ] as const) {
      const left = given.map((value, i) => (i >= from && i < to ? value : 0));
      const vector = left.map((value, i) => value / scale[i]);
      const image = kktProduct(matrix, left).map((value, i) => value * scale[i]);
      if (!(norm(vector) > LEAST_PART * size && norm(image) <= enough * norm(vector))) continue;
      defect = Math.max(defect, norm(image) / norm(vector));
      scaled.push(normalise(vector));
      list.push(normalise(left.slice(from, to)));
    }
  }
  return scaled.length > 0 ? { variables, rows, scaled, rounding: 100 * enough, defect, isEstimate: true } : undefined;
}

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
