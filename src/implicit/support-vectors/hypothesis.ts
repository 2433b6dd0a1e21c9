/**
 * Checks the theorem's hypothesis for a support vector machine, exactly up to rounding. Every element is invertible if and
 * only if Q is positive definite on {u: supp u ⊆ E, y_Eᵀu = 0}, E the rows on the margin, kinks included: the rows of
 * [X, 1] in E are independent; and, with an intercept, if a row is strictly inside of its range, for else b is an interval.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { CertificateStatus, SampleCertificate } from '../certificate.ts';
import { formatPlaces, judgeIndependence } from '../independence.ts';
import type { ActiveRows, SupportVectorPoint } from './active-rows.ts';

/** The certificate of one support vector machine. Status failed: α, or the intercept, is not unique, to the precision. */
export interface SupportVectorSampleCertificate extends SampleCertificate {
  /** The rows with 0 < αᵢ < C cᵢ, beyond the kink tolerance. */
  readonly inside: readonly number[];
  /** The rows with αᵢ = C cᵢ that are not at a kink. */
  readonly atUpper: readonly number[];
  /** The rows with yᵢ(xᵢw + b) = 1: those inside, and those at a kink. */
  readonly onMargin: readonly number[];
}

/** @param epsilon the precision in which the data were given */
export function* certifySupportVectors(
  point: SupportVectorPoint,
  active: ActiveRows,
  epsilon: number,
): Interruptible<SupportVectorSampleCertificate> {
  const { inside, atUpper, onMargin, kinks, kinkTolerance } = active;
  const { margins, intercept } = point.problem;
  const made = { kinks: kinks.length, kinkTolerance, inside, atUpper, onMargin };
  if (onMargin.length === 0 && !intercept) {
    const reason = 'no row is on the margin: each α is at an end of its range, and moves with it';
    return { ...made, status: 'certified', argument: 'empty', reason, nearlySingular: false };
  }
  const argument = 'independent rows';
  if (inside.length === 0 && intercept) {
    // Where b is a point, rounding may have moved an α to its end.
    const status = point.result.freedom > kinkTolerance ? 'failed' : 'unknown';
    return { ...made, status, argument, reason: WITHOUT_INSIDE[status], nearlySingular: true };
  }
  const { norms } = margins;
  const appended = intercept ? onMargin.reduce((largest, row) => Math.max(largest, norms[row]), 0) || 1 : 0;
  const rows = onMargin.map((row) => Float64Array.of(...margins.row(row), margins.labels[row] * appended));
  const size = Math.max(margins.features + 1, rows.length);
  const status = yield* judgeIndependence(rows, size, epsilon);
  return {
    ...made,
    status,
    argument,
    reason: reasonOf(status, active, intercept),
    nearlySingular: status !== 'certified',
  };
}

const WITHOUT_INSIDE = {
  failed: 'no row is strictly inside of its range: every intercept of an interval is optimal',
  unknown: 'no row is strictly inside of its range by more than rounding: the intercept may be one of an interval',
};

function reasonOf(status: CertificateStatus, { onMargin, kinks }: ActiveRows, intercept: boolean): string {
  const which = `the rows ${formatPlaces(onMargin)} on the margin${intercept ? ', with a 1 appended,' : ''}`;
  if (status === 'certified') return `${which} are linearly independent, so that every element is invertible`;
  const known = kinks.length > 0 ? ', some of them at a kink,' : '';
  return status === 'failed'
    ? `${which}${known} are linearly dependent to the precision (equal rows, or more than there are features): α is not unique`
    : `${which}${known} are so nearly dependent that the precision of the data cannot tell`;
}
