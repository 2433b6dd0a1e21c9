/**
 * The solutions of a batch of programs of any kind: one row for each program, from which its parts are cut, with one
 * custom operation that differentiates it, and results that are computed for each program when they are asked for.
 */
import type { CustomOperation } from '../../autodiff/custom.ts';
import type { UniformSelection } from '../../autodiff/selection.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SolveReport } from '../../solvers/report.ts';
import type { Engine } from '../../tensor/engine.ts';
import { recordOperation } from '../../tensor/operations.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import { computeEach, cutColumns, dependOn, ownerOf } from '../host-rows.ts';
import { type Guard, guardTensors } from '../overwritten.ts';
import type { Course } from '../solution.ts';
import type { RowSelection } from './active-rows.ts';
import type { Extents, TensorDatum } from './datum.ts';
import type { Packed } from './packing.ts';
import type { Route } from './route.ts';

/** What a batch is, and how it is solved. */
export interface RowsProblem<Sample, Report extends SolveReport, Name extends string> {
  /** The public function that was called, for messages. */
  readonly what: string;
  readonly engine: Engine;
  readonly data: Extents;
  readonly tensors: readonly TensorDatum<Name>[];
  readonly course: Course;
  readonly signal: AbortSignal | undefined;
  /** Enqueues the solve. @param owner a tensor of the data whose arena is that of the solutions */
  readonly createRoute: (owner: Tensor | undefined, guard: Guard) => Route<Sample, Report, Name>;
  /** q at the kinks; undefined where the caller gave none. */
  readonly selection: Float64Array | undefined;
  /** The equation that rows solve, in operations that a tape follows. @param given the data that are tensors, by name */
  readonly equation?: (rows: Tensor, given: Readonly<Partial<Record<Name, Tensor>>>) => Tensor;
}

export class SolvedRows<Sample extends Packed, Report extends SolveReport, Name extends string> {
  readonly report: Promise<Report>;
  readonly route: Route<Sample, Report, Name>;
  /** The first n, the next m and the last m columns: [n], [m] and [m], or with an axis for samples. */
  readonly parts: readonly [Tensor, Tensor, Tensor];
  private readonly guard: Guard;
  private readonly owner: Tensor | undefined;
  /** [batch, n + 2m] */
  private readonly rows: Tensor;

  constructor(private readonly problem: RowsProblem<Sample, Report, Name>) {
    const { what, tensors, course, data } = problem;
    const inputs = tensors.map(({ tensor }) => tensor);
    this.owner = ownerOf(inputs);
    this.guard = guardTensors(what, inputs, (index) => tensors[index].name);
    this.route = problem.createRoute(this.owner, this.guard);
    const enqueued = [dependOn(problem.engine, this.route.rows, inputs)];
    const { report, outputs } = course.completeForward<Report>(this.route.summary, enqueued, (read) =>
      this.route.complete(read),
    );
    this.report = report;
    this.route.follow(report);
    this.rows = recordOperation('custom', inputs, outputs[0], this.createOperation());
    this.parts = [this.cut(0, data.n), this.cut(data.n, data.m), this.cut(data.n + data.m, data.m)];
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.problem.course.backwardReports;
  }

  /** The selection of the tape, else that of the options, else 0. */
  selectionFor(uniform: UniformSelection | undefined): RowSelection {
    return typeof uniform === 'number' ? uniform : (this.problem.selection ?? 0);
  }

  /** All programs, once the solutions may be read: where one was not solved, this rejects as reading x does. */
  private async solvedSamples(): Promise<readonly Sample[]> {
    await this.parts[0].data();
    return this.route.samples();
  }

  /** The parts and the objectives of all programs in float64, one program after the other; NaN where there is no solution. */
  async values(
    objectiveOf: (sample: Sample) => number,
  ): Promise<readonly [Float64Array, Float64Array, Float64Array, objective: Float64Array]> {
    const samples = await this.solvedSamples();
    const { n, m } = this.problem.data;
    const part = (place: number, length: number): Float64Array => {
      const packed = new Float64Array(samples.length * length).fill(Number.NaN);
      for (const [index, { parts, hasNumbers }] of samples.entries()) {
        if (hasNumbers) packed.set(parts[place], index * length);
      }
      return packed;
    };
    const objective = Float64Array.from(samples, (sample) => (sample.hasNumbers ? objectiveOf(sample) : Number.NaN));
    return [part(0, n), part(1, m), part(2, m), objective];
  }

  /** A result for each program, in turns with other tasks. */
  async computeEach<Result>(
    compute: (sample: Sample, index: number) => Interruptible<Result>,
  ): Promise<readonly Result[]> {
    return computeEach(await this.route.samples(), compute, this.problem.signal);
  }

  dispose(): void {
    for (const tensor of [...this.parts, this.rows]) tensor.dispose();
    this.route.dispose();
  }

  /** Columns of the rows, without the axis for samples where no datum has one. */
  private cut(start: number, length: number): Tensor {
    const { engine, data } = this.problem;
    const { batch, isBatched } = data;
    // No operation makes a tensor without numbers.
    if (length === 0) return engine.tensorLater(Promise.resolve([]), isBatched ? [batch, 0] : [0], this.owner);
    return cutColumns(this.rows, start, length, isBatched ? [batch, length] : [length]);
  }

  private createOperation(): CustomOperation {
    const { what, selection, data, tensors, course, equation } = this.problem;
    return {
      name: what,
      isSelectable: selection === undefined,
      ...(equation && {
        equation: (rows: Tensor, inputs: readonly Tensor[]) => {
          const given = Object.fromEntries(tensors.map(({ name }, index) => [name, inputs[index]]));
          return equation(rows, given as Partial<Record<Name, Tensor>>);
        },
      }),
      isRowwise: tensors.map(({ batch }) => batch === data.batch),
      pullback: (cotangent, needed, uniform) => {
        this.guard.check();
        const wanted = tensors.filter((_, index) => needed[index]);
        const selected = this.selectionFor(uniform);
        const made = course.runLinear('backward', (run) => this.route.pullBack(cotangent, wanted, selected, run));
        return needed.map((isNeeded) => (isNeeded ? made.shift() : undefined));
      },
      pushforward: (tangents, uniform) => {
        this.guard.check();
        const given = tensors.flatMap(({ name }, index) => {
          const tangent = tangents[index];
          return tangent ? [[name, tangent] as const] : [];
        });
        const selected = this.selectionFor(uniform);
        return course.runLinear('tangent', (run) => this.route.pushForward(given, selected, run))[0];
      },
    };
  }
}
