/** Certificates: what is known of the hypothesis of the implicit function theorem at a solution. */
import type { Margin } from '../solvers/linear-map.ts';
import { isByRounding, isSolved, type SampleReport, type SolveReport } from '../solvers/report.ts';
import type { ElementReport, Invertibility, InvertibilityArgument } from './hypothesis/hypothesis.ts';
import type { KinkCounts, OperationKink } from './kinks.ts';

/**
 * certified: every element of the conservative Jacobian is invertible. failed: some element is singular. unknown:
 * neither was shown. The first two are proved, never guessed.
 */
export type CertificateStatus = Invertibility['status'];

/**
 * What the status rests on.
 *
 * - margin: I − (W + Wᵀ)/2 ⪰ m·I with m > 0, which is enough for every 0 ⪯ J ⪯ I.
 * - contraction: ‖∂f/∂z‖ < 1 for every choice at the kinks, in the Euclidean norm or in max |zᵢ|/xᵢ with an x > 0.
 * - not examined: neither of these holds, and nothing else was looked at. These three come with every gradient at
 *   almost no cost.
 * - cholesky: of a Lasso, X_EᵀPX_E + ρI has a Cholesky factor; of weighted least squares, AᵀΩA has one or has none.
 * - empty: of a Lasso or a sparse model, no feature is active, so that β and all its derivatives are 0.
 * - independent columns: of a sparse model, the exact test: the columns of free coefficients, and one vector X_g v_g for
 *   each group of the equicorrelation set, are independent.
 * - independent rows: of a support vector machine, the exact test: the rows on the margin, with a 1 appended where there is
 *   an intercept, are independent, and with an intercept one of them is strictly inside of its range.
 * - active rows: of a quadratic program, the exact test: all active rows are independent, and P is positive definite on
 *   the null space of the strongly active ones.
 * - rank tests: of a cone program, the exact test: Aᵀ is injective on ker(I − J_max), and ker P ∩ ker(J_min A) = {0}.
 * - curvature: of robust pooling, the second derivative of its objective.
 * - equal minima: of robust pooling, two minimisers have the same value, or may have it.
 * - eigenvalue gap, sign: of total least squares, that between the two least eigenvalues, and the largest entries of x.
 * - marginals: of entropic transport, the equations of the marginals with one potential held.
 * - σ_min estimate: `certify` found the system too large for a proof, or was asked for an estimate.
 * - the proofs of `certify`: see InvertibilityArgument.
 */
export type CertificateArgument =
  | 'margin'
  | 'contraction'
  | 'cholesky'
  | 'empty'
  | 'independent columns'
  | 'independent rows'
  | 'active rows'
  | 'rank tests'
  | 'curvature'
  | 'equal minima'
  | 'eigenvalue gap'
  | 'sign'
  | 'marginals'
  | 'not examined'
  | 'σ_min estimate'
  | InvertibilityArgument;

/** The part of a certificate that belongs to one sample. */
export interface SampleCertificate {
  /** certified, failed or unknown: as in ImplicitCertificate, for this sample. */
  readonly status: CertificateStatus;
  /** The argument on which the status rests. */
  readonly argument: CertificateArgument;
  /** The argument in a sentence. */
  readonly reason: string;
  /**
   * The number of coordinates at a kink, where the selection applies. Coordinates that all samples share count in each.
   */
  readonly kinks: number;
  /**
   * The distance from a kink within which an argument counted as being at it: the largest of the sample, and 0 where no
   * operation has kinks.
   */
  readonly kinkTolerance: number;
  /**
   * The number of coordinates that rounding alone (64·ε·max|x|) does not put at a kink, but that the error of the solve
   * may: the true solution may be at the kink, or on either side of it. A certificate that looked for kinks, and a
   * gradient with a selection or with `certify`, first bring the solution to the floor of the precision, and count what
   * is left among the kinks. Any other gradient takes the derivative of the side on which the solve left the
   * coordinate. Absent where nothing bounds the error, as for gradients of `root` and `fixedPoint` without a selection
   * and without `certify`.
   */
  readonly unresolved?: number;
  /** The true relative residual of the linear solve with which the certificate came. Absent where it came with none. */
  readonly residual?: number;
  /**
   * ‖v‖/‖u‖ of that linear solve: an upper bound, up to the residual, of σ_min of the element that the solve took.
   * Absent where v is 0.
   */
  readonly singularValueBound?: number;
  /**
   * Whether σ_min is so small beside ‖B‖, as far as both are known, that fewer than three digits of a gradient are
   * right. A linear solve says so below 1000·ε of the backend; `certify` says so below `warnBelow`, or where a solve of
   * its estimate did not converge.
   */
  readonly nearlySingular: boolean;
  /**
   * The element of the conservative Jacobian that is nearest to singular, among those that `certify` looked at. Without
   * a `d` it is the element that the selection takes. Absent where `certify` was not called.
   */
  readonly nearest?: Omit<ElementReport, 'd'> & Partial<Pick<ElementReport, 'd'>>;
  /** Whether `nearest` is the nearest of all elements. */
  readonly exact?: boolean;
  /** An element that is singular to rounding: one number in [0, 1] for each kink. Present only where one was found. */
  readonly witness?: Float64Array;
}

