/** The solutions of a batch of declarative nodes: their tensors, reports, certificates and derivatives. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import type { UniformSelection } from '../../autodiff/selection.ts';
import { type Interruptible, runInTurns } from '../../backends/event-loop.ts';
import type { SolveReport } from '../../solvers/report.ts';
import { recordOperation } from '../../tensor/operations.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { certificateOf, type ImplicitCertificate, type LinearReport, type SampleCertificate } from '../certificate.ts';
import { combineCertificates } from '../combined-certificate.ts';
import { cutColumns, dependOn, ownerOf } from '../host-rows.ts';
import type { OperationKink } from '../kinks.ts';
import { type Guard, guardTensors } from '../overwritten.ts';
import { packSummary, type Summarised } from '../programs/packing.ts';
import { type LinearResult, withAwaited } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { Course } from '../solution.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { NodeDerivative, NodeProblem, NodeSample, NodeSelection } from './node.ts';
import { intervalOf, type NodeInterval } from './node-interval.ts';

/** The certificate of a batch of nodes, with what is known of each. */
export interface NodeCertificates<Certificate extends SampleCertificate> extends ImplicitCertificate {
  readonly samples: readonly Certificate[];
}

/** The rounding that stands for a linear system that is singular to the precision. */
const SINGULAR: Omit<Summarised, 'notFinite'> = { isSolved: false, iterations: 1, residual: 1, floor: 1 };

/** Stands for a derivative that is not finite. */
const OVERFLOWN: Omit<Summarised, 'notFinite'> = { isSolved: false, iterations: 1, residual: Number.POSITIVE_INFINITY };

export class SolvedNode<Certificate extends SampleCertificate> {
  readonly report: Promise<SolveReport>;
  private readonly course: Course;
  private readonly guard: Guard;
  /** The samples, once they are solved. */
  readonly samples: Promise<readonly NodeSample<Certificate>[]>;
  /** [batch, width] */
  private readonly rows: Tensor;
  private examined: Promise<NodeCertificates<Certificate>> | undefined;

  /** Enqueues the solve. */
  constructor(private readonly problem: NodeProblem<Certificate>) {
    const { what, engine, args, batch, width, settings } = problem;
    const inputs = args.map(({ tensor }) => tensor);
    this.guard = guardTensors(what, inputs, (index) => args[index].name);
    this.course = this.createCourse();
    const { run } = this.course;
    this.samples = unlessAborted(engine.trackRead(this.solveAll(run)), settings.limits.signal);
    this.samples.catch(() => {}); // the report and the outputs reject with it
    const owner = ownerOf(inputs);
    const rows = this.later([batch, width], owner, this.samples, (samples) => concatenate(samples, width));
    const summary = this.later([SUMMARY_ROWS.length, batch], owner, this.samples, packSummary, 0);
    const dependent = dependOn(engine, rows, inputs);
    const { report, outputs } = this.course.completeForward(summary, [dependent], async (read) => {
      await this.samples;
      return read;
    });
    this.report = report;
    this.rows = recordOperation('custom', inputs, outputs[0], this.createOperation());
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
  }

