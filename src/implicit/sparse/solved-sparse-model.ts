/** The solutions of a batch of sparse models with all that is asked of them later: derivatives, certificates and intervals. */

import type { CustomOperation } from '../../autodiff/custom.ts';
import { type Interruptible, runInTurns } from '../../backends/event-loop.ts';
import type { SolveReport } from '../../solvers/report.ts';
import { solveSparse } from '../../solvers/sparse/solve.ts';
import { recordOperation } from '../../tensor/operations.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { OwnAdvice } from '../advice.ts';
import type { LinearReport } from '../certificate.ts';
import { combineCertificates } from '../combined-certificate.ts';
import { checkIntervalCotangent } from '../derivative-range.ts';
import { computeEach, cutColumns, dependOn, ownerOf } from '../host-rows.ts';
import { type Guard, guardTensors } from '../overwritten.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { Course } from '../solution.ts';
import { createProblems, readSparseNumbers } from './data.ts';
import { combineSparse, type SparseCertificate } from './hypothesis.ts';
import type { SparseInterval } from './interval.ts';
import type { CheckedSparse } from './options.ts';
import { SolvedSample } from './solved-sample.ts';
import { enqueueRows, pullBack, pushForward, VARIABLES, type Variable } from './tensors.ts';

/** The report of a batch of sparse models. */
export interface SparseReport extends SolveReport {
  /** The objective of each problem, Σᵢ ωᵢ ℓᵢ + λ Σ_g w_g‖β_g‖. */
  readonly objective: readonly number[];
  /**
   * Whether features without a penalty, or the intercept, separate the classes of a problem: then no finite coefficients
   * are the best, and it has no solution.
   */
  readonly separable: readonly boolean[];
}

export class SolvedSparseModel {
  readonly beta: Tensor;
  readonly intercept: Tensor;
  readonly report: Promise<SparseReport>;
  private readonly rows: Tensor;
  private readonly samples: Promise<readonly SolvedSample[]>;
  private readonly course: Course;
  private readonly guard: Guard;
  private readonly variables: readonly (readonly [Variable, Tensor])[];
  private examined: Promise<SparseCertificate> | undefined;

