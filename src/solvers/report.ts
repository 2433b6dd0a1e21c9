/** What a solve tells about itself. */
import { STATE_ROWS, STATUS } from '../backends/kernels.ts';

export type SolveStatus = 'converged' | 'stalled' | 'limit' | 'diverged';

export interface SampleReport {
  /**
   * converged: the residual met the tolerance. stalled: it is at the floor of the precision, about ε(1 + ‖W‖), where
   * iterating further changes nothing. limit: it met neither. diverged: it is not finite, or beyond 1e30.
   */
  readonly status: SolveStatus;
  readonly iterations: number;
  /** Relative residual of what is returned, evaluated afresh after the last iteration. */
  readonly residual: number;
}

export interface SolveReport {
  readonly solver: string;
  readonly backend: string;
  /** From the call to the moment at which the report was read. */
  readonly milliseconds: number;
  readonly tolerance: number;
  readonly samples: readonly SampleReport[];
}

/** Thrown where samples did not converge and the caller did not ask for the report instead. */
export class ConvergenceError extends Error {
  override readonly name = 'ConvergenceError';
  constructor(
    what: string,
    readonly report: SolveReport,
  ) {
    const failed = report.samples.flatMap((sample, index) => (isSolved(sample) ? [] : [{ ...sample, index }]));
    const worst = failed.reduce((a, b) => (b.residual > a.residual || Number.isNaN(b.residual) ? b : a));
    super(
      `${what}: ${failed.length} of ${report.samples.length} samples did not converge with ${report.solver} on ${report.backend} ` +
        `(worst: sample ${worst.index}, ${worst.status} after ${worst.iterations} iterations at residual ${worst.residual.toExponential(2)}; ` +
        `tolerance ${report.tolerance}). Raise the limit, loosen the tolerance, or ask for the report`,
    );
  }
}

export function isSolved({ status }: SampleReport): boolean {
  return status === 'converged' || status === 'stalled';
}

/**
 * The verdict on each sample, from the true residual and not from what the iteration believed.
 * @param floor residual of rounding for each sample, or one for all; up to four times it counts as stalled
 */
export function sampleReports(
  statuses: ArrayLike<number>,
  iterations: ArrayLike<number>,
  residuals: ArrayLike<number>,
  tolerance: number,
  floor: (sample: number) => number,
): SampleReport[] {
  return Array.from({ length: residuals.length }, (_, sample) => {
    const residual = residuals[sample];
    const verdict = (): SolveStatus => {
      if (!(residual <= 1e30)) return 'diverged';
      if (residual <= tolerance) return 'converged';
      if (residual <= 4 * floor(sample)) return 'stalled';
      return statuses[sample] === STATUS.diverged ? 'diverged' : 'limit';
    };
    return { status: verdict(), iterations: iterations[sample], residual };
  });
}

/** One row of the monitor's state, [5, batch]. */
export function stateRow(state: ArrayLike<number>, row: keyof typeof STATE_ROWS, batch: number): number[] {
  return Array.from({ length: batch }, (_, sample) => state[STATE_ROWS[row] * batch + sample]);
}
