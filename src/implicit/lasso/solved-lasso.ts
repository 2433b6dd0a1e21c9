/** A Lasso solution with all that it is asked for later: derivatives, certificate and intervals. */

import type { CustomOperation } from '../../autodiff/custom.ts';
import { runInTurns } from '../../backends/event-loop.ts';
import { type SolveReport, worstOf } from '../../solvers/report.ts';
import { recordOperation } from '../../tensor/operations.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OwnAdvice } from '../advice.ts';
import type { LinearReport } from '../certificate.ts';
import { combineCertificates } from '../combined-certificate.ts';
import { checkIntervalCotangent, UNKNOWN_RANGE } from '../derivative-range.ts';
import { withAwaited } from '../reporting.ts';
import { unlessAborted } from '../run-limits.ts';
import { Course } from '../solution.ts';
import type { LassoNumbers } from './analysis.ts';
import { certifyLasso, type LassoCertificate } from './certificate.ts';
import { lassoResidual } from './equation.ts';
import { computeIntercept } from './intercept.ts';
import { type LassoInterval, lassoInterval } from './interval.ts';
import { readNumbers } from './numbers.ts';
import { createArguments } from './option-tensors.ts';
import { type CheckedLasso, finestTolerance, type LassoOptions } from './options.ts';
import { OwnedTensors } from './owned-tensors.ts';
import {
  computeGradients,
  computeTangent,
  type Given,
  type Optimum,
  type Prepared,
  type Solved,
  solveBatch,
  VARIABLES,
  type Variable,
} from './program.ts';
import { checkExtremes, type Ranged } from './ranges.ts';

/** The report of a batch of Lasso problems. */
export interface LassoReport extends SolveReport {
  /**
   * The duality gap of each problem, relative to its objective at β = 0. Float32 cannot show less than about 1e-7.
   * For a homotopy the gap is summed up in float64, for β as it is rounded.
   */
  readonly dualityGap: readonly number[];
}

export class SolvedLasso {
  readonly beta: Tensor;
  readonly intercept: Tensor;
  readonly report: Promise<LassoReport>;
  private readonly owned: OwnedTensors;
  private readonly given: Given;
  private readonly course: Course;
  /** The solution to the caller's tolerance. */
  private readonly found: Optimum;
  /** The solution in which kinks are looked for, once it is needed. */
  private finest: Optimum | undefined;
  private examined: Promise<LassoCertificate> | undefined;

  /**
   * Enqueues the solve.
   * @param owned tensors that are freed with the solution
   */
  constructor(
    private readonly checked: CheckedLasso,
    private readonly prepared: Prepared,
    private readonly options: LassoOptions,
    owned: readonly Tensor[],
  ) {
    this.owned = new OwnedTensors(owned);
    this.given = createArguments(checked, options, this.owned);
    this.course = this.createCourse();
    const solved = solveBatch(checked.engine, checked, prepared, this.given, options.initial, this.course.run);
    const { beta, report } = this.readOutcome(solved);
    this.beta = beta;
    this.report = report;
    const { correlation, moment, penalty, kinkTolerance } = solved;
    this.found = { beta, correlation, moment, penalty, kinkTolerance };
    this.recordOperation();
    this.intercept = computeIntercept(checked, options, beta, this.owned);
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
  }

  /** The certificate is computed once, when it is first asked for. */
  certificate(): Promise<LassoCertificate> {
    const { signal } = this;
    this.examined ??= unlessAborted(
      this.course.whereSolved(this.readNumbers().then((read) => runInTurns(certifyLasso(read), signal))),
      signal,
    );
    return this.examined;
  }

  /** @param cotangent v, [batch, features] */
  async gradientInterval(cotangent: Tensor): Promise<readonly LassoInterval[]> {
    const { signal } = this;
    const { batch, features } = this.checked;
    checkIntervalCotangent(cotangent, batch * features);
    signal?.throwIfAborted();
    const [read, v, { samples }] = await unlessAborted(
      Promise.all([this.readNumbers(), cotangent.data(), this.certificate()]),
      signal,
    );
    const intervals: LassoInterval[] = [];
    for (let problem = 0; problem < batch; problem++) {
      const range = await unlessAborted(runInTurns(lassoInterval(read, problem, v), signal), signal);
      const isKnown = samples[problem].status === 'certified';
      intervals.push(isKnown ? range : { ...range, ...UNKNOWN_RANGE });
    }
    return intervals;
  }

  dispose(): void {
    for (const tensor of [...Object.values(this.found), ...Object.values(this.finest ?? {})]) tensor.dispose();
    this.owned.dispose();
  }

  private get signal(): AbortSignal | undefined {
    return this.checked.settings.limits.signal;
  }

  /** Whether gradients come with a certificate. */
  private get isExamined(): boolean {
    return this.checked.settings.onFailedCertificate !== 'ignore';
  }

