/** The theorem's hypothesis for a Lasso: X_EᵀPX_E + ρI is positive definite on the equicorrelation set E. */
import type { OperationKink } from '../kinks.ts';
import { activeFeatures, curvatureOn, isDefinite, type LassoNumbers } from './analysis.ts';

export type LassoKink = Pick<OperationKink, 'sample' | 'index' | 'distance'>;

export interface LassoSampleCertificate {
  /**
   * certified: every element of the conservative Jacobian is invertible, and the solution is unique. failed: the features of
   * the equicorrelation set are linearly dependent, to the precision: neither is so.
   */
  readonly status: 'certified' | 'failed';
  /** Features with βⱼ ≠ 0 beyond the kink tolerance, and those with |Xⱼᵀ(y − Xβ)| = e^λ within it as well. */
  readonly support: readonly number[];
  readonly equicorrelation: readonly number[];
}

export interface LassoCertificate {
  readonly status: 'certified' | 'failed';
  /** cholesky: of X_EᵀPX_E + ρI. empty: no feature is active, β = 0 and so is every derivative. */
  readonly argument: 'cholesky' | 'empty';
  readonly reason: string;
  /** Features at a knot: where the selection applies. `distance` is that of |Xⱼᵀ(y − Xβ)| from e^λ. */
  readonly kinks: readonly LassoKink[];
  readonly samples: readonly LassoSampleCertificate[];
}

/**
 * S = H_EE + Q⁻¹ − I with 0 < q ≤ 1 lies above H_EE, and for q = 0 on a part it is a principal submatrix: where H_EE has a
 * Cholesky factor all of them are positive definite (Bolte et al. 2021, Proposition 5).
 */
export function certifyLasso(numbers: LassoNumbers): LassoCertificate {
  const kinks: LassoKink[] = [];
  const samples = Array.from({ length: numbers.batch }, (_, problem): LassoSampleCertificate => {
    const active = activeFeatures(numbers, problem);
    kinks.push(...active.kinks.map(({ feature, distance }) => ({ sample: problem, index: feature, distance })));
    const { support, equicorrelation } = active;
    const definite = isDefinite(
      curvatureOn(numbers, problem, equicorrelation),
      equicorrelation.length,
      numbers.epsilon,
    );
    return { status: definite ? 'certified' : 'failed', support, equicorrelation };
  });
  const failed = samples.findIndex(({ status }) => status === 'failed');
  const empty = samples.every(({ equicorrelation }) => equicorrelation.length === 0);
  return {
    status: failed < 0 ? 'certified' : 'failed',
    argument: empty ? 'empty' : 'cholesky',
    reason: reasonOf(samples, failed, empty),
    kinks,
    samples,
  };
}

function reasonOf(samples: readonly LassoSampleCertificate[], failed: number, empty: boolean): string {
  if (failed >= 0) {
    const { equicorrelation } = samples[failed];
    return (
      `problem ${failed}: features ${shown(equicorrelation)} of the equicorrelation set are linearly dependent to the ` +
      'precision (duplicated or collinear columns): the solution is not unique'
    );
  }
  if (empty) return 'e^λ is above max|Xᵀy|: no feature is active, β = 0 and its derivative is 0';
  return 'the columns of every equicorrelation set are linearly independent: their Gram matrix has a Cholesky factor';
}

/** A list of features, cut where it is long. */
function shown(features: readonly number[]): string {
  const most = 12;
  return features.length <= most ? features.join(', ') : `${features.slice(0, most).join(', ')}, …`;
}
