/** Programs in float64: by the kernels of WebAssembly where these take them, and by the host where they do not. */
import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import type { RowSelection } from './active-rows.ts';
import { type DatumName, listData, tensorsAmong } from './data.ts';
import type { TensorDatum } from './datum.ts';
import { adjointOfSample, tangentOfSample } from './host-derivative.ts';
import { completeReport, enqueueOutputs } from './host-outputs.ts';
import { readTensors, solvePrograms } from './host-solve.ts';
import { solveAdjointByKernel } from './kernel-derivative.ts';
import { isForKernel, solveByKernel } from './kernel-solve.ts';
import { createOperands, type Operands, tensorsOf } from './operands.ts';
import type { CheckedPrograms } from './options.ts';
import { type ProgramReport, statedTolerance } from './report.ts';
import type { Route } from './route.ts';
import type { SolvedSample } from './solved-sample.ts';
import { directionsOfSample } from './tensor-data.ts';
import { pullBack, pushForward } from './tensor-derivative.ts';

export class HostRoute implements Route<SolvedSample, ProgramReport, DatumName> {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly solving: Promise<readonly SolvedSample[]>;
  /** The data on the device, where kernels treat them. */
  private readonly operands: Operands<DatumName> | undefined;
  /** The linear systems that were enqueued. */
  private readonly linear: Promise<unknown>[] = [];

  /** @param owner a tensor of the data whose arena is that of the solutions */
  constructor(
    private readonly checked: CheckedPrograms,
    owner: Tensor | undefined,
    run: LimitedRun,
  ) {
    const { engine, data, settings } = checked;
    const readings = readTensors(checked);
    this.operands = isForKernel(checked) ? createOperands(engine, listData(data), owner) : undefined;
    const byKernel = this.operands && solveByKernel(checked, this.operands, run);
    const solving = solvePrograms(checked, readings, run, byKernel);
    this.solving = unlessAborted(engine.trackRead(solving), settings.limits.signal);
    this.solving.catch(() => {}); // the report and the solutions reject with it
    const outputs = enqueueOutputs(checked, this.solving, statedTolerance(settings), owner);
    this.rows = outputs.rows;
    this.summary = outputs.summary;
  }

  complete(read: SolveReport): Promise<ProgramReport> {
    return completeReport(read, this.solving, statedTolerance(this.checked.settings));
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
    const { engine, data } = this.checked;
    const { solving: samples, operands } = this;
    const byKernel = operands && solveAdjointByKernel({ engine, data, samples }, operands, cotangent);
    const found = Promise.all([samples, byKernel]).then(([solved, rows]) =>
      solved.map((sample, index) => ({ sample, row: rows?.[index] })),
    );
    found.catch(() => {}); // the gradients reject with it
    const pulled = pullBack(
      { engine, data, samples: found },
      cotangent,
      wanted,
      run,
      true,
      ({ sample, row }, [x, y, z]) => adjointOfSample(sample, { x, y, z }, selection, row),
    );
    this.linear.push(pulled.isDone);
    return pulled.result;
  }

  pushForward(
    given: readonly (readonly [DatumName, Tensor])[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const { engine, data } = this.checked;
    return pushForward<SolvedSample, DatumName>(
      { engine, data, samples: this.solving },
      tensorsAmong(data),
      given,
      run,
      function* (sample, numbers, index) {
        const { x, y, z, residual, singular } = yield* tangentOfSample(
          sample,
          directionsOfSample(data, numbers, index),
          selection,
        );
        return { parts: [x, y, z], residual, singular };
      },
    );
  }

  settle(): Promise<unknown> {
    return Promise.allSettled(this.linear);
  }

  dispose(): void {
    for (const tensor of this.operands ? tensorsOf(this.operands) : []) tensor.dispose();
  }
}
