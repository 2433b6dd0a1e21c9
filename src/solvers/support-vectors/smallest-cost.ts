/** The cost below which a support vector machine is proportional to it. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { MarginRows } from './problem.ts';
import { solveSupportVectors } from './solve.ts';

/**
 * C_min: for C ≤ C_min, α and w are C times what they are for C = 1. Without an intercept α = C c there, and 1/C_min is the
 * largest entry of Qc. With one, let w = C·ŵ there, and ν± the zᵢ·ŵ of the rows of each label that are on the margin, or the
 * largest of those at their upper bound: 2/C_min = ν₊ + ν₋. Infinite where w = 0 for every C.
 * @param limit of the active-set steps
 */
export function* findSmallestCost(
  margins: MarginRows,
  rowWeights: Float64Array,
  intercept: boolean,
  limit: number,
): Interruptible<number> {
  const { norms, labels } = margins;
  const largest = norms.reduce((most, norm, row) => (rowWeights[row] > 0 ? Math.max(most, norm) : most), 0);
  /** A bound of |zᵢ·ŵ|. */
  const bound = largest * norms.reduce((sum, norm, row) => sum + rowWeights[row] * norm, 0);
  if (!(bound > 0)) return Number.POSITIVE_INFINITY;
  if (!intercept) {
    const margin = margins.times(margins.combine(rowWeights));
    const most = margin.reduce((value, one, row) => (rowWeights[row] > 0 ? Math.max(value, one) : value), 0);
    return most > ROUNDING * bound ? 1 / most : Number.POSITIVE_INFINITY;
  }
  const safe = 1 / (2 * bound);
  const upper = rowWeights.map((weight) => safe * weight);
  const { alpha, w } = yield* solveSupportVectors({ margins, upper, intercept }, { limit });
  const shares = alpha.map((value, row) => (upper[row] > 0 ? value / upper[row] : 0));
  const Zw = margins.times(w);
  const sum = (marginOf(shares, Zw, labels, 1) + marginOf(shares, Zw, labels, -1)) / safe;
  return sum > ROUNDING * bound ? 2 / sum : Number.POSITIVE_INFINITY;
}

/** What is rounding, relative to a bound of the sum. */
const ROUNDING = 1e-13;

/** Shares of its bound within which α is at an end of its range up to rounding. */
const INSIDE = { least: 1e-9, most: 1 - 1e-9 };

/** zᵢ·w of the rows of a label on the margin, or else the largest of those at their upper bound; −∞ where there are none. */
function marginOf(shares: Float64Array, Zw: Float64Array, labels: Float64Array, label: number): number {
  const rows = [...labels.keys()].filter((row) => labels[row] === label && shares[row] > INSIDE.least);
  const inside = rows.find((row) => shares[row] < INSIDE.most);
  if (inside !== undefined) return Zw[inside];
  return rows.reduce((most, row) => Math.max(most, Zw[row]), Number.NEGATIVE_INFINITY);
}
