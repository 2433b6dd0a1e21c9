/** Programs on the device, in its precision, by operator splitting. Certificates are computed on the host, when asked for. */
import type { ProgramResult } from '../../solvers/programs/problem.ts';
import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Guard } from '../overwritten.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import type { RowSelection } from './active-rows.ts';
import { type DatumName, dataOfSample, type ReadNumbers, tensorsAmong } from './data.ts';
import type { TensorDatum } from './datum.ts';
import { DeviceReport } from './device-report.ts';
import { checkQuadratic } from './host-solve.ts';
import type { CheckedPrograms } from './options.ts';
import type { ProgramReport } from './report.ts';
import type { Route } from './route.ts';
import { createBoundsReader } from './sample-numbers.ts';
import { SolvedSample } from './solved-sample.ts';
import { createTensors, enqueueSplitting, pullBackBySplitting, pushForwardBySplitting } from './splitting-solve.ts';

export class SplittingRoute implements Route<SolvedSample, ProgramReport, DatumName> {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly tensors: Readonly<Record<DatumName, Tensor>>;
  /** The rows once more, for derivatives: whoever reads the solution may free it. */
  private readonly kept: Tensor;
  private readonly report: DeviceReport;
  private solved: Promise<readonly SolvedSample[]> | undefined;

  /**
   * @param owner a tensor of the data whose arena is that of the solutions
   * @param guard of the data, which are read when samples are first asked for
   */
  constructor(
    private readonly checked: CheckedPrograms,
    owner: Tensor | undefined,
    run: LimitedRun,
    private readonly guard: Guard,
  ) {
    const { engine, data } = checked;
    this.tensors = createTensors(engine, data, owner);
    const areRight = engine.trackRead(checkQuadratic(checked, data.P.tensor && this.tensors.P, this.signal));
    areRight.catch(() => {}); // the report and the solutions reject with it
    const { rows, summary, figures } = enqueueSplitting(checked, this.tensors, owner, run);
    this.rows = rows;
    this.kept = engine.alias(rows, rows.shape);
    this.summary = summary;
    this.report = new DeviceReport(engine, figures, data.batch, areRight, this.signal);
  }

  complete(read: SolveReport): Promise<ProgramReport> {
    return this.report.complete(read);
  }

  follow(report: Promise<ProgramReport>): void {
    this.report.follow(report);
  }

  samples(): Promise<readonly SolvedSample[]> {
    this.solved ??= unlessAborted(this.readSamples(), this.signal);
    return this.solved;
  }

  pullBack(
    cotangent: Tensor,
    wanted: readonly TensorDatum<DatumName>[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const { checked, tensors, kept } = this;
    return pullBackBySplitting(checked, tensors, kept, cotangent, wanted, selection, run);
  }

  pushForward(
    given: readonly (readonly [DatumName, Tensor])[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    return pushForwardBySplitting(this.checked, this.tensors, this.kept, given, selection, run);
  }

  async settle(): Promise<void> {}

  dispose(): void {
    for (const tensor of [this.kept, ...Object.values(this.tensors)]) tensor.dispose();
  }

  private get signal(): AbortSignal | undefined {
    return this.checked.settings.limits.signal;
  }

  private async readNumbers(): Promise<ReadNumbers> {
    const { engine, data } = this.checked;
    const read = tensorsAmong(data).map(
      async ({ name }) => [name, await engine.downloadNow(this.tensors[name])] as const,
    );
    return Object.fromEntries(await Promise.all(read));
  }

  /** The solutions as the device found them. */
  private async readSamples(): Promise<readonly SolvedSample[]> {
    const { engine, data } = this.checked;
    const { n, m, batch } = data;
    this.guard.check();
    const [numbers, rows, report] = await Promise.all([
      this.readNumbers(),
      engine.downloadNow(this.kept),
      this.report.read(),
    ]);
    const boundsOf = createBoundsReader(data, numbers);
    return Array.from({ length: batch }, (_, index) => {
      const { status, iterations, primal, dual, gap, objective, residual } = report.samples[index];
      const start = index * (n + 2 * m);
      const part = (from: number, length: number): Float64Array =>
        new Float64Array(rows.subarray(start + from, start + from + length));
      const result: ProgramResult = {
        status,
        iterations,
        x: part(0, n),
        y: part(n, m),
        z: part(n + m, m),
        objective,
        residuals: { primal, dual, gap },
        merit: residual,
      };
      return new SolvedSample(result, {
        data: () => dataOfSample(data, numbers, index, engine.epsilon),
        ...boundsOf(index),
        epsilon: engine.epsilon,
        accuracy: engine.epsilon,
        isPolished: false,
        isObjectiveExact: true,
      });
    });
  }
}
