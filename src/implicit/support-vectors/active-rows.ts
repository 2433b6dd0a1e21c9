/** Which rows of a solved support vector machine are on the margin, and which are at a kink. */
import type { SupportVectorResult } from '../../solvers/support-vectors/active-set.ts';
import type { SupportVectorProblem } from '../../solvers/support-vectors/problem.ts';

/** A solution in numbers. */
export interface SupportVectorPoint {
  readonly problem: SupportVectorProblem;
  readonly result: SupportVectorResult;
}

/** A row on the margin whose α is at an end of its range, within the tolerance. */
export interface RowKink {
  readonly row: number;
  /** Whether α is at C cᵢ, and not at 0. */
  readonly isUpper: boolean;
  /** The margin yᵢ(xᵢw + b) − 1. */
  readonly value: number;
  readonly distance: number;
}

export interface ActiveRows {
  /** Rows with α strictly inside of its range. */
  readonly inside: readonly number[];
  /** Rows with α = C cᵢ > 0 that are not at a kink. */
  readonly atUpper: readonly number[];
  readonly kinks: readonly RowKink[];
  /** Rows inside and at a kink, in increasing order. */
  readonly onMargin: readonly number[];
  /** The largest tolerance. */
  readonly kinkTolerance: number;
}

/**
 * Rows of weight 0 are left out: their α cannot move.
 * @param tolerance of yᵢ(xᵢw + b) − 1, relative to the size of its terms
 */
export function findActiveRows({ problem, result }: SupportVectorPoint, tolerance: number): ActiveRows {
  const { margins, upper } = problem;
  const { alpha, slopes, sides, w, b } = result;
  const length = Math.sqrt(w.reduce((sum, value) => sum + value * value, 0));
  const inside: number[] = [];
  const atUpper: number[] = [];
  const kinks: RowKink[] = [];
  const onMargin: number[] = [];
  let largest = 0;
  for (let row = 0; row < alpha.length; row++) {
    if (!(upper[row] > 0)) continue;
    const within = tolerance * (1 + margins.norms[row] * length + Math.abs(b));
    largest = Math.max(largest, within);
    // ‖zᵢ‖²α stands beside slopes, as in the projected gradient step of that size.
    const curvature = margins.norms[row] ** 2;
    const isNear = (distance: number): boolean => curvature * distance <= within;
    const isUpper = isNear(upper[row] - alpha[row]) && !isNear(alpha[row]);
    const value = slopes[row];
    if (sides[row] === 0 && !isUpper && !isNear(alpha[row])) inside.push(row);
    else if (Math.abs(value) <= within) kinks.push({ row, isUpper, value, distance: Math.abs(value) });
    else {
      if (sides[row] > 0) atUpper.push(row);
      continue;
    }
    onMargin.push(row);
  }
  return { inside, atUpper, kinks, onMargin, kinkTolerance: largest };
}
