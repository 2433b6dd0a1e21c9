/** What is known of the hypothesis of the implicit function theorem at a solution. */
import type { Margin } from '../solvers/linear-map.ts';
import { isByRounding, isSolved, type SampleReport, type SolveReport } from '../solvers/report.ts';
import type { ElementReport, Invertibility, InvertibilityArgument } from './hypothesis/hypothesis.ts';
import type { KinkCounts, OperationKink } from './kinks.ts';

export type CertificateStatus = Invertibility['status'];

/**
 * What the status rests on. Those that cost next to nothing come with every gradient: margin, I − (W + Wᵀ)/2 ⪰ m·I with m > 0,
 * which is enough for every 0 ⪯ J ⪯ I; contraction, ‖∂f/∂z‖ < 1 for every choice at the kinks; not examined, where neither
 * holds. Those of a Lasso: cholesky, a factor of X_EᵀPX_E + ρI; empty, no feature is active, β = 0 and so is every derivative.
 * The others are those of `certify`; σ_min estimate: the system is too large for a proof, or one was not asked for.
 */
export type CertificateArgument =
  | 'margin'
  | 'contraction'
  | 'cholesky'
  | 'empty'
  | 'not examined'
  | 'σ_min estimate'
  | InvertibilityArgument;

export interface SampleCertificate {
  /** As in ImplicitCertificate. */
  readonly status: CertificateStatus;
  readonly argument: CertificateArgument;
  /** The argument in a sentence. */
  readonly reason: string;
  /** How many coordinates are at a kink, where the selection applies; those shared by all samples count in each. */
  readonly kinks: number;
  /** What counted as at a kink, of the argument: the largest of the sample, 0 where no operation has kinks. */
  readonly kinkTolerance: number;
  /**
   * How many coordinates may be at a kink of the true solution, on either side of it, or neither: they are further from it than
   * rounding explains (64·ε·max|x|), and nearer than the error of the solve allows. A certificate that looked for kinks, and a
   * gradient with a selection or with `certify`, have brought the solution to the floor of the precision first, and count what
   * is left among the kinks; any other gradient takes the derivative of the side on which the solve has left them. Absent
   * where nothing bounds the error: of a gradient of `root` or `fixedPoint` with neither.
   */
  readonly unresolved?: number;
  /** Of the linear solve that the certificate came with: the true relative residual. */
  readonly residual?: number;
  /** Of that solve: ‖v‖/‖u‖, which σ_min of the element that it took does not exceed (up to the residual). Absent where v is 0. */
  readonly singularValueBound?: number;
  /**
   * σ_min is so small beside ‖B‖, as far as both are known, that a gradient has fewer than three digits: of a linear solve
   * below 1000·ε of the backend, from `certify` below `warnBelow`, or where a solve of its estimate did not converge.
   */
  readonly nearlySingular: boolean;
  /**
   * The element of the conservative Jacobian that is nearest to singular, of those looked at. Only from `certify`. Without a d it
   * is the one that the selection takes.
   */
  readonly nearest?: Omit<ElementReport, 'd'> & Partial<Pick<ElementReport, 'd'>>;
  /** Whether `nearest` is the worst element of all. */
  readonly exact?: boolean;
  /** For each kink a number in [0, 1]: the element that is singular to rounding. Where one was found. */
  readonly witness?: Float64Array;
}

/**
 * Whether the hypothesis of the theorem (Bolte et al. 2021, Theorem 2) holds: that every element of the conservative Jacobian
 * ∂F/∂z is invertible, for every choice at the kinks. Every gradient of a solution comes with one; `certify` looks closer.
 */
export interface ImplicitCertificate {
  /**
   * certified: for every sample every element is invertible. failed: for some sample some element is singular; relative to the
   * program as it is written. unknown: neither is known for some sample. 'certified' and 'failed' are never guesses.
   */
  readonly status: CertificateStatus;
  /** Of the sample that decides: one that failed, else one that is unknown, else the one nearest to singular. */
  readonly argument: CertificateArgument;
  readonly reason: string;
  readonly kinks: readonly OperationKink[];
  readonly samples: readonly SampleCertificate[];
}

const RANK: Readonly<Record<CertificateStatus, number>> = { failed: 0, unknown: 1, certified: 2 };

/** How near to singular a sample may be, as far as it is known: relative where it was computed, else the bound of a solve. */
const nearness = ({ nearest, singularValueBound }: SampleCertificate): number =>
  nearest?.relativeSingularValue ?? singularValueBound ?? Number.POSITIVE_INFINITY;

function decides(a: SampleCertificate, b: SampleCertificate): boolean {
  return a.status === b.status ? nearness(a) < nearness(b) : RANK[a.status] < RANK[b.status];
}

export function certificateOf(
  samples: readonly SampleCertificate[],
  kinks: readonly OperationKink[],
): ImplicitCertificate {
  const { status, argument, reason } = samples.reduce((a, b) => (decides(b, a) ? b : a));
  return { status, argument, reason, kinks, samples };
}

/** What is known without a look at the matrix. */
export type Known = Pick<SampleCertificate, 'status' | 'argument' | 'reason'>;

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
        reason: `that W has the margin ${value} was stated, and not checked`,
      };
}

/** The norms along the program are rounded: this much below 1 leaves no doubt. */
const CONTRACTION_SLACK = 1e-3;

/** @param bound of ‖∂f/∂z‖ for a fixed point z = f(z); infinite where none is known */
export function knownByNorm(bound: number): Known {
  if (bound < 1 - CONTRACTION_SLACK) {
    const reason = `‖∂f/∂z‖ ≤ ${bound.toPrecision(3)} for every choice at the kinks, by the norms of the operations of f`;
    return { status: 'certified', argument: 'contraction', reason };
  }
  const reason = 'nothing that comes for free shows it; certify() looks at the matrix';
  return { status: 'unknown', argument: 'not examined', reason };
}

/** A linear solve for a gradient or a tangent, and whether the theorem says that it is one. */
export interface LinearReport extends SolveReport {
  readonly certificate: ImplicitCertificate;
}

/** Of the rounding ε(1 + ‖B‖)‖u‖/‖v‖ of a solve: beyond it fewer than three digits are left. */
const NEARLY_SINGULAR = 1e-3;

const unsolved = ({ residual, cause }: SampleReport): string =>
  cause === 'singular'
    ? 'rounding is a tenth of what the linear solve gave, or more: the matrix is singular to the precision'
    : `the linear solve was left at the residual ${residual.toExponential(1)}: the matrix may be singular`;

/** Of a finished solve. That it was solved proves nothing, for v may lie in the range of a singular matrix. */
export function sampleCertificate(known: Known, solve: SampleReport, counts: KinkCounts): SampleCertificate {
  const { residual, floor, singularValueBound } = solve;
  const { status, argument } = known;
  return {
    status,
    argument,
    reason: status === 'certified' || isSolved(solve) ? known.reason : unsolved(solve),
    ...counts,
    residual,
    singularValueBound,
    nearlySingular: floor > NEARLY_SINGULAR && isByRounding(solve),
  };
}
