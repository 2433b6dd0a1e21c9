/** Cone programs on the device, in its precision, by operator splitting. Certificates are computed on the host, when asked for. */
import type { ConeResult } from '../../solvers/cones/problem.ts';
import type { SolveReport } from '../../solvers/report.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Guard } from '../overwritten.ts';
import type { RowSelection } from '../programs/active-rows.ts';
import type { Datum, ReadNumbers, TensorDatum } from '../programs/datum.ts';
import { denseRows } from '../programs/dense-rows.ts';
import { DeviceReport } from '../programs/device-report.ts';
import { checkQuadratic } from '../programs/host-solve.ts';
import { type ProgramReport, statedTolerance } from '../programs/report.ts';
import type { Route } from '../programs/route.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { type ConeDatumName, dataOfSample, listData, tensorsAmong } from './data.ts';
import type { CheckedCones } from './options.ts';
import { SolvedCone } from './solved-cone.ts';
import {
  type ConeStartTensors,
  type DeviceCones,
  enqueueConeSplitting,
  pullBackByConeSplitting,
  pushForwardByConeSplitting,
} from './splitting-solve.ts';

export class SplittingRoute implements Route<SolvedCone, ProgramReport, ConeDatumName> {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly batch: DeviceCones;
  /** The rows once more, for derivatives: whoever reads the solution may free it. */
  private readonly kept: Tensor;
  private readonly report: DeviceReport;
  private solved: Promise<readonly SolvedCone[]> | undefined;

  /**
   * @param owner a tensor of the data whose arena is that of the solutions
   * @param guard of the data, which are read when samples are first asked for
   */
  constructor(
    private readonly checked: CheckedCones,
    owner: Tensor | undefined,
    run: LimitedRun,
    private readonly guard: Guard,
  ) {
    const { engine, data, settings } = checked;
    const { n, m, batch, blocks } = data;
    this.batch = { engine, batch, n, m, blocks, tensors: createTensors(checked, owner) };
    const areRight = engine.trackRead(checkQuadratic(checked, data.P.tensor && this.batch.tensors.P, this.signal));
    areRight.catch(() => {}); // the report and the solutions reject with it
    const starts = this.createStarts();
    const enqueued = enqueueConeSplitting(this.batch, settings, statedTolerance(settings), starts, run);
    for (const tensor of Object.values(starts)) tensor.dispose();
    this.rows = enqueued.rows;
    this.kept = engine.alias(enqueued.rows, enqueued.rows.shape);
    this.summary = enqueued.summary;
    this.report = new DeviceReport(engine, enqueued.figures, batch, areRight, this.signal);
  }

  complete(read: SolveReport): Promise<ProgramReport> {
    return this.report.complete(read);
  }

  follow(report: Promise<ProgramReport>): void {
    this.report.follow(report);
  }

  samples(): Promise<readonly SolvedCone[]> {
    this.solved ??= unlessAborted(this.readSamples(), this.signal);
    return this.solved;
  }

  pullBack(
    cotangent: Tensor,
    wanted: readonly TensorDatum<ConeDatumName>[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const names = wanted.map(({ name }) => name);
    return this.withSelection(selection, cotangent, (q) =>
      pullBackByConeSplitting(this.batch, this.kept, cotangent, names, q, run),
    );
  }

  pushForward(
    given: readonly (readonly [ConeDatumName, Tensor])[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    return this.withSelection(selection, given[0][1], (q) =>
      pushForwardByConeSplitting(this.batch, this.kept, given, q, run),
    );
  }

  async settle(): Promise<void> {}

  dispose(): void {
    for (const tensor of [this.kept, ...this.tensors]) tensor.dispose();
  }

  private get tensors(): Tensor[] {
    return Object.values(this.batch.tensors);
  }

  private get signal(): AbortSignal | undefined {
    return this.checked.settings.limits.signal;
  }

  private createStarts(): ConeStartTensors {
    const { engine, initial, data } = this.checked;
    const { n, m, batch } = data;
    const starts: Partial<Record<'x' | 'y' | 's', Tensor>> = {};
    for (const [name, length] of [['x', n] as const, ['y', m] as const, ['s', m] as const]) {
      const given = initial[name];
      if (given === undefined) continue;
      const size = isTensor(given) ? given.size : given.length;
      const shape = size === length ? [length] : [batch, length];
      starts[name] = isTensor(given)
        ? engine.alias(given, shape)
        : engine.runLasting(() => engine.tensor(given, shape));
    }
    return starts;
  }

  /** Calls with one number where the selection is the same everywhere, and else with a tensor. */
  private withSelection(
    selection: RowSelection,
    beside: Tensor,
    call: (q: number | Tensor) => LinearResult,
  ): LinearResult {
    const first = typeof selection === 'number' ? selection : (selection[0] ?? 0);
    if (typeof selection === 'number' || Array.from(selection).every((q) => q === first)) return call(first);
    const shares = this.checked.engine.upload(selection, [selection.length], beside);
    const result = call(shares);
    shares.dispose();
    return result;
  }

  private async readNumbers(): Promise<ReadNumbers<ConeDatumName>> {
    const { engine, data } = this.checked;
    const read = tensorsAmong(data).map(
      async ({ name }) => [name, await engine.downloadNow(this.batch.tensors[name] as Tensor)] as const,
    );
    return Object.fromEntries(await Promise.all(read));
  }

  /** The solutions as the device found them. */
  private async readSamples(): Promise<readonly SolvedCone[]> {
    const { engine, data } = this.checked;
    const { n, m, batch } = data;
    this.guard.check();
    const [numbers, rows, report] = await Promise.all([
      this.readNumbers(),
      engine.downloadNow(this.kept),
      this.report.read(),
    ]);
    return Array.from({ length: batch }, (_, index) => {
      const { status, iterations, primal, dual, gap, objective, residual } = report.samples[index];
      const start = index * (n + 2 * m);
      const part = (from: number, length: number): Float64Array =>
        new Float64Array(rows.subarray(start + from, start + from + length));
      const result: ConeResult = {
        status,
        iterations,
        x: part(0, n),
        y: part(n, m),
        s: part(n + m, m),
        objective,
        residuals: { primal, dual, gap },
        merit: residual,
      };
      const makeData = () => dataOfSample(data, numbers, index, engine.epsilon);
      return new SolvedCone(result, { data: makeData, epsilon: engine.epsilon, isExact: false });
    });
  }
}

/** The data on the device, in its precision: aliases of tensors, and copies of arrays, in the arena of the data. */
function createTensors({ engine, data }: CheckedCones, beside: Tensor | undefined): DeviceCones['tensors'] {
  const tensorOf = (datum: Datum<unknown>): Tensor => {
    if (datum.tensor) return engine.alias(datum.tensor, datum.tensor.shape);
    const shape = [...(datum.batch === undefined ? [] : [datum.batch]), ...datum.extents];
    const numbers = denseRows(datum);
    return beside ? engine.upload(numbers, shape, beside) : engine.tensor(numbers, shape);
  };
  const entries = listData(data).map((datum) => [datum.name, tensorOf(datum)]);
  return Object.fromEntries(entries) as DeviceCones['tensors'];
}
