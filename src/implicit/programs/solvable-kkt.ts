/** The factorised system of a selection, with its kernel where it has one. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { norm, normalise } from '../hypothesis/singular-values.ts';
import { findKktKernel, isConsistent, type KktKernel, probeKernel } from './kkt-kernel.ts';
import {
  type ApproximateSolve,
  factoriseKkt,
  isDense,
  type KktMatrix,
  kktTerms,
  type Refined,
  refine,
} from './kkt-system.ts';
import { removeComponents } from './rank.ts';

export interface SolvableKkt {
  readonly matrix: KktMatrix;
  readonly approximate: ApproximateSolve;
  /** Absent where K is invertible. */
  readonly kernel: KktKernel | undefined;
}

/** A matrix whose σ_min is estimated above this is not examined further. */
const CLEARLY_INVERTIBLE = 1e-6;
const ESTIMATE_STEPS = 5;
const SWEEPS = 20;

/** @param shares the diagonal of J, for all rows of A */
export function* createSystem(matrix: KktMatrix, shares: Float64Array, accuracy: number): Interruptible<SolvableKkt> {
  const approximate = yield* factoriseKkt(matrix, {});
  if ((yield* estimateSmallest(matrix, approximate)) > Math.max(CLEARLY_INVERTIBLE, 1000 * accuracy))
    return { matrix, approximate, kernel: undefined };
  if (!isDense(matrix.order)) {
    return { matrix, approximate, kernel: yield* probeKernel(matrix, approximate, accuracy) };
  }
  const kernel = yield* findKktKernel(matrix, shares, accuracy);
  if (kernel.scaled.length === 0) return { matrix, approximate, kernel: undefined };
  return { matrix, approximate: yield* factoriseKkt(matrix, { kernel: kernel.scaled }), kernel };
}

/** An estimate, from above, of σ_min of SKS by a few steps of inverse iteration. */
function* estimateSmallest({ order }: KktMatrix, approximate: ApproximateSolve): Interruptible<number> {
  const draws = random(0);
  let vector = normalise(Float64Array.from({ length: order }, () => draws.normal()));
  let smallest = order === 0 ? 1 : Number.POSITIVE_INFINITY;
  for (let step = 0; step < ESTIMATE_STEPS; step++) {
    const next = approximate(vector);
    yield;
    const grown = norm(next);
    // A pivot that is 0 leaves numbers that are not finite.
    if (!Number.isFinite(grown)) return 0;
    if (grown === 0) return smallest;
    smallest = Math.min(smallest, 1 / grown);
    vector = normalise(next);
  }
  return smallest;
}

/** A relative residual above this leaves no digit of a solution to be relied on. */
const UNSOLVED = 1e-3;
/** Without the kernel itself, a residual above this part of the right-hand side shows that there is no solution. */
const INCONSISTENT = 1e-7;

/**
 * The solution of least norm of K·solution = right; undefined where there is none.
 * @param sizes of the terms of each number of `right`
 */
export function* solveConsistent(
  { matrix, approximate, kernel }: SolvableKkt,
  right: Float64Array,
  sizes: Float64Array,
  accuracy: number,
): Interruptible<Refined | undefined> {
  if (kernel && !isConsistent(matrix, kernel, right, sizes, accuracy)) return undefined;
  const refined = yield* refine(matrix, approximate, right, new Float64Array(matrix.order), SWEEPS);
  const { solution, residual } = refined;
  if (!solution.every(Number.isFinite) || !(residual <= UNSOLVED)) return undefined;
  if (!kernel) return refined;
  if (kernel.isEstimate) {
    const left = kktTerms(matrix, new Float64Array(matrix.order), solution);
    const [most, given] = [left, sizes].map((values) => largestScaled(values, matrix.scale));
    if (residual * (most + given) > INCONSISTENT * given) return undefined;
    return refined;
  }
  removeComponents(solution.subarray(0, matrix.data.n), kernel.variables);
  removeComponents(solution.subarray(matrix.data.n), kernel.rows);
  return refined;
}

function largestScaled(values: Float64Array, scale: Float64Array): number {
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value) * scale[i]), 0);
}
