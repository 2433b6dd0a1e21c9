/** From the summary of a solve to its report, and to tensors that throw where the solve has failed. */
import { ConvergenceError, isSolved, type SolveReport, sampleReports } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readSummary } from './summary.ts';

/** Which solve of which function is reported. */
export interface Reported {
  /** The function that was called, for messages. */
  readonly what: string;
  readonly direction: 'forward' | 'backward' | 'tangent';
  /** What holds the numbers that may not be finite, for messages. */
  readonly given: string;
  readonly solver: string;
  readonly tolerance: number;
  /** throw: reading anything that depends on a failed solve rejects. report: the report alone tells. */
  readonly onFailure: 'throw' | 'report';
  /** Whether anything is known of the matrix that bounds an error by a residual. */
  readonly isBounded: boolean;
}

/** Rounding of a linear solve, relative to v, at which nothing is left of its answer: the matrix is singular to the precision. */
const ALL_ROUNDING = 0.1;

/** Reads the summary, which is then freed. */
export async function reportOf(
  engine: Engine,
  { what, direction, given, solver, tolerance, isBounded }: Reported,
  summary: Tensor,
  since: number,
): Promise<SolveReport> {
  const values = summary.data();
  summary.dispose();
  const read = readSummary(await values);
  const bad = read.notFinite.findIndex((count) => count > 0);
  if (bad >= 0) {
    throw new RangeError(
      `${what}, ${direction}: ${given}, sample ${bad}, holds NaN or an infinity; every number must be finite`,
    );
  }
  const samples = sampleReports(read, tolerance).map((sample) =>
    direction !== 'forward' && sample.floor >= ALL_ROUNDING ? { ...sample, status: 'limit' as const } : sample,
  );
  return {
    solver,
    backend: engine.backend,
    milliseconds: performance.now() - since,
    tolerance,
    samples: isBounded ? samples : samples.map((sample) => ({ ...sample, errorBound: Number.NaN })),
  };
}

/** The same numbers, such that reading them awaits the report and throws where a sample was not solved. */
export function guarded(
  engine: Engine,
  { what, direction, onFailure }: Reported,
  tensor: Tensor,
  report: Promise<SolveReport>,
): Tensor {
  report.catch(() => {}); // it is told where the report or a tensor is awaited
  if (onFailure === 'report') return tensor;
  const verdict = report.then((found) => {
    if (!found.samples.every(isSolved)) throw new ConvergenceError(`${what}, ${direction}`, found);
  });
  const checked = engine.withCheck(tensor, verdict);
  tensor.dispose();
  return checked;
}