  private createCourse(): Course {
    const { engine, settings } = this.checked;
    const { isExamined } = this;
    return new Course({
      engine,
      what: 'lasso',
      given: 'X, y, logLambda, weights or ridge',
      solver: settings.solver,
      linearSolver: 'conjugate-gradients',
      isBounded: () => false,
      advice: ADVICE,
      hypothesis: {
        ofSolve: async ({ report }) =>
          combineCertificates(report, isExamined ? await this.certificate() : undefined, 'the columns in use'),
        ...(isExamined && { closer: () => this.certificate() }),
      },
      settings,
    });
  }

  /** β, which cannot be read if the solve failed or an argument is out of its range, and the report. */
  private readOutcome(solved: Solved): { readonly beta: Tensor; readonly report: Promise<LassoReport> } {
    const { engine, batch } = this.checked;
    const gaps = unlessAborted(solved.gap.data(), this.signal);
    solved.gap.dispose();
    const ranged: Ranged = { weights: this.given.weights, ridge: this.given.ridge, masks: this.prepared.masks };
    const { rowWeights } = this.options;
    const inRange = gaps.then((read) => checkExtremes(read.subarray(batch), ranged, rowWeights !== undefined));
    inRange.catch(() => {}); // the report and β reject with it
    const { report, outputs } = this.course.completeForward(
      solved.summary,
      [solved.beta],
      async (read): Promise<LassoReport> => {
        await inRange;
        return { ...read, dualityGap: Array.from((await gaps).subarray(0, batch)) };
      },
    );
    // A wrong argument is not a solve that failed: β rejects even if onFailure is report.
    const beta = Object.values(ranged).some(Boolean) ? withAwaited(engine, outputs[0], inRange) : outputs[0];
    return { beta, report };
  }

  /** The solution to the finest tolerance: with a loose one, features stop anywhere near their knots, which hides kinks. */
  private resolve(): Optimum {
    const { engine, settings } = this.checked;
    this.finest ??= settings.tolerance > finestTolerance(engine.epsilon) ? this.refine() : this.found;
    return this.finest;
  }

  private refine(): Optimum {
    const { checked, prepared, given, beta } = this;
    const { engine, settings } = checked;
    const finer = { ...checked, settings: { ...settings, tolerance: finestTolerance(engine.epsilon) } };
    const { gap, summary, ...found } = solveBatch(engine, finer, prepared, given, beta, settings.limits.linear());
    for (const tensor of [gap, summary]) tensor.dispose();
    return found;
  }

  private readNumbers(): Promise<LassoNumbers> {
    return readNumbers(this.checked, this.prepared, this.given, this.resolve());
  }

  /** The solution that derivatives are taken at. */
  private get differentiated(): Optimum {
    const isSelected = this.options.selection !== undefined;
    return isSelected || this.isExamined || this.finest ? this.resolve() : this.found;
  }

  /** Records β as an operation of the arguments that are given. */
  private recordOperation(): void {
    const byName: Readonly<Partial<Record<Variable, Tensor>>> = { X: this.options.X, ...this.given };
    const variables = VARIABLES.filter((name) => byName[name] !== undefined);
    const inputs = variables.map((name) => byName[name] as Tensor);
    recordOperation('custom', inputs, this.beta, this.createOperation(variables, inputs));
  }

  private createOperation(variables: readonly Variable[], arguments_: readonly Tensor[]): CustomOperation {
    const { checked, prepared, given, course, options } = this;
    const { engine, batch, settings } = checked;
    const named = (tensors: readonly (Tensor | undefined)[]): Partial<Record<Variable, Tensor>> =>
      Object.fromEntries(variables.map((name, index) => [name, tensors[index]]));
    return {
      name: 'lasso',
      isRowwise: variables.map((name, index) => name !== 'X' && arguments_[index].shape[0] === batch),
      ...(!options.masks && {
        equation: (beta, inputs) => lassoResidual(beta, named(inputs), settings),
      }),
      pullback: (cotangent, needed) => {
        const wanted = variables.filter((_, index) => needed[index]);
        const results = course.runLinear('backward', (run) => {
          const at = { kept: this.differentiated, cotangent, wanted };
          const made = computeGradients(engine, checked, prepared, given, at, run);
          return { summary: made.summary, marked: [], tensors: wanted.map((name) => made[name]) };
        });
        return needed.map((each) => (each ? results.shift() : undefined));
      },
      pushforward: (tangents) =>
        course.runLinear('tangent', (run) => {
          const at = { kept: this.differentiated, tangents: named(tangents) };
          const made = computeTangent(engine, checked, prepared, given, at, run);
          return { summary: made.summary, marked: [], tensors: [made.tangent] };
        })[0],
    };
  }
}

const ADVICE: OwnAdvice = {
  forward: (report) =>
    !report.timedOut && worstOf(report).cause === 'stagnation'
      ? 'Columns of X are nearly dependent, as it seems: leave some out, or add a ridge; else raise the limit, loosen the tolerance, or ask for the report'
      : undefined,
  singular:
    'columns in use are linearly dependent, so that β is not unique and need not have a derivative; certificate() names them. Leave some out, or add a ridge; a higher limit or a looser tolerance does not help',
};
