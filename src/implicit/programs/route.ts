import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import type { RowSelection } from './active-rows.ts';
import type { TensorDatum } from './datum.ts';

/** How a batch of programs is solved and differentiated: in float64 by the host, or on the device. */
export interface Route<Sample, Report extends SolveReport, Name extends string> {
  /** x, y and z side by side, [batch, n + 2m]. */
  readonly rows: Tensor;
  /** The summary of the solve; whoever reads it frees it. */
  readonly summary: Tensor;
  /** Makes the report of the batch from what the summary says. Rejects where the data are wrong. */
  complete(read: SolveReport): Promise<Report>;
  /** Is told the report, whatever becomes of it: it may reject before `complete` is called. */
  follow(report: Promise<Report>): void;
  /** All programs with their solutions, for what is computed on the host. */
  samples(): Promise<readonly Sample[]>;
  /** Enqueues the gradients of the data that are wanted. */
  pullBack(
    cotangent: Tensor,
    wanted: readonly TensorDatum<Name>[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult;
  /** Enqueues the tangent of the rows. @param given the tangents of some of the data */
  pushForward(given: readonly (readonly [Name, Tensor])[], selection: RowSelection, run: LimitedRun): LinearResult;
  /** Resolves when what may shorten a certificate has been computed. */
  settle(): Promise<unknown>;
  /** Frees what belongs to the route besides the rows. */
  dispose(): void;
}
