/** Certificates that rest on the factorisations of a kernel, where these leave no doubt. */
import { nearlySingularBelow } from '../programs/verdicts.ts';
import type { ConeCertificate } from './hypothesis.ts';

/** Of the factorisations at a solution that is far from kinks; see CONE_DERIVATIVE_NUMBERS. */
export interface ConePivots {
  readonly rows: number;
  readonly primal: number;
  readonly fraction: number;
  readonly reach: number;
}

/** Pivots above this are far from rounding in float64, and from that of float32 data. */
const CLEAR_PIVOT = 1e-3;

/**
 * The certificate of a solution without kinks, where J is the only element; undefined where pivots leave a doubt, and for
 * an eigenvalue of J that is nearly 0 or 1, which would make the system all but singular if it were.
 * @param accuracy of the data
 */
export function certifyByPivots(
  { rows, primal, fraction, reach }: ConePivots,
  accuracy: number,
): ConeCertificate | undefined {
  if (!(Math.min(rows, primal) > CLEAR_PIVOT) || !(fraction > nearlySingularBelow(accuracy))) return undefined;
  return {
    status: 'certified',
    argument: 'rank tests',
    reason:
      'Aᵀ is injective on ker(I − J) of J, and P is positive definite on ker(JA) of J: both have Cholesky factors',
    kinks: 0,
    kinkTolerance: reach,
    nearlySingular: false,
    smallest: { rows: Math.sqrt(rows), primal: Math.sqrt(primal) },
    kinkRows: [],
  };
}
