/** What is known of an equation z = φ(Az + b), whatever b is, and the bounds of errors that follow. */
import { runInTurns } from '../../backends/event-loop.ts';
import { roundingUnits, type SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fetchPartOnce } from '../fetch-part.ts';
import { unlessAborted } from '../run-limits.ts';
import { certifiedByContraction, type WellPosed } from './verdict.ts';

/** What ‖A‖∞ ≤ κ by construction shows: in the largest entry, errors are at most residuals/(1 − κ). */
export function wellPosedByConstruction(contraction: number, n: number): WellPosed {
  const reason = `‖A‖∞ ≤ ${contraction} < 1 by construction, and the activation is non-expansive component by component`;
  return certifiedByContraction(reason, Math.sqrt(n) / (1 - contraction));
}

/** Loaded late: a layer that is well posed by construction never needs it. */
const examination = fetchPartOnce('what examines the matrix', () => import('./examine.ts'));

/** Reads a matrix [n, n] back and examines it; see `examineMatrix`. */
export async function examine(A: Tensor, isMonotone: boolean, signal?: AbortSignal): Promise<WellPosed> {
  const [numbers, { examineMatrix }] = await unlessAborted(Promise.all([A.data(), examination()]), signal);
  return unlessAborted(runInTurns(examineMatrix(numbers, A.shape[0], isMonotone), signal), signal);
}

/** The report with bounds of the errors, where something is known that bounds them. @param n numbers of a sample */
export function withErrorBounds(report: SolveReport, known: WellPosed | undefined, n: number): SolveReport {
  if (!known || known.status !== 'certified') return report;
  const { amplification } = known;
  const samples = report.samples.map((sample) => ({
    ...sample,
    errorBound: (sample.residual + roundingUnits(n) * sample.floor) * amplification,
  }));
  return { ...report, samples };
}
