/** The solutions of a batch of programs with all that is asked of them later: derivatives, certificates and intervals. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import type { UniformSelection } from '../../autodiff/selection.ts';
import { type Interruptible, runInTurns } from '../../backends/event-loop.ts';
import { Arena } from '../../tensor/arena.ts';
import { slice } from '../../tensor/arrange.ts';
import { recordOperation } from '../../tensor/operations.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OwnAdvice } from '../advice.ts';
import type { LinearReport } from '../certificate.ts';
import { combineCertificates } from '../combined-certificate.ts';
import { type Guard, guardTensors } from '../overwritten.ts';
import { unlessAborted } from '../run-limits.ts';
import { Course } from '../solution.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { RowSelection } from './active-rows.ts';
import { combineProgramCertificates, type ProgramCertificates } from './certificate.ts';
import { placesOfSample, type TensorDatum, tensorsAmong } from './data.ts';
import type { ProgramCotangents, ProgramTangent } from './derivative.ts';
import type { Directions } from './directions.ts';
import { gradientsOfSample, type SampleGradients, tangentOfSample } from './host-derivative.ts';
import { readTensors, solvePrograms } from './host-solve.ts';
import { intervalOf, type ProgramInterval } from './interval.ts';
import { createOperands, isForKernel, type Operands, solveByKernel, tensorsOf } from './kernel-solve.ts';
import type { CheckedPrograms } from './options.ts';
import { packSolutions, packSummary } from './packing.ts';
import type { ProgramValues } from './quadratic-program.ts';
import { findNoSolution, type ProgramReport, reportSample, statedTolerance } from './report.ts';
import type { SolvedSample } from './solved-sample.ts';
import { pullBack, pushForward, type SolvedBatch } from './tensor-derivative.ts';

export class SolvedProgram {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly z: Tensor;
  readonly report: Promise<ProgramReport>;
  /** All programs with their solutions in float64. */
  readonly samples: Promise<readonly SolvedSample[]>;
  private readonly course: Course;
  private readonly tensors: readonly TensorDatum[];
  private readonly guard: Guard;
  /** x, y and z side by side, [batch, n + 2m]. */
  private readonly rows: Tensor;
  /** The data on the device, where kernels treat them. */
  private operands: Operands | undefined;
  private examined: Promise<ProgramCertificates> | undefined;
  /** The linear solves that may shorten a certificate. */
  private readonly linear: Promise<unknown>[] = [];

  /** Enqueues the solve. */
  constructor(private readonly checked: CheckedPrograms) {
    this.tensors = tensorsAmong(checked.data);
    const { what } = checked;
    this.guard = guardTensors(
      what,
      this.tensors.map(({ tensor }) => tensor),
      (index) => this.tensors[index].name,
    );
    this.course = this.createCourse();
    this.samples = unlessAborted(checked.engine.trackRead(this.solve()), this.signal);
    this.samples.catch(() => {}); // the report and the solutions reject with it
    const solved = this.enqueueSolutions();
    this.rows = solved.rows;
    this.report = solved.report;
    const { n, m } = checked.data;
    this.x = this.cut(0, n);
    this.y = this.cut(n, m);
    this.z = this.cut(n + m, m);
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
  }

  /** Enqueues the kernel where there is one for these programs; the host solves the others. */
  private solve(): Promise<readonly SolvedSample[]> {
    const { checked } = this;
    const { run } = this.course;
    const readings = readTensors(checked);
    if (!isForKernel(checked)) return solvePrograms(checked, readings, run, undefined);
    this.operands = createOperands(checked.engine, checked.data, this.owner);
    return solvePrograms(checked, readings, run, solveByKernel(checked, this.operands, run));
  }

  async values(): Promise<ProgramValues> {
    const samples = await this.solvedSamples();
    const { n, m } = this.checked.data;
    const packed = packSolutions(samples, n, m);
    const width = n + 2 * m;
    const part = (start: number, length: number): Float64Array =>
      Float64Array.from({ length: samples.length * length }, (_, index) => {
        const sample = Math.floor(index / length);
        return packed[sample * width + start + (index - sample * length)];
      });
    const objective = Float64Array.from(samples, ({ result, hasNumbers }) =>
      hasNumbers ? result.objective : Number.NaN,
    );
    return { x: part(0, n), y: part(n, m), z: part(n + m, m), objective };
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<ProgramCertificates> {
    this.examined ??= Promise.allSettled(this.linear)
      .then(() => this.computeEach((sample) => sample.certify()))
      .then(combineProgramCertificates);
    return this.examined;
  }

  /** @param cotangentsOf the cotangents of each program */
  async gradients(cotangentsOf: (index: number) => ProgramCotangents): Promise<readonly SampleGradients[]> {
    const selection = this.selectionFor(undefined);
    const { data } = this.checked;
    return this.computeEach((sample, index) =>
      gradientsOfSample(sample, cotangentsOf(index), selection, placesOfSample(data, index)),
    );
  }

  async tangents(directionsOf: (index: number) => Directions): Promise<readonly ProgramTangent[]> {
    const selection = this.selectionFor(undefined);
    return this.computeEach((sample, index) => tangentOfSample(sample, directionsOf(index), selection));
  }

  async gradientIntervals(cotangentsOf: (index: number) => ProgramCotangents): Promise<readonly ProgramInterval[]> {
    return this.computeEach(function* (sample, index) {
      const activity = yield* sample.classify();
      return yield* intervalOf(sample.data, activity.solution, activity, cotangentsOf(index));
    });
  }

  dispose(): void {
    const operands = this.operands ? tensorsOf(this.operands) : [];
    for (const tensor of [this.x, this.y, this.z, this.rows, ...operands]) tensor.dispose();
  }

  private get signal(): AbortSignal | undefined {
    return this.checked.settings.limits.signal;
  }

  /** The selection of the tape, else that of the options. */
  private selectionFor(uniform: UniformSelection | undefined): RowSelection {
    return typeof uniform === 'number' ? uniform : (this.checked.selection ?? 0);
  }

  /** All programs, once the solutions may be read: where one was not solved, this rejects as reading x does. */
  private async solvedSamples(): Promise<readonly SolvedSample[]> {
    await this.x.data();
    return this.samples;
  }

  private async computeEach<Result>(
    compute: (sample: SolvedSample, index: number) => Interruptible<Result>,
  ): Promise<readonly Result[]> {
    const samples = await this.samples;
    const results: Result[] = [];
    for (const [index, sample] of samples.entries()) {
      results.push(await unlessAborted(runInTurns(compute(sample, index), this.signal), this.signal));
    }
    return results;
  }

  private createCourse(): Course {
    const { engine, settings, what } = this.checked;
    const { solver, onFailure, onFailedCertificate, limits } = settings;
    const tolerance = statedTolerance(settings);
    const isExamined = onFailedCertificate !== 'ignore';
    return new Course({
      engine,
      what,
      given: 'the data',
      solver,
      linearSolver: 'factorisation',
      isBounded: () => false,
      advice: ADVICE,
      failure: (report) => findNoSolution(what, report as ProgramReport),
      hypothesis: {
        ofSolve: async ({ report }) =>
          combineCertificates(report, isExamined ? await this.certificate() : undefined, 'the active rows'),
        ...(isExamined && { closer: () => this.certificate() }),
      },
      settings: { tolerance, backwardTolerance: LINEAR_TOLERANCE, onFailure, onFailedCertificate, limits },
    });
  }

  private enqueueSolutions(): { readonly rows: Tensor; readonly report: Promise<ProgramReport> } {
    const { data, settings } = this.checked;
    const { n, m, batch } = data;
    const tolerance = statedTolerance(settings);
    const width = n + 2 * m;
    const packed = this.samples.then(
      (samples) => packSolutions(samples, n, m),
      () => new Float64Array(batch * width).fill(Number.NaN),
    );
    const summary = this.samples.then(
      (samples) =>
        packSummary(
          samples.map((sample) => ({ isSolved: sample.isSolved, ...reportSample(sample, tolerance), floor: 0 })),
        ),
      () => new Float64Array(SUMMARY_ROWS.length * batch),
    );
    const enqueued = this.later(packed, [batch, width]);
    const completed = this.course.completeForward(
      this.later(summary, [SUMMARY_ROWS.length, batch]),
      [this.dependOnData(enqueued)],
      async (read): Promise<ProgramReport> => {
        const samples = await this.samples;
        return { ...read, samples: samples.map((sample) => reportSample(sample, tolerance)) };
      },
    );
    const [rows] = completed.outputs;
    const inputs = this.tensors.map(({ tensor }) => tensor);
    return { rows: recordOperation('custom', inputs, rows, this.createOperation()), report: completed.report };
  }

  /** A tensor of numbers that the host computes, in the arena of the data. */
  private later(values: Promise<ArrayLike<number>>, shape: readonly number[]): Tensor {
    return this.checked.engine.tensorLater(values, shape, this.owner);
  }

  /** A tensor of the data whose arena is that of the solutions. */
  private get owner(): Tensor | undefined {
    const arena = Arena.of(this.tensors.map(({ tensor }) => tensor));
    return this.tensors.find(({ tensor }) => tensor.arena === arena)?.tensor;
  }

  /** An alias that cannot be read where the data cannot. */
  private dependOnData(tensor: Tensor): Tensor {
    const { engine } = this.checked;
    return [...new Set(this.tensors.flatMap((datum) => [...datum.tensor.checks]))].reduce((dependent, check) => {
      const checked = engine.attachCheck(dependent, check);
      dependent.dispose();
      return checked;
    }, tensor);
  }

  /** Columns of the rows, without the axis for samples where no datum has one. */
  private cut(start: number, length: number): Tensor {
    const { batch, isBatched } = this.checked.data;
    const part = slice(this.rows, [0, start], [batch, length]);
    if (isBatched) return part;
    const vector = part.reshape([length]);
    part.dispose();
    return vector;
  }

  private createOperation(): CustomOperation {
    const { what, selection, data } = this.checked;
    return {
      name: what,
      isSelectable: selection === undefined,
      isRowwise: this.tensors.map(({ batch }) => batch === data.batch),
      pullback: (cotangent, needed, uniform) => {
        const wanted = this.tensors.filter((_, index) => needed[index]);
        const selected = this.selectionFor(uniform);
        const made = this.course.runLinear('backward', (run) => {
          this.guard.check();
          const { result, isDone } = pullBack(this.batch, cotangent, wanted, selected, run);
          this.linear.push(isDone);
          return result;
        });
        return needed.map((isNeeded) => (isNeeded ? made.shift() : undefined));
      },
      pushforward: (tangents, uniform) => {
        const given = this.tensors.flatMap(({ name }, index) => {
          const tangent = tangents[index];
          return tangent ? [[name, tangent] as const] : [];
        });
        const selected = this.selectionFor(uniform);
        return this.course.runLinear('tangent', (run) => pushForward(this.batch, given, selected, run))[0];
      },
    };
  }

  private get batch(): SolvedBatch {
    const { engine, data } = this.checked;
    return { engine, data, samples: this.samples, operands: this.operands };
  }
}

/** A factorisation with refinement leaves less than this, relative to the terms, unless the matrix is singular. */
const LINEAR_TOLERANCE = 1e-6;

const ADVICE: OwnAdvice = {
  singular:
    'the gradient asks for what the solution does not determine, at a degenerate vertex or where x is not unique; certificate() names the rows or the direction. A term such as ½·10⁻³‖x‖² in the objective makes x unique',
};
