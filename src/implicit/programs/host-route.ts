/** Programs in float64: by the kernels of WebAssembly where these take them, and by the host where they do not. */
import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { RowSelection } from './active-rows.ts';
import type { DatumName } from './data.ts';
import type { TensorDatum } from './datum.ts';
import { readTensors, solvePrograms } from './host-solve.ts';
import { createOperands, isForKernel, type Operands, solveByKernel, tensorsOf } from './kernel-solve.ts';
import type { CheckedPrograms } from './options.ts';
import { packSolutions, packSummary } from './packing.ts';
import { type ProgramReport, reportSample, statedTolerance } from './report.ts';
import type { Route } from './route.ts';
import type { SolvedSample } from './solved-sample.ts';
import { pullBack, pushForward, type SolvedBatch } from './tensor-derivative.ts';

export class HostRoute implements Route {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly solving: Promise<readonly SolvedSample[]>;
  /** The data on the device, where kernels treat them. */
  private readonly operands: Operands | undefined;
  /** The linear systems that were enqueued. */
  private readonly linear: Promise<unknown>[] = [];

  /** @param owner a tensor of the data whose arena is that of the solutions */
  constructor(
    private readonly checked: CheckedPrograms,
    owner: Tensor | undefined,
    run: LimitedRun,
  ) {
    const { engine, data, settings } = checked;
    const { n, m, batch } = data;
    const readings = readTensors(checked);
    this.operands = isForKernel(checked) ? createOperands(engine, data, owner) : undefined;
    const byKernel = this.operands && solveByKernel(checked, this.operands, run);
    const solving = solvePrograms(checked, readings, run, byKernel);
    this.solving = unlessAborted(engine.trackRead(solving), settings.limits.signal);
    this.solving.catch(() => {}); // the report and the solutions reject with it
    const tolerance = statedTolerance(settings);
    const width = n + 2 * m;
    const packed = this.solving.then(
      (samples) => packSolutions(samples, n, m),
      () => new Float64Array(batch * width).fill(Number.NaN),
    );
    const summary = this.solving.then(
      (samples) =>
        packSummary(
          samples.map((sample) => ({ isSolved: sample.isSolved, ...reportSample(sample, tolerance), floor: 0 })),
        ),
      () => new Float64Array(SUMMARY_ROWS.length * batch),
    );
    this.rows = engine.tensorLater(packed, [batch, width], owner);
    this.summary = engine.tensorLater(summary, [SUMMARY_ROWS.length, batch], owner);
  }

  async complete(read: SolveReport): Promise<ProgramReport> {
    const samples = await this.solving;
    const tolerance = statedTolerance(this.checked.settings);
    return { ...read, samples: samples.map((sample) => reportSample(sample, tolerance)) };
  }

  follow(): void {} // the samples say it all

  samples(): Promise<readonly SolvedSample[]> {
    return this.solving;
  }

  pullBack(
    cotangent: Tensor,
    wanted: readonly TensorDatum<DatumName>[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const { result, isDone } = pullBack(this.batch, cotangent, wanted, selection, run);
    this.linear.push(isDone);
    return result;
  }

  pushForward(
    given: readonly (readonly [DatumName, Tensor])[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    return pushForward(this.batch, given, selection, run);
  }

  settle(): Promise<unknown> {
    return Promise.allSettled(this.linear);
  }

  dispose(): void {
    for (const tensor of this.operands ? tensorsOf(this.operands) : []) tensor.dispose();
  }

  private get batch(): SolvedBatch {
    const { engine, data } = this.checked;
    return { engine, data, samples: this.solving, operands: this.operands };
  }
}
