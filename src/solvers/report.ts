/** Reports: what a solve says about itself. */
import { STATUS } from '../backends/kernels.ts';

/** How a sample ended; see `SampleReport.status`. */
export type SolveStatus = 'converged' | 'stalled' | 'limit' | 'diverged' | 'infeasible' | 'unbounded';

/**
 * Why a sample was not solved. start: at the start the residual is not finite, or beyond 1e30. divergence: it became
 * so later. limit: the iterations ended while the residual still fell. stagnation: it no longer fell. singular, of a
 * linear solve: rounding is a tenth of the answer, or more.
 */
export type FailureCause = 'start' | 'divergence' | 'limit' | 'stagnation' | 'singular';

/** The report of one sample. */
export interface SampleReport {
  /**
   * converged: the residual met the tolerance. stalled: it is at the floor of the precision, about ε(1 + ‖W‖), where
   * further iterations change nothing. limit: neither. diverged: it is not finite, or beyond 1e30. infeasible,
   * unbounded, of programs only: no point satisfies the constraints, or none is the best; a certificate shows it.
   */
  readonly status: SolveStatus;
  /** Number of iterations made. */
  readonly iterations: number;
  /** Relative residual of the result, evaluated again after the last iteration. */
  readonly residual: number;
  /** The residual of rounding. A residual of up to four times the floor counts as stalled. */
  readonly floor: number;
  /**
   * Bound of the distance from the exact answer: an amplification times the residual and what rounding may hide of
   * it, (1 + n/16) times the floor. Forward it bounds ‖z − z*‖/(ε + ‖z‖), with the amplification (1 + ‖I − W‖)/m, or
   * √n/(1 − κ) for a contraction by κ in the largest entry.
   * Backward it bounds the error of ∂ℓ/∂b relative to ‖v‖, with 1/m, for the linear system at the computed z. NaN if
   * no bound is known.
   */
  readonly errorBound: number;
  /**
   * Linear solves only: ‖v‖/‖u‖ of the solve Bᵀu = v, an upper bound of the smallest singular value of B (up to the
   * residual), which is small if B is nearly singular. Absent if v is 0.
   */
  readonly singularValueBound?: number;
  /** Why the sample was not solved; absent if it was. */
  readonly cause?: FailureCause;
}

/** The report of a solve. */
export interface SolveReport {
  /** The name of the solver. */
  readonly solver: string;
  /** The name of the backend. */
  readonly backend: string;
  /** Time from the call to the moment at which the report was read. */
  readonly milliseconds: number;
  /** The tolerance of the relative residual. */
  readonly tolerance: number;
  /** Whether the time limit ended the solve before all samples were solved; these have the status limit. */
  readonly timedOut: boolean;
  /** Milliseconds; absent if there was no time limit. */
  readonly timeLimit?: number;
  /** One report for each sample, in the order of the batch. */
  readonly samples: readonly SampleReport[];
}

/** The reports of one implicit layer. */
export interface SolveRecord {
  /** The report of its solve. */
  readonly report: Promise<SolveReport>;
  /** The reports of the linear solves for gradients and tangents, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<SolveReport>[];
}

/** Thrown if samples did not converge, unless the caller asked for the report instead. */
export class ConvergenceError extends Error {
  /** ConvergenceError. */
  override readonly name = 'ConvergenceError';
  /**
   * @param what the solve, such as "root, backward"
   * @param report the report of the solve
   * @param advice one sentence about what helps. Default: raise a limit or loosen the tolerance
   */
  constructor(
    readonly what: string,
    readonly report: SolveReport,
    readonly advice = 'Raise the limit, loosen the tolerance, or ask for the report',
  ) {
    const failed = report.samples.filter((sample) => !isSolved(sample)).length;
    const { index, ...worst } = worstOf(report);
    super(
      `${what}: ${failed} of ${report.samples.length} samples did not converge with ${report.solver} on ${report.backend} ` +
        `(worst: sample ${index}, ${stateOf(worst, report)}; tolerance ${report.tolerance}). ${advice}`,
    );
  }

