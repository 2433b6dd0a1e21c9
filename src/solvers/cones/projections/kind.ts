/** What the projection onto each kind of cone offers, and the vectors that they share. */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Eigenvector, ProjectionKink, SparseVector } from '../projection.ts';

/**
 * The conservative Jacobian of the projection onto one block. The vectors are those of the whole product, of which it
 * reads and writes the rows of its block; the rows of kinks and of bases are counted in the product too.
 */
export interface BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  /** See `Projection`. The shares of the block's kinks begin at `first`; h and out may be the same. */
  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void;
  /** See `Projection`. The kinks of the block are counted from `first`. */
  eigenvectors(first: number): Eigenvector[];
}

/** The projection onto a kind of cone. v and out are vectors of the whole product. */
export interface ConeKind {
  /** Writes the projection of the block of v into that of `out`; the two may be the same. */
  value(block: ConeBlock, v: Float64Array, out: Float64Array): void;
  /** The same, with the Jacobian. Here v and out differ. */
  project(block: ConeBlock, v: Float64Array, out: Float64Array, tolerance: number): BlockJacobian;
}

/** The unit vector of a row. */
export function unitVector(row: number): SparseVector {
  return { rows: Int32Array.of(row), values: Float64Array.of(1) };
}

/** The unit vectors of the rows from `start` on, with the same eigenvalues. */
export function unitEigenvectors(
  { start, rows }: Pick<ConeBlock, 'start' | 'rows'>,
  low: number,
  high: number,
  kink: number,
): Eigenvector[] {
  return Array.from({ length: rows }, (_, index) => ({ vector: unitVector(start + index), low, high, kink }));
}

/** The vector with these entries from the row `start` on. */
export function sparseVector(start: number, entries: Float64Array): SparseVector {
  let count = 0;
  for (const entry of entries) if (entry !== 0) count += 1;
  const rows = new Int32Array(count);
  const values = new Float64Array(count);
  let at = 0;
  entries.forEach((entry, index) => {
    if (entry === 0) return;
    rows[at] = start + index;
    values[at] = entry;
    at += 1;
  });
  return { rows, values };
}

const LARGEST_SUM = 1e300;
/** In a sum of squares from here to `LARGEST_SUM` none that matters has been lost to the range of float64. */
export const LEAST_SUM = 1e-270;

/** ‖x‖ of x[from], …, x[to − 1], at every scale. */
export function normOf(x: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += x[i] * x[i];
  if (sum <= LARGEST_SUM && sum >= LEAST_SUM) return Math.sqrt(sum);
  const scale = largestOf(x, from, to);
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) return scale;
  sum = 0;
  for (let i = from; i < to; i += 1) sum += (x[i] / scale) ** 2;
  return scale * Math.sqrt(sum);
}

/** max |xᵢ| over x[from], …, x[to − 1]; NaN if one of them is. */
export function largestOf(x: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i += 1) largest = Math.max(largest, Math.abs(x[i]));
  return largest;
}

/** A power of two near a positive number: dividing by it is exact, and needs no reciprocal, which could overflow. */
export function powerOfTwoNear(size: number): number {
  return 2 ** Math.max(-1074, Math.min(1023, Math.floor(Math.log2(size))));
}