  /** Enqueues the solve. */
  constructor(private readonly checked: CheckedSparse) {
    const { engine, given, what, settings } = checked;
    this.variables = VARIABLES.flatMap((name) => {
      const tensor = given[name];
      const hasDerivative = name !== 'y' || checked.loss === 'square';
      return isTensor(tensor) && hasDerivative ? [[name, tensor] as const] : [];
    });
    const inputs = this.variables.map(([, tensor]) => tensor);
    this.guard = guardTensors(what, inputs, (index) => this.variables[index][0]);
    this.course = this.createCourse();
    this.samples = unlessAborted(engine.trackRead(solveBatch(checked, this.course.run)), settings.limits.signal);
    this.samples.catch(() => {}); // the report and β reject with it
    const data = Object.values(given).filter(isTensor);
    const owner = ownerOf(data);
    const { rows, summary } = enqueueRows(checked, this.samples, owner);
    const { report, outputs } = this.course.completeForward(
      summary,
      [dependOn(engine, rows, data)],
      async (read): Promise<SparseReport> => {
        const results = (await this.samples).map(({ result }) => result);
        return {
          ...read,
          objective: results.map(({ objective }) => objective),
          separable: results.map(({ status }) => status === 'separable'),
        };
      },
    );
    this.report = report;
    this.rows = recordOperation('custom', inputs, outputs[0], this.createOperation());
    const { batch, features, outputs: count, hasOutputs } = checked;
    this.beta = cutColumns(this.rows, 0, features * count, hasOutputs ? [batch, features, count] : [batch, features]);
    const shape = hasOutputs ? [batch, count] : [batch];
    this.intercept = checked.intercept
      ? cutColumns(this.rows, features * count, count, shape)
      : engine.tensorLater(Promise.resolve(new Float64Array(batch * count)), shape, owner);
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<SparseCertificate> {
    this.examined ??= this.computeEach((sample) => sample.certify()).then(async (certificates) => {
      const samples = await this.samples;
      return combineSparse(certificates, (index) => samples[index].kinks);
    });
    return this.examined;
  }

  async gradientInterval(cotangent: Tensor): Promise<readonly SparseInterval[]> {
    const { engine, beta } = this;
    checkIntervalCotangent(cotangent, beta.size);
    const numbers = await engine.downloadNow(cotangent);
    const width = beta.size / this.checked.batch;
    return this.computeEach((sample, index) => sample.interval(numbers.subarray(index * width, (index + 1) * width)));
  }

  dispose(): void {
    for (const tensor of [this.beta, this.intercept, this.rows]) tensor.dispose();
  }

  private get engine() {
    return this.checked.engine;
  }

  private createCourse(): Course {
    const { engine, what, settings } = this.checked;
    const { tolerance, onFailure, onFailedCertificate, limits } = settings;
    const isExamined = onFailedCertificate !== 'ignore';
    return new Course({
      engine,
      what,
      given: 'the data',
      solver: 'proximal-newton',
      linearSolver: 'factorisation',
      isBounded: () => false,
      advice: ADVICE,
      hypothesis: {
        ofSolve: async ({ report }) =>
          combineCertificates(report, isExamined ? await this.certificate() : undefined, 'the groups in use'),
        ...(isExamined && { closer: () => this.certificate() }),
      },
      settings: { tolerance, backwardTolerance: LINEAR_TOLERANCE, onFailure, onFailedCertificate, limits },
    });
  }

  private async computeEach<Result>(
    compute: (sample: SolvedSample, index: number) => Interruptible<Result>,
  ): Promise<readonly Result[]> {
    return computeEach(await this.samples, compute, this.checked.settings.limits.signal);
  }

  private createOperation(): CustomOperation {
    const { variables, course, guard, checked, samples } = this;
    const { settings, batch } = checked;
    return {
      name: checked.what,
      isRowwise: variables.map(
        ([name, tensor]) => (name === 'logLambda' || name === 'rowWeights') && batch > 1 && tensor.shape[0] === batch,
      ),
      pullback: (cotangent, needed) => {
        guard.check();
        const wanted = variables.filter((_, index) => needed[index]);
        const made = course.runLinear('backward', (run) =>
          pullBack({ checked, samples }, cotangent, wanted, settings.selection, run),
        );
        return needed.map((isNeeded) => (isNeeded ? made.shift() : undefined));
      },
      pushforward: (tangents) => {
        guard.check();
        const given = variables.flatMap(([name], index) => {
          const tangent = tangents[index];
          return tangent ? [[name, tangent] as const] : [];
        });
        return course.runLinear('tangent', (run) =>
          pushForward({ checked, samples }, given, settings.selection, run),
        )[0];
      },
    };
  }
}

/** The residual that a factorisation leaves where the matrix is not singular. */
const LINEAR_TOLERANCE = 1e-6;

const ADVICE: OwnAdvice = {
  forward: (report) => {
    const { separable } = report as SparseReport;
    return separable.includes(true)
      ? 'The features without a penalty, or the intercept, separate the classes, so that no finite coefficients are the best: give these features a penalty, leave out the intercept, or ask for the report'
      : undefined;
  },
  singular:
    'groups in use are linearly dependent, so that β is not unique and need not have a derivative; certificate() names them. Leave some out; a higher limit or a looser tolerance does not help',
};

/** Solves one problem after the other; each starts from the solution of the one before it, if that has the same rows. */
async function solveBatch(checked: CheckedSparse, run: LimitedRun): Promise<readonly SolvedSample[]> {
  const { settings, engine, features, outputs } = checked;
  const numbers = await readSparseNumbers(checked);
  const problems = createProblems(checked, numbers);
  const width = features * outputs;
  const solved: SolvedSample[] = [];
  for (const [index, problem] of problems.entries()) {
    const own = numbers.initial && Array.prototype.slice.call(numbers.initial, index * width, (index + 1) * width);
    const before = solved.at(-1);
    const near = before?.isSolved ? before.result.beta : undefined;
    const { tolerance, limit, kinkTolerance } = settings;
    const options = { tolerance, limit, initial: own ?? near, isCutShort: run.isCutShort };
    const result = await runInTurns(solveSparse(problem, options), run.signal);
    const lambda = Math.exp(numbers.logLambda[numbers.logLambda.length === 1 ? 0 : index]);
    solved.push(new SolvedSample(problem, result, { lambda, epsilon: engine.epsilon, kinkTolerance }));
  }
  return solved;
}
