/**
 * The course of events that all implicit solutions share, whatever their equation: a forward solve with its report,
 * outputs that cannot be read where it failed, linear solves with reports and certificates, and a policy for
 * certificates that fail.
 */
import { isSolved, type SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OwnAdvice } from './advice.ts';
import { certificateOf, type ImplicitCertificate, type LinearReport } from './certificate.ts';
import { applyFailurePolicy, type FailurePolicy, warnIfNearlySingular } from './failure-policy.ts';
import {
  guardOutputs,
  type LinearDirection,
  type LinearRead,
  type LinearResult,
  type Reported,
  readLinearReport,
  readReport,
  withAwaited,
} from './reporting.ts';
import type { LimitedRun, RunLimits } from './run-limits.ts';

/** The options that all solves have. */
export interface CourseSettings extends Pick<Reported, 'tolerance' | 'onFailure'> {
  readonly backwardTolerance: number;
  readonly onFailedCertificate: FailurePolicy;
  readonly limits: RunLimits;
}

/** How a problem certifies the hypothesis of the implicit function theorem at its solution. */
export interface Hypothesis {
  /** The certificate that comes with a linear solve. */
  ofSolve(read: LinearRead): Promise<ImplicitCertificate>;
  /**
   * A closer look, present where one is wanted before a gradient may be read. It is called once, when the first linear
   * solve has been enqueued and nothing that it needs has been freed yet.
   */
  readonly closer?: () => Promise<ImplicitCertificate>;
}

/** What a course needs to know of its equation: see Reported. */
export interface CourseProblem
  extends Pick<Reported, 'what' | 'given' | 'solver' | 'isBounded' | 'failure'>,
    Partial<Pick<Reported, 'rounding'>> {
  readonly engine: Engine;
  readonly linearSolver: string;
  readonly hypothesis: Hypothesis;
  readonly settings: CourseSettings;
  readonly advice?: OwnAdvice;
}

interface Solved<Report extends SolveReport> {
  readonly report: Promise<Report>;
  readonly outputs: readonly Tensor[];
}

/** The course of one solution, from the moment at which its forward solve is about to be enqueued. */
export class Course {
  /** The limits of the forward solve. */
  readonly run: LimitedRun;
  /** One for each linear solve, in the order in which gradients and tangents were asked for. */
  readonly backwardReports: Promise<LinearReport>[] = [];
  private readonly since = performance.now();
  private forward: Promise<SolveReport> | undefined;
  private verdict: Promise<void> | undefined;
  private isWarned: boolean;

  /** @throws the signal's reason where it is aborted */
  constructor(private readonly problem: CourseProblem) {
    const { limits, onFailedCertificate } = problem.settings;
    this.run = limits.forward();
    this.isWarned = onFailedCertificate === 'ignore';
  }

  /**
   * The report of the forward solve, and tensors in place of its outputs whose reading awaits that report.
   *
   * One output is the solution, for which a CustomOperation is recorded. A problem that solves for several things, such
   * as the x, y and s of a cone program, lays them out in one row and cuts them from it by operations that the tape
   * follows.
   * @param complete adds to the report; where it rejects, so does everything that depends on the solution. Default:
   *   adds nothing
   */
  completeForward(summary: Tensor, outputs: readonly Tensor[]): Solved<SolveReport>;
  completeForward<Report extends SolveReport>(
    summary: Tensor,
    outputs: readonly Tensor[],
    complete: (report: SolveReport) => Promise<Report>,
  ): Solved<Report>;
  completeForward(
    summary: Tensor,
    outputs: readonly Tensor[],
    complete?: (report: SolveReport) => Promise<SolveReport>,
  ): Solved<SolveReport> {
    const { engine } = this.problem;
    const ahead = this.describe('forward', this.run);
    const read = readReport(engine, ahead, summary, this.since);
    const report = complete ? read.then(complete) : read;
    this.forward = report;
    return { report, outputs: guardOutputs(engine, ahead, outputs, report) };
  }

  /**
   * The certificate, but that a sample which was not solved is not certified: there is no solution at which anything would
   * hold. Rejects where the report does.
   */
  async whereSolved<Certificate extends ImplicitCertificate>(
    certificate: Certificate | Promise<Certificate>,
  ): Promise<Certificate> {
    const [found, forward] = await Promise.all([certificate, this.forward]);
    if (!forward || forward.samples.every(isSolved)) return found;
    const samples = found.samples.map((sample, index) => {
      const { status } = forward.samples[index];
      if (sample.status !== 'certified' || isSolved(forward.samples[index])) return sample;
      const reason = `the sample was not solved (${status}), so that there is no solution to look at`;
      return { ...sample, status: 'unknown', argument: 'not examined', reason } as const;
    });
    return { ...found, ...certificateOf(samples, found.kinks) };
  }

  /**
   * Runs the linear solve for a gradient or a tangent.
   * @returns the tensors of its result; reading them awaits the report, and the closer look where there is one
   * @throws the signal's reason where it is aborted
   */
  runLinear(direction: LinearDirection, solve: (run: LimitedRun) => LinearResult): Tensor[] {
    const { engine, what, hypothesis, settings } = this.problem;
    const since = performance.now();
    const run = settings.limits.linear();
    const result = solve(run);
    const back = this.describe(direction, run);
    const { closer } = hypothesis;
    if (closer && !this.verdict) {
      this.verdict = applyFailurePolicy(what, settings.onFailedCertificate, closer().then(this.warnOnce));
      this.verdict.catch(() => {}); // reported where a tensor is read
    }
    const report = readLinearReport(engine, back, result, since, (read) => this.whereSolved(hypothesis.ofSolve(read)));
    report.then(({ certificate }) => this.warnOnce(certificate)).catch(() => {}); // an error is reported through `report`
    this.backwardReports.push(report);
    const { verdict } = this;
    const solved = guardOutputs(engine, back, result.tensors, report);
    return verdict ? solved.map((tensor) => withAwaited(engine, tensor, verdict)) : solved;
  }

  private describe(direction: Reported['direction'], run: LimitedRun): Reported {
    const { what, solver, linearSolver, isBounded, rounding = 1, failure, settings, advice } = this.problem;
    const { tolerance, backwardTolerance, onFailure } = settings;
    const isForward = direction === 'forward';
    return {
      what,
      direction,
      onFailure,
      isBounded,
      rounding,
      run,
      advice,
      given: isForward ? this.problem.given : direction === 'backward' ? 'the cotangent' : 'a tangent',
      solver: isForward ? solver : linearSolver,
      tolerance: isForward ? tolerance : backwardTolerance,
      failure: isForward ? failure : undefined,
    };
  }

  /** Warns of a matrix that is nearly singular, once for each solution. */
  private readonly warnOnce = (certificate: ImplicitCertificate): ImplicitCertificate => {
    if (!this.isWarned) this.isWarned = warnIfNearlySingular(this.problem.what, certificate);
    return certificate;
  };
}
