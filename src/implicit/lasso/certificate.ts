/**
 * Checks the theorem's hypothesis for a Lasso: X_EᵀPX_E + ρI must be positive definite on the equicorrelation set E.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ImplicitCertificate, SampleCertificate } from '../certificate.ts';
import type { OperationKink } from '../kinks.ts';
import { computeCurvature, findActiveFeatures, isDefinite, type LassoNumbers } from './analysis.ts';

/**
 * The certificate of one problem. Status failed: the features of E are linearly dependent up to rounding, and the
 * solution is not unique.
 */
export interface LassoSampleCertificate extends SampleCertificate {
  /** Features with βⱼ ≠ 0 beyond the kink tolerance. */
  readonly support: readonly number[];
  /** The support, and the features with |Xⱼᵀ(y − Xβ)| = λ within the kink tolerance. */
  readonly equicorrelation: readonly number[];
}

/**
 * The certificate of a batch. Its kinks are the features at a knot: `index` is the feature, and `distance` is that of
 * |Xⱼᵀ(y − Xβ)| from the penalty.
 */
export interface LassoCertificate extends ImplicitCertificate {
  /** One certificate for each problem. */
  readonly samples: readonly LassoSampleCertificate[];
}

/**
 * For 0 < q ≤ 1, S = H_EE + Q⁻¹ − I is at least H_EE; features with q = 0 leave a principal submatrix. So a Cholesky
 * factor of H_EE shows that all of these matrices are positive definite (Bolte et al. 2021, Proposition 5).
 */
export function* certifyLasso(numbers: LassoNumbers): Interruptible<LassoCertificate> {
  const kinks: OperationKink[] = [];
  const samples: LassoSampleCertificate[] = [];
  for (let problem = 0; problem < numbers.batch; problem++) {
    const active = findActiveFeatures(numbers, problem);
    for (const { feature, value, distance } of active.kinks) {
      kinks.push({ sample: problem, operation: 'lasso', place: 0, index: feature, value, distance });
    }
    const { support, equicorrelation } = active;
    const curvature = yield* computeCurvature(numbers, problem, equicorrelation);
    const isCertified = yield* isDefinite(curvature, equicorrelation.length, numbers.epsilon);
    samples.push({
      status: isCertified ? 'certified' : 'failed',
      argument: equicorrelation.length === 0 ? 'empty' : 'cholesky',
      reason: reasonOf(problem, equicorrelation, isCertified),
      kinks: active.kinks.length,
      kinkTolerance: largestOf(numbers.kinkTolerance, problem, numbers.features),
      nearlySingular: !isCertified,
      support,
      equicorrelation,
    });
    yield;
  }
  const isActive = ({ argument }: LassoSampleCertificate): boolean => argument === 'cholesky';
  const deciding = samples.find(({ status }) => status === 'failed') ?? samples.find(isActive) ?? samples[0];
  const { status, argument, reason } = deciding;
  return { status, argument, reason, kinks, samples };
}

function reasonOf(problem: number, equicorrelation: readonly number[], isCertified: boolean): string {
  if (!isCertified) {
    return (
      `problem ${problem}: features ${formatFeatures(equicorrelation)} of the equicorrelation set are linearly dependent to the ` +
      'precision (duplicated or collinear columns): the solution is not unique'
    );
  }
  return equicorrelation.length === 0
    ? 'λ is above max|Xᵀy|: no feature is active, β = 0 and its derivative is 0'
    : 'the columns of the equicorrelation set are linearly independent: their Gram matrix has a Cholesky factor';
}

function largestOf(tolerance: ArrayLike<number>, problem: number, features: number): number {
  let largest = 0;
  for (let j = 0; j < features; j++) largest = Math.max(largest, tolerance[problem * features + j]);
  return largest;
}

/** A list of features, shortened if it is long. */
function formatFeatures(features: readonly number[]): string {
  const most = 12;
  return features.length <= most ? features.join(', ') : `${features.slice(0, most).join(', ')}, …`;
}
