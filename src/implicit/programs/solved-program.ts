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
import type { RowSelection } from './active-rows.ts';
import { combineProgramCertificates, type ProgramCertificates } from './certificate.ts';
import { type DatumName, tensorsAmong } from './data.ts';
import { placesOfSample, type TensorDatum } from './datum.ts';
import type { ProgramCotangents, ProgramTangent } from './derivative.ts';
import type { Directions } from './directions.ts';
import { programResidual } from './equation.ts';
import { gradientsOfSample, type SampleGradients, tangentOfSample } from './host-derivative.ts';
import { HostRoute } from './host-route.ts';
import { intervalOf, type ProgramInterval } from './interval.ts';
import type { CheckedPrograms, ProgramSolverName } from './options.ts';
import { packSolutions } from './packing.ts';
import type { ProgramValues } from './quadratic-program.ts';
import { findNoSolution, type ProgramReport, statedTolerance } from './report.ts';
import type { Route } from './route.ts';
import type { SolvedSample } from './solved-sample.ts';
import { SplittingRoute } from './splitting-route.ts';

export class SolvedProgram {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly z: Tensor;
  readonly report: Promise<ProgramReport>;
  private readonly course: Course;
  private readonly tensors: readonly TensorDatum<DatumName>[];
  private readonly guard: Guard;
  /** x, y and z side by side, [batch, n + 2m]. */
  private readonly rows: Tensor;
  private readonly route: Route;
  private examined: Promise<ProgramCertificates> | undefined;

  /** Enqueues the solve. */
  constructor(private readonly checked: CheckedPrograms) {
    const { what, settings, data } = checked;
    this.tensors = tensorsAmong(data);
    const inputs = this.tensors.map(({ tensor }) => tensor);
    this.guard = guardTensors(what, inputs, (index) => this.tensors[index].name);
    this.course = this.createCourse();
    // Where there are no rows, nothing has to be split.
    const isSplit = settings.solver === 'splitting' && data.m > 0;
    const { owner, guard, course } = this;
    this.route = isSplit
      ? new SplittingRoute(checked, owner, course.run, guard)
      : new HostRoute(checked, owner, course.run);
    const enqueued = [this.dependOnData(this.route.rows)];
    const { report, outputs } = this.course.completeForward<ProgramReport>(this.route.summary, enqueued, (read) =>
      this.route.complete(read),
    );
    this.report = report;
    this.route.follow(report);
    this.rows = recordOperation('custom', inputs, outputs[0], this.createOperation());
    this.x = this.cut(0, data.n);
    this.y = this.cut(data.n, data.m);
    this.z = this.cut(data.n + data.m, data.m);
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
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
    const objective = Float64Array.from(samples, ({ objective, hasNumbers }) => (hasNumbers ? objective : Number.NaN));
    return { x: part(0, n), y: part(n, m), z: part(n + m, m), objective };
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<ProgramCertificates> {
    this.examined ??= this.route
      .settle()
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
    for (const tensor of [this.x, this.y, this.z, this.rows]) tensor.dispose();
    this.route.dispose();
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
    return this.route.samples();
  }

  private async computeEach<Result>(
    compute: (sample: SolvedSample, index: number) => Interruptible<Result>,
  ): Promise<readonly Result[]> {
    const samples = await this.route.samples();
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
      linearSolver: LINEAR[solver].name,
      isBounded: () => false,
      advice: ADVICE,
      failure: (report) => findNoSolution(what, report as ProgramReport),
      hypothesis: {
        ofSolve: async ({ report }) =>
          combineCertificates(report, isExamined ? await this.certificate() : undefined, 'the active rows'),
        ...(isExamined && { closer: () => this.certificate() }),
      },
      settings: {
        tolerance,
        backwardTolerance: LINEAR[solver].tolerance(engine.epsilon),
        onFailure,
        onFailedCertificate,
        limits,
      },
    });
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
    // No operation makes a tensor without numbers.
    if (length === 0) {
      return this.checked.engine.tensorLater(Promise.resolve([]), isBatched ? [batch, 0] : [0], this.owner);
    }
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
      equation: (rows, inputs) => {
        const given = Object.fromEntries(this.tensors.map(({ name }, index) => [name, inputs[index]]));
        return programResidual(rows, given, data);
      },
      isRowwise: this.tensors.map(({ batch }) => batch === data.batch),
      pullback: (cotangent, needed, uniform) => {
        this.guard.check();
        const wanted = this.tensors.filter((_, index) => needed[index]);
        const selected = this.selectionFor(uniform);
        const made = this.course.runLinear('backward', (run) => this.route.pullBack(cotangent, wanted, selected, run));
        return needed.map((isNeeded) => (isNeeded ? made.shift() : undefined));
      },
      pushforward: (tangents, uniform) => {
        this.guard.check();
        const given = this.tensors.flatMap(({ name }, index) => {
          const tangent = tangents[index];
          return tangent ? [[name, tangent] as const] : [];
        });
        const selected = this.selectionFor(uniform);
        return this.course.runLinear('tangent', (run) => this.route.pushForward(given, selected, run))[0];
      },
    };
  }
}

/** How linear systems are solved, and the residual that is left where the matrix is not singular. */
const LINEAR: Readonly<Record<ProgramSolverName, { name: string; tolerance: (epsilon: number) => number }>> = {
  'interior-point': { name: 'factorisation', tolerance: () => 1e-6 },
  splitting: { name: 'proximal refinement', tolerance: (epsilon) => Math.max(1e-9, 256 * epsilon) },
};

const ADVICE: OwnAdvice = {
  singular:
    'the gradient asks for what the solution does not determine, at a degenerate vertex or where x is not unique; certificate() names the rows or the direction. A term such as ½·10⁻³‖x‖² in the objective makes x unique',
};
