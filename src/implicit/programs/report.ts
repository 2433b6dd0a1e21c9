/** The report of a batch of programs, and the error for programs that have no solution. */
import type { ProgramResiduals, ProgramResult, ProgramSettings } from '../../solvers/programs/problem.ts';
import type { SampleReport, SolveReport } from '../../solvers/report.ts';

/** The report of one program. */
export interface ProgramSampleReport extends SampleReport, ProgramResiduals {
  /** The largest of the three residuals relative to what it may be, times the tolerance: at most that where it is solved. */
  readonly residual: number;
  /** ½xᵀPx + qᵀx */
  readonly objective: number;
  /**
   * infeasible: δ [m] with Aᵀδ = 0 and uᵀδ⁺ + lᵀδ⁻ = −1, so that no x satisfies the constraints; of a cone program with
   * Aᵀδ = 0, δ ∈ K* and bᵀδ = −1. unbounded: a direction δ [n] with Pδ = 0 and qᵀδ = −1, or cᵀδ = −1, that the
   * constraints leave free. Both were checked. Absent otherwise.
   */
  readonly certificate?: Float64Array;
}

/** The report of a batch of programs. */
export interface ProgramReport extends SolveReport {
  /** One report for each program, in the order of the batch. */
  readonly samples: readonly ProgramSampleReport[];
}

/** Thrown where a program is infeasible or unbounded. */
export class NoSolutionError extends Error {
  /** 'NoSolutionError'. */
  override readonly name = 'NoSolutionError';
  /** The certificate of the first such program: see `ProgramSampleReport`. */
  readonly certificate: Float64Array | undefined;
  constructor(
    what: string,
    /** infeasible: no point satisfies the constraints. unbounded: the objective has no lower bound on them. */
    readonly status: 'infeasible' | 'unbounded',
    /** The number of the first such program in the batch. */
    readonly sample: number,
    /** The report of all programs. */
    readonly report: ProgramReport,
    /** The constraints, for the message. */
    set: string,
  ) {
    const meaning = status === 'infeasible' ? `no x satisfies ${set}` : `the objective has no lower bound on ${set}`;
    const others = report.samples.filter((sample) => sample.status === status).length - 1;
    super(
      `${what}: program ${sample} is ${status}: ${meaning}, as its certificate shows` +
        `${others > 0 ? ` (and ${others} more of ${report.samples.length})` : ''}`,
    );
    this.certificate = report.samples[sample].certificate;
  }
}

/**
 * The error for the first program that has no solution; undefined where each may have one.
 * @param set the constraints in a formula
 */
export function findNoSolution(what: string, report: ProgramReport, set: string): NoSolutionError | undefined {
  for (const [index, { status }] of report.samples.entries()) {
    if (status === 'infeasible' || status === 'unbounded') return new NoSolutionError(what, status, index, report, set);
  }
  return undefined;
}

/** The tolerance that reports state: the relative one, unless only an absolute one was asked for. */
export function statedTolerance({ absolute, relative }: Pick<ProgramSettings, 'absolute' | 'relative'>): number {
  return relative || absolute;
}

/** The residual up to which a linear system counts as solved, in reports and on the device. */
export function acceptableResidual(epsilon: number): number {
  return Math.max(1e-9, 256 * epsilon);
}

export function reportSample(
  { result }: { readonly result: Omit<ProgramResult, 'x' | 'y' | 'z'> },
  tolerance: number,
): ProgramSampleReport {
  const { status, iterations, residuals, merit, objective, certificate } = result;
  return {
    status,
    iterations,
    ...residuals,
    residual: tolerance * merit,
    floor: Number.NaN,
    errorBound: Number.NaN,
    objective,
    ...(certificate && { certificate }),
    ...(status === 'limit' && { cause: 'limit' as const }),
    ...(status === 'diverged' && { cause: 'divergence' as const }),
  };
}