/**
 * What is known of the hypothesis of the implicit function theorem (Bolte et al. 2021, Theorem 2) at a solution: every
 * element of the conservative Jacobian ∂F/∂z is invertible, for every choice at the kinks. A certificate comes with
 * every gradient; `certify` computes one that looks closer.
 */
export interface ImplicitCertificate {
  /**
   * certified: every element of every sample is invertible. failed: some element of some sample is singular, for the
   * function as it is written. unknown: for some sample neither was shown. 'certified' and 'failed' are proved, never
   * guessed.
   */
  readonly status: CertificateStatus;
  /**
   * The argument of the sample that decides: one that failed; else one that is unknown; else the one nearest to
   * singular.
   */
  readonly argument: CertificateArgument;
  /** That argument in a sentence. */
  readonly reason: string;
  /** Every coordinate at a kink, those of the first sample first. */
  readonly kinks: readonly OperationKink[];
  /** One entry for each sample, in the order of the batch. */
  readonly samples: readonly SampleCertificate[];
}

const RANK: Readonly<Record<CertificateStatus, number>> = { failed: 0, unknown: 1, certified: 2 };

/**
 * How near to singular a sample is: the relative σ_min where it was computed, else the bound that a linear solve found.
 */
const nearness = ({ nearest, singularValueBound }: SampleCertificate): number =>
  nearest?.relativeSingularValue ?? singularValueBound ?? Number.POSITIVE_INFINITY;

/** Whether the sample of `a` decides rather than that of `b`. */
function hasPrecedence(a: SampleCertificate, b: SampleCertificate): boolean {
  return a.status === b.status ? nearness(a) < nearness(b) : RANK[a.status] < RANK[b.status];
}

/** Combines the certificates of all samples. */
export function certificateOf(
  samples: readonly SampleCertificate[],
  kinks: readonly OperationKink[],
): ImplicitCertificate {
  const { status, argument, reason } = samples.reduce((a, b) => (hasPrecedence(b, a) ? b : a));
  return { status, argument, reason, kinks, samples };
}

/** What is known without a look at the matrix, for every sample alike. */
export type Known = Pick<SampleCertificate, 'status' | 'argument' | 'reason'>;

/** What a margin shows: nothing where somebody only states it. */
export function knownByMargin({ value, by, reason }: Margin): Known {
  return by !== 'stated'
    ? {
        status: 'certified',
        argument: 'margin',
        reason: `I − (W + Wᵀ)/2 ⪰ m·I with m = ${value}, ${reason}, which is enough for every 0 ⪯ J ⪯ I`,
      }
    : {
        status: 'unknown',
        argument: 'not examined',
        reason: `the margin ${value} of W was stated, and not checked`,
      };
}

/** The norms of the operations are rounded: a bound that is this much below 1 leaves no doubt. */
const CONTRACTION_SLACK = 1e-3;

/** What a bound of ‖∂f/∂z‖ shows of a fixed point z = f(z). @param bound infinite where none is known */
export function knownByNorm(bound: number): Known {
  if (bound < 1 - CONTRACTION_SLACK) {
    const reason = `‖∂f/∂z‖ ≤ ${bound.toPrecision(3)} for every choice at the kinks, by the norms of the operations of f`;
    return { status: 'certified', argument: 'contraction', reason };
  }
  const reason = 'no bound that comes with the solve shows it; certify() examines the matrix';
  return { status: 'unknown', argument: 'not examined', reason };
}

/** The report of a linear solve for a gradient or a tangent. */
export interface LinearReport extends SolveReport {
  /** What is known of the hypothesis under which the result is a derivative. */
  readonly certificate: ImplicitCertificate;
}

/**
 * Where the rounding ε(1 + ‖B‖)‖u‖/‖v‖ of a linear solve exceeds this, fewer than three digits of its result are right.
 */
const NEARLY_SINGULAR = 1e-3;

const explainFailure = ({ residual, cause }: SampleReport): string =>
  cause === 'singular'
    ? 'a tenth or more of the answer of the linear solve is rounding: the matrix is singular to the precision'
    : `the linear solve was left at the residual ${residual.toExponential(1)}: the matrix may be singular`;

/**
 * The certificate of one sample of a linear solve. A solve that succeeded proves nothing by itself: v may lie in the
 * range of a singular matrix.
 */
export function makeSampleCertificate(known: Known, solve: SampleReport, counts: KinkCounts): SampleCertificate {
  const { residual, floor, singularValueBound } = solve;
  const { status, argument } = known;
  return {
    status,
    argument,
    reason: status === 'certified' || isSolved(solve) ? known.reason : explainFailure(solve),
    ...counts,
    residual,
    singularValueBound,
    nearlySingular: floor > NEARLY_SINGULAR && isByRounding(solve),
  };
}
