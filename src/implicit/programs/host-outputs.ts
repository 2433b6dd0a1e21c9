/** The outputs of a batch that is solved on the host, while what needs them is already enqueued. */
import type { ProgramResult } from '../../solvers/programs/problem.ts';
import type { SolveReport } from '../../solvers/report.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { Extents } from './datum.ts';
import { type Packed, packSolutions, packSummary } from './packing.ts';
import { type ProgramReport, reportSample } from './report.ts';

/** A program that was solved. */
interface HostSample extends Packed {
  readonly result: Omit<ProgramResult, 'x' | 'y' | 'z'>;
  readonly isSolved: boolean;
}

/** The rows and the summary of a batch; see `Route`. @param tolerance that the report states */
export function enqueueOutputs(
  { engine, data }: { engine: Engine; data: Extents },
  solving: Promise<readonly HostSample[]>,
  tolerance: number,
  owner: Tensor | undefined,
): { readonly rows: Tensor; readonly summary: Tensor } {
  const { n, m, batch } = data;
  const width = n + 2 * m;
  const packed = solving.then(
    (samples) => packSolutions(samples, n, m),
    () => new Float64Array(batch * width).fill(Number.NaN),
  );
  const summary = solving.then(
    (samples) =>
      packSummary(
        samples.map((sample) => ({ isSolved: sample.isSolved, ...reportSample(sample, tolerance), floor: 0 })),
      ),
    () => new Float64Array(SUMMARY_ROWS.length * batch),
  );
  return {
    rows: engine.tensorLater(packed, [batch, width], owner),
    summary: engine.tensorLater(summary, [SUMMARY_ROWS.length, batch], owner),
  };
}

/** Makes the report of the batch from what its summary says. */
export async function completeReport(
  read: SolveReport,
  solving: Promise<readonly HostSample[]>,
  tolerance: number,
): Promise<ProgramReport> {
  const samples = await solving;
  return { ...read, samples: samples.map((sample) => reportSample(sample, tolerance)) };
}