  /** The same error with other advice. */
  advising(advice: string): ConvergenceError {
    return new ConvergenceError(this.what, this.report, advice);
  }
}

/** The sample with the greatest residual among those that were not solved. */
export function worstOf({ samples }: SolveReport): SampleReport & { readonly index: number } {
  const failed = samples.flatMap((sample, index) => (isSolved(sample) ? [] : [{ ...sample, index }]));
  return failed.reduce((a, b) => (b.residual > a.residual || Number.isNaN(b.residual) ? b : a));
}

function stateOf({ status, cause, iterations, residual, floor }: SampleReport, { tolerance }: SolveReport): string {
  if (cause === 'singular') {
    return `whose answer after ${iterations} iterations is rounding, by ${formatShare(floor)} of its size`;
  }
  const short = residual.toExponential(2);
  const shown = Number(short) <= tolerance ? String(residual) : short;
  return cause === 'start'
    ? `which has the residual ${shown} where it starts`
    : `${status} after ${iterations} iterations at residual ${shown}`;
}

function formatShare(share: number): string {
  return share < 1 ? `${Math.round(100 * share)} %` : 'all';
}

export function isSolved({ status }: Pick<SampleReport, 'status'>): boolean {
  return status === 'converged' || status === 'stalled';
}

/**
 * In units of the floor of a linear solve: a singular matrix leaves a smaller residual, and a method that diverges a
 * far larger one.
 */
const BEYOND_ROUNDING = 1000;

/**
 * Whether rounding made the answer of a linear solve so large. A method that diverges makes it large too, for any
 * matrix.
 */
export function isByRounding({ residual, floor }: Pick<SampleReport, 'residual' | 'floor'>): boolean {
  return residual <= BEYOND_ROUNDING * floor;
}

/** The outcome of each sample, as read from the device. */
interface Outcome {
  readonly status: ArrayLike<number>;
  readonly iterations: ArrayLike<number>;
  readonly residual: ArrayLike<number>;
  readonly floor: ArrayLike<number>;
  /** Factor of the residual in the bound of the error. */
  readonly amplification: ArrayLike<number>;
  /** 0 if there is no bound. */
  readonly singularValueBound: ArrayLike<number>;
}

/** A sample that stops at its start has made one iteration of each method that was tried. */
const FIRST_ITERATIONS = 2;

/**
 * What the evaluation of a residual may hide by rounding, in units of the floor, for sums of n terms. The roundings
 * of such a sum mostly cancel, and stay below the floor; for equal terms they add up, measured at one floor for each
 * 75 terms.
 */
export function roundingUnits(n: number): number {
  return 1 + n / 16;
}

/**
 * Judges each sample by its true residual, not by what the iteration computed.
 * @param rounding in units of the floor: see `roundingUnits`
 */
export function sampleReports(outcome: Outcome, tolerance: number, rounding: number): SampleReport[] {
  const reports: SampleReport[] = [];
  for (let sample = 0; sample < outcome.residual.length; sample++) {
    const residual = outcome.residual[sample];
    const floor = outcome.floor[sample];
    const iterations = outcome.iterations[sample];
    const left = outcome.status[sample];
    const status = statusOf(left, residual, floor, tolerance);
    const errorBound = (residual + rounding * floor) * outcome.amplification[sample];
    // Assigned, not spread: there is a report for each sample of each solve.
    const report: Writable<SampleReport> = { status, iterations, residual, floor, errorBound };
    // ‖Bᵀu‖/‖u‖ ≤ (1 + residual)·‖v‖/‖u‖
    const bound = outcome.singularValueBound[sample] * (1 + (isSolved(report) ? 0 : residual));
    if (bound > 0 && bound < Number.POSITIVE_INFINITY) report.singularValueBound = bound;
    if (!isSolved(report)) report.cause = causeOf(status, left, iterations);
    reports.push(report);
  }
  return reports;
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** @param left the status in which the loop left the sample */
function statusOf(left: number, residual: number, floor: number, tolerance: number): SolveStatus {
  if (!(residual <= 1e30)) return 'diverged';
  if (residual <= tolerance) return 'converged';
  if (residual <= 4 * floor) return 'stalled';
  return left === STATUS.diverged ? 'diverged' : 'limit';
}

function causeOf(status: SolveStatus, left: number, iterations: number): FailureCause {
  if (status === 'diverged') return iterations <= FIRST_ITERATIONS ? 'start' : 'divergence';
  return left === STATUS.gaveUp ? 'stagnation' : 'limit';
}
