/** What a solve tells about itself. */
import { STATUS } from '../backends/kernels.ts';

export type SolveStatus = 'converged' | 'stalled' | 'limit' | 'diverged';

/**
 * Why a sample was not solved. start: already at the start the residual is not finite, or beyond 1e30. divergence: it became so.
 * limit: the iterations ended while it still fell. stagnation: it fell no longer. singular: of a linear solve, rounding alone is a
 * tenth of its answer, or more.
 */
export type FailureCause = 'start' | 'divergence' | 'limit' | 'stagnation' | 'singular';

export interface SampleReport {
  /**
   * converged: the residual met the tolerance. stalled: it is at the floor of the precision, about ε(1 + ‖W‖), where
   * iterating further changes nothing. limit: it met neither. diverged: it is not finite, or beyond 1e30.
   */
  readonly status: SolveStatus;
  readonly iterations: number;
  /** Relative residual of what is returned, evaluated afresh after the last iteration. */
  readonly residual: number;
  /** The residual of rounding: up to four times it counts as stalled. */
  readonly floor: number;
  /**
   * How far from the exact answer this one can be: an amplification times the residual and what rounding may hide of it,
   * (1 + n/16) times the floor. Forward: ‖z − z*‖/(ε + ‖z‖), with (1 + ‖I − W‖)/m. Backward: the error of ∂ℓ/∂b relative to
   * ‖v‖, with 1/m, of the linear system at the z that was found. NaN where nothing is known that bounds it.
   */
  readonly errorBound: number;
  /**
   * Backward only: ‖v‖/‖u‖ of the finished solve Bᵀu = v, above which the smallest singular value of B does not lie (up to the
   * residual): small where B is near to singular. Absent where v is 0.
   */
  readonly singularValueBound?: number;
  /** Where the sample was not solved. */
  readonly cause?: FailureCause;
}

export interface SolveReport {
  readonly solver: string;
  readonly backend: string;
  /** From the call to the moment at which the report was read. */
  readonly milliseconds: number;
  readonly tolerance: number;
  /** Whether the time limit ended it before all samples were solved: these have the status limit. */
  readonly timedOut: boolean;
  /** Milliseconds; absent where there was none. */
  readonly timeLimit?: number;
  readonly samples: readonly SampleReport[];
}

/** The reports of one implicit layer: of its solve, and of each linear solve for a gradient or a tangent. */
export interface SolveRecord {
  readonly report: Promise<SolveReport>;
  readonly backwardReports: readonly Promise<SolveReport>[];
}

/** Thrown where samples did not converge and the caller did not ask for the report instead. */
export class ConvergenceError extends Error {
  override readonly name = 'ConvergenceError';
  /**
   * @param what was solved, such as "root, backward"
   * @param advice what helps, in a sentence; default: more of what the caller can give
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

  /** The same with other advice. */
  advising(advice: string): ConvergenceError {
    return new ConvergenceError(this.what, this.report, advice);
  }
}

/** Of the samples that were not solved the one with the greatest residual. */
export function worstOf({ samples }: SolveReport): SampleReport & { readonly index: number } {
  const failed = samples.flatMap((sample, index) => (isSolved(sample) ? [] : [{ ...sample, index }]));
  return failed.reduce((a, b) => (b.residual > a.residual || Number.isNaN(b.residual) ? b : a));
}

function stateOf({ status, cause, iterations, residual, floor }: SampleReport, { tolerance }: SolveReport): string {
  if (cause === 'singular') {
    return `whose answer after ${iterations} iterations is rounding, by ${shownShare(floor)} of its size`;
  }
  const short = residual.toExponential(2);
  const shown = Number(short) <= tolerance ? String(residual) : short;
  return cause === 'start'
    ? `which has the residual ${shown} where it starts`
    : `${status} after ${iterations} iterations at residual ${shown}`;
}

function shownShare(share: number): string {
  return share < 1 ? `${Math.round(100 * share)} %` : 'all';
}

export function isSolved({ status }: Pick<SampleReport, 'status'>): boolean {
  return status === 'converged' || status === 'stalled';
}

/** Of the floor of a linear solve: what a singular matrix leaves is below it, what a method that diverges leaves is far above. */
const BEYOND_ROUNDING = 1000;

/** Whether the answer of a linear solve is so large by rounding: a method that diverges makes it large, whatever the matrix. */
export function isByRounding({ residual, floor }: Pick<SampleReport, 'residual' | 'floor'>): boolean {
  return residual <= BEYOND_ROUNDING * floor;
}

/** Per sample, as read from the device. */
export interface Outcome {
  readonly status: ArrayLike<number>;
  readonly iterations: ArrayLike<number>;
  readonly residual: ArrayLike<number>;
  readonly floor: ArrayLike<number>;
  /** Of the residual, in the bound of the error. */
  readonly amplification: ArrayLike<number>;
  /** 0 where there is none. */
  readonly singularValueBound: ArrayLike<number>;
}

/** Iterations of a sample that stops where it starts: one of each method that is tried. */
const FIRST_ITERATIONS = 2;

/**
 * Of the floor: what the evaluation of a residual may hide by rounding, where sums have n terms. The roundings of such a sum mostly
 * cancel, and what is left is below the floor; of equal terms they add up, to a floor for each 75 terms as measured.
 */
export function roundingUnits(n: number): number {
  return 1 + n / 16;
}

/**
 * The verdict on each sample, from the true residual and not from what the iteration believed.
 * @param rounding of the floor: see roundingUnits
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
    // Assigned, not spread: there is one of these for each sample of each solve.
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

/** @param left the status in which the loop has left the sample */
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
