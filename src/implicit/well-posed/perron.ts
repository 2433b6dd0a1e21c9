/**
 * Upper bounds of the Perron-Frobenius eigenvalue λ_pf(|A|), the spectral radius of the absolute values of a matrix, on
 * the host in float64.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { factorise, solve, WIDE } from '../../solvers/matrices.ts';

/** What one product shows: |A|x ≤ κx with x > 0, so that λ_pf(|A|) ≤ κ (Collatz 1942, Wielandt 1950). */
export interface PerronBound {
  /** κ, rounded upwards. */
  readonly bound: number;
  /** x, with the largest entry 1. For x = 1 the bound is ‖A‖∞. */
  readonly vector: Float64Array;
}

/** Steps of the power iteration. Its bound falls with each. */
const STEPS = 60;
/** The share of the bound that is added to the diagonal, so that x stays positive and cycles do not hinder. */
const SHIFT = 0.25;
/** Up to this order a linear solve is tried where the power iteration does not come below 1. */
const LARGEST_SOLVE = 512;

/**
 * Looks for a vector x > 0 that shows λ_pf(|A|) < 1: first x = 1, whose bound is ‖A‖∞, then those of the power iteration,
 * and last (I − |A|)⁻¹1, which is positive if and only if λ_pf(|A|) < 1. Only the product |A|x is trusted, and its rounding is added.
 * @param A n × n finite numbers, row-major
 * @returns of the vectors that show it, the one that bounds errors best (see `amplificationOf`); where none does, the one
 *   with the least bound
 */
export function* findPerronBound(A: ArrayLike<number>, n: number): Interruptible<PerronBound> {
  let x: Float64Array = new Float64Array(n).fill(1);
  let best: PerronBound | undefined;
  for (let step = 0; step < STEPS; step++) {
    const image = multiplyByAbsolute(A, x);
    const found = { bound: boundFrom(image, x), vector: x };
    best = best ? better(best, found) : found;
    x = scaledToOne(image.map((value, i) => value + SHIFT * found.bound * x[i]));
    if (!x.every((value) => value > 0)) break;
    if (n >= WIDE) yield;
  }
  const first = best as PerronBound;
  if (first.bound < 1 || n > LARGEST_SOLVE) return first;
  const solved = yield* solveForVector(A, n);
  if (!solved) return first;
  return better(first, { bound: boundFrom(multiplyByAbsolute(A, solved), solved), vector: solved });
}

/**
 * The factor by which ‖e‖₂ ≤ factor·‖r‖₂ bounds the error e of z by the residual r = z − φ(Az + b): φ contracts by κ in the
 * norm max |eᵢ|/xᵢ, and the norms are compared with one another. Infinite where κ ≥ 1.
 */
export function amplificationOf({ bound, vector }: PerronBound): number {
  if (!(bound < 1)) return Number.POSITIVE_INFINITY;
  const least = vector.reduce((a, b) => Math.min(a, b));
  return Math.hypot(...vector) / least / (1 - bound);
}

function better(a: PerronBound, b: PerronBound): PerronBound {
  if (a.bound < 1 && b.bound < 1) return amplificationOf(b) < amplificationOf(a) ? b : a;
  return b.bound < a.bound ? b : a;
}

/** max (|A|x)ᵢ/xᵢ, and above it by more than the rounding of the sums, which is below n·ε of each. */
function boundFrom(image: Float64Array, x: Float64Array): number {
  const largest = image.reduce((most, value, i) => Math.max(most, value / x[i]), 0);
  return largest * (1 + (x.length + 4) * Number.EPSILON);
}

/** |A|x */
function multiplyByAbsolute(A: ArrayLike<number>, x: Float64Array): Float64Array {
  const n = x.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.abs(A[i * n + j]) * x[j];
    return sum;
  });
}

function scaledToOne(x: Float64Array): Float64Array {
  const largest = x.reduce((most, value) => Math.max(most, value), 0);
  return x.map((value) => value / largest);
}

/** (I − |A|)⁻¹1, scaled; null where it is not positive. */
function* solveForVector(A: ArrayLike<number>, n: number): Interruptible<Float64Array | null> {
  const matrix = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0) - Math.abs(A[at]));
  const x = solve(yield* factorise(matrix, n), new Float64Array(n).fill(1));
  return x.every((value) => value > 0 && value < Number.POSITIVE_INFINITY) ? scaledToOne(x) : null;
}