  /** Columns of the rows, as a tensor of the shape. */
  cut(start: number, shape: Shape): Tensor {
    return cutColumns(this.rows, start, sizeOf(shape) / this.problem.batch, shape);
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<NodeCertificates<Certificate>> {
    this.examined ??= this.examineAll();
    return this.examined;
  }

  /** The range of each gradient of each sample over all selections. */
  async gradientIntervals(cotangent: Tensor): Promise<readonly NodeInterval<Certificate>[]> {
    const { engine, args, batch, width, settings } = this.problem;
    TENSOR('gradientIntervals: cotangent', cotangent);
    if (cotangent.size !== batch * width) {
      throw new RangeError(
        `gradientIntervals: cotangent holds ${cotangent.size} numbers; the outputs hold ${batch * width}`,
      );
    }
    const [numbers, samples] = await unlessAborted(
      Promise.all([engine.downloadNow(cotangent), this.samples]),
      settings.limits.signal,
    );
    return samples.map((sample, index) => intervalOf(sample, args, shareOf(numbers, width, index)));
  }

  dispose(): void {
    this.rows.dispose();
  }

  private async examineAll(): Promise<NodeCertificates<Certificate>> {
    const examinations = (await this.samples).map((sample) => sample.examine());
    const kinks = examinations.flatMap(({ places }, sample): OperationKink[] =>
      places.map((place) => ({ sample, operation: this.problem.what, place: 0, ...place })),
    );
    const samples = examinations.map(({ certificate }) => certificate);
    return this.course.whereSolved({ ...certificateOf(samples, kinks), samples });
  }

  private createCourse(): Course {
    const { what, engine, settings, solver, examined, singular, unsolved } = this.problem;
    const { tolerance, onFailure, onFailedCertificate, limits } = settings;
    const isExamined = onFailedCertificate !== 'ignore';
    const certify = (): Promise<ImplicitCertificate> => this.certificate();
    return new Course({
      engine,
      what,
      given: 'an argument',
      solver,
      linearSolver: 'factorisation',
      isBounded: () => false,
      advice: { singular, forward: () => unsolved },
      hypothesis: {
        ofSolve: async (read) => combineCertificates(read.report, isExamined ? await certify() : undefined, examined),
        ...(isExamined && { closer: certify }),
      },
      settings: {
        tolerance,
        backwardTolerance: Math.max(1e-9, 256 * engine.epsilon),
        onFailure,
        onFailedCertificate,
        limits,
      },
    });
  }

  /** Reads all arguments now, before anything is enqueued that waits for what is computed from them. */
  private solveAll(run: LimitedRun): Promise<readonly NodeSample<Certificate>[]> {
    const { engine, args, batch } = this.problem;
    const reading = Promise.all(args.map(({ tensor }) => engine.downloadNow(tensor)));
    return reading.then(async (numbers) => {
      this.refuseUnlessFinite(numbers);
      const solved: NodeSample<Certificate>[] = [];
      for (let sample = 0; sample < batch; sample++) {
        const own = args.map(({ width, isShared }, index) => shareOf(numbers[index], width, isShared ? 0 : sample));
        const work = this.problem.solve(own, sample, run.isCutShort);
        solved.push(await runInTurns(work, run.signal));
      }
      return solved;
    });
  }

  /** @throws RangeError that names the argument and the sample */
  private refuseUnlessFinite(numbers: readonly ArrayLike<number>[]): void {
    const { what, args } = this.problem;
    for (const [index, { name, width, isShared }] of args.entries()) {
      const at = Array.prototype.findIndex.call(numbers[index], (value: number) => !Number.isFinite(value));
      if (at < 0) continue;
      const where = isShared ? '' : `, sample ${Math.floor(at / width)},`;
      throw new RangeError(`${what}: ${name}${where} holds ${numbers[index][at]}; every number must be finite`);
    }
  }

  private createOperation(): CustomOperation {
    const { what, args, batch, isSelected, equation } = this.problem;
    return {
      name: what,
      isSelectable: !isSelected,
      equation,
      isRowwise: args.map(({ tensor, isShared }) => !isShared && tensor.shape.length > 0 && tensor.shape[0] === batch),
      pullback: (cotangent, needed, uniform) => {
        this.guard.check();
        const made = this.course.runLinear('backward', (run) => this.pullBack(cotangent, needed, uniform, run));
        const given = this.refusing(made);
        return needed.map((isNeeded) => (isNeeded ? given.shift() : undefined));
      },
      pushforward: (tangents, uniform) => {
        this.guard.check();
        const made = this.course.runLinear('tangent', (run) => this.pushForward(tangents, uniform, run));
        return this.refusing(made)[0];
      },
    };
  }

  /** Tensors that cannot be read where a sample has no derivative at all. */
  private refusing(tensors: readonly Tensor[]): Tensor[] {
    const { what, engine, settings } = this.problem;
    if (settings.onFailure === 'report') return [...tensors];
    const refused = this.samples.then((samples) => {
      const at = samples.findIndex(({ refusal }) => refusal !== undefined);
      if (at >= 0) throw new Error(`${what}: sample ${at} has no gradient: ${samples[at].refusal}`);
    });
    refused.catch(() => {}); // reported where a tensor is read
    return tensors.map((tensor) => withAwaited(engine, tensor, refused));
  }

  private pullBack(
    cotangent: Tensor,
    needed: readonly boolean[],
    uniform: UniformSelection | undefined,
    run: LimitedRun,
  ): LinearResult {
    const { args, batch, width } = this.problem;
    const reading = this.problem.engine.downloadNow(cotangent);
    const results = this.computeLinear(uniform, run, reading, (derivative, numbers, sample) => ({
      parts: derivative.pull(shareOf(numbers, width, sample)),
      notFinite: countNotFinite(shareOf(numbers, width, sample)),
    }));
    const tensors = args.flatMap((argument, index) =>
      needed[index]
        ? [this.later(argument.tensor.shape, cotangent, results, (each) => gather(each, index, argument, batch))]
        : [],
    );
    return { tensors, summary: this.summarise(results, cotangent), marked: [] };
  }

  private pushForward(
    tangents: readonly (Tensor | undefined)[],
    uniform: UniformSelection | undefined,
    run: LimitedRun,
  ): LinearResult {
    const { engine, args, batch, width } = this.problem;
    const beside = tangents.find((tangent) => tangent !== undefined) as Tensor;
    const reading = Promise.all(tangents.map((tangent) => tangent && engine.downloadNow(tangent)));
    const results = this.computeLinear(uniform, run, reading, (derivative, numbers, sample) => {
      const own = args.map(({ width: length, isShared }, index) => {
        const given = numbers[index];
        return given && shareOf(given, length, isShared ? 0 : sample);
      });
      const notFinite = own.reduce((count, part) => count + (part ? countNotFinite(part) : 0), 0);
      return { parts: [derivative.push(own)], notFinite };
    });
    const row = { width, isShared: false };
    const tensor = this.later([batch, width], beside, results, (each) => gather(each, 0, row, batch));
    return { tensors: [tensor], summary: this.summarise(results, beside), marked: [] };
  }

  /** What becomes of the derivative of each sample, in turns with other tasks. */
  private computeLinear<Numbers>(
    uniform: UniformSelection | undefined,
    run: LimitedRun,
    reading: Promise<Numbers>,
    compute: (derivative: NodeDerivative, numbers: Numbers, sample: number) => Pick<LinearRow, 'parts' | 'notFinite'>,
  ): Promise<readonly LinearRow[]> {
    const selection: NodeSelection = typeof uniform === 'number' ? uniform : this.problem.selection;
    const computed = Promise.all([this.samples, reading]).then(async ([samples, numbers]) => {
      const results: LinearRow[] = [];
      for (const [index, sample] of samples.entries()) {
        const work = function* (): Interruptible<LinearRow> {
          yield;
          const derivative = sample.differentiate(selection);
          return { ...derivative, ...compute(derivative, numbers, index) };
        };
        results.push(run.isCutShort?.() ? NOT_COMPUTED : await runInTurns(work(), run.signal));
      }
      return results;
    });
    return this.problem.engine.trackRead(computed);
  }

  private summarise(results: Promise<readonly LinearRow[]>, beside: Tensor): Tensor {
    const pack = (rows: readonly LinearRow[]): Float64Array =>
      packSummary(
        rows.map((row) => {
          if (row === NOT_COMPUTED) return { isSolved: false, iterations: 0, residual: Number.POSITIVE_INFINITY };
          const { singular, residual, notFinite, parts } = row;
          if (singular) return { ...SINGULAR, notFinite };
          // A derivative of numbers of very different sizes may overflow.
          if (parts.some((part) => countNotFinite(part) > 0)) return { ...OVERFLOWN, notFinite };
          return { isSolved: true, iterations: 1, residual, notFinite };
        }),
      );
    return this.later([SUMMARY_ROWS.length, this.problem.batch], beside, results, pack, 0);
  }

  /** A tensor of what becomes of results; what has failed is reported elsewhere. @param otherwise stands for what failed */
  private later<Result>(
    shape: Shape,
    beside: Tensor | undefined,
    results: Promise<Result>,
    pack: (results: Result) => ArrayLike<number>,
    otherwise = Number.NaN,
  ): Tensor {
    const values = results.then(pack).catch(() => new Float64Array(sizeOf(shape)).fill(otherwise));
    return this.problem.engine.tensorLater(values, shape, beside);
  }
}

/** What a linear solve gives for one sample. */
interface LinearRow extends Pick<NodeDerivative, 'singular' | 'residual'> {
  /** The gradients of all arguments, or the tangent. */
  readonly parts: readonly Float64Array[];
  readonly notFinite: number;
}

/** Stands for a sample for which no time was left. */
const NOT_COMPUTED: LinearRow = { parts: [], notFinite: 0, singular: true, residual: Number.POSITIVE_INFINITY };

function shareOf(numbers: ArrayLike<number>, width: number, sample: number): Float64Array {
  return Float64Array.from({ length: width }, (_, index) => numbers[sample * width + index]);
}

function countNotFinite(numbers: Float64Array): number {
  return numbers.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
}

function concatenate(samples: readonly { readonly row: Float64Array }[], width: number): Float64Array {
  const rows = new Float64Array(samples.length * width);
  for (const [index, { row }] of samples.entries()) rows.set(row, index * width);
  return rows;
}

/** One part of each sample's results, one after the other, or their sum where samples share it; NaN where there is none. */
function gather(
  results: readonly LinearRow[],
  part: number,
  { width, isShared }: { readonly width: number; readonly isShared: boolean },
  batch: number,
): Float64Array {
  const gathered = new Float64Array(isShared ? width : batch * width);
  for (const [sample, { parts }] of results.entries()) {
    const start = isShared ? 0 : sample * width;
    for (let index = 0; index < width; index++) {
      const value = parts.length > part ? parts[part][index] : Number.NaN;
      gathered[start + index] += value;
    }
  }
  return gathered;
}
