/**
 * Rows whose state needs no computation, because a polished solution leaves no doubt, and certificates that rest on a
 * factorisation. What is not clear is left to `classifyRows` and `certifyProgram`.
 */
import type { ProgramResult } from '../../solvers/programs/problem.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import type { RowActivity, RowState } from './active-rows.ts';
import type { ProgramCertificate } from './hypothesis.ts';

/** A multiplier or a slack is clearly not 0 above this share of the sizes beside which it is rounding. */
const CLEAR = 1e-7;
/** Sizes below this may be what a solve has left of 0. */
const LEAST_SIZE = 1e-4;
/** An active row of a polished solution is at its bound to this share of the largest number in the rows. */
const AT_BOUND = 1e-9;

/** What a program is made of, in sizes. */
export interface SampleSizes {
  /** m: the largest magnitude in each row of A. */
  readonly rows: Float64Array;
  /** The largest |qⱼ| + Σ|Pⱼₖxₖ|. */
  readonly objective: number;
}

/** The states of all rows; undefined where one of them is near to a kink. */
export function findClearActivity(
  { x, y, z }: Pick<ProgramResult, 'x' | 'y' | 'z'>,
  { l, u }: Readonly<Record<'l' | 'u', Float64Array>>,
  sizes: SampleSizes,
  epsilon: number,
): RowActivity | undefined {
  const multiplier = CLEAR * largestMagnitude(y);
  const pull = CLEAR * Math.max(sizes.objective, LEAST_SIZE);
  const size = largestMagnitude(z);
  const point = Math.max(largestMagnitude(x), LEAST_SIZE);
  const states: RowState[] = [];
  for (let row = 0; row < z.length; row++) {
    const [low, high, value] = [l[row], u[row], z[row]];
    if (low === high) states.push('equality');
    else if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) states.push('free');
    else if (y[row] !== 0) {
      const slack = Math.abs((y[row] > 0 ? high : low) - value);
      const isClear = Math.abs(y[row]) >= multiplier && Math.abs(y[row]) * sizes.rows[row] > pull;
      if (!isClear || !(slack <= AT_BOUND * size)) return undefined;
      states.push(y[row] > 0 ? 'at u' : 'at l');
    } else {
      // A slack beside its own row, too: a row of small numbers may be far from its bound, or near to it.
      const own = Math.max(
        Math.abs(value),
        Number.isFinite(low) ? Math.abs(low) : 0,
        Number.isFinite(high) ? Math.abs(high) : 0,
      );
      if (!(Math.min(high - value, value - low) > CLEAR * Math.max(own, size, sizes.rows[row] * point)))
        return undefined;
      states.push('inactive');
    }
  }
  return { states, kinks: [], accuracy: epsilon, tolerance: AT_BOUND * size, isPolished: true, solution: { x, y, z } };
}

/** Of a factorisation at the active rows; see DERIVATIVE_NUMBERS. */
export interface ClearPivots {
  /** The smallest relative pivot of A_aA_aᵀ. */
  readonly rows: number;
  /** The smallest relative pivot of P, or of P on the null space of the active rows. */
  readonly primal: number;
}

/** Pivots above this are far from rounding in float64, and from that of float32 data. */
const CLEAR_PIVOT = 1e-4;

/** The certificate of a sample without kinks whose pivots leave no doubt; undefined elsewhere. */
export function certifyByPivots(
  { kinks, tolerance }: RowActivity,
  { rows, primal }: ClearPivots,
): ProgramCertificate | undefined {
  if (kinks.length > 0 || !(rows > CLEAR_PIVOT) || !(primal > CLEAR_PIVOT)) return undefined;
  return {
    status: 'certified',
    argument: 'active rows',
    reason:
      'all active rows of A are independent, and P is positive definite on their null space: both have Cholesky factors',
    kinks: 0,
    kinkTolerance: tolerance,
    nearlySingular: false,
    smallest: { rows: Math.sqrt(rows), primal },
    kinkRows: [],
  };
}
