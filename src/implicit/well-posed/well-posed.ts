/** What is known of an equation z = φ(Az + b), whatever b is. */
import { runInTurns } from '../../backends/event-loop.ts';
import { roundingUnits, type SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Known } from '../certificate.ts';
import { fetchPartOnce } from '../fetch-part.ts';
import { unlessAborted } from '../run-limits.ts';

/** What an examination of A shows. */
export interface WellPosed extends Known {
  /** The error ‖z − z*‖₂ is at most this times ‖z − φ(Az + b)‖₂. Infinite where nothing is known. */
  readonly amplification: number;
}

/** A is certified by a contraction. @param amplification as in WellPosed */
export function certifiedByContraction(reason: string, amplification: number): WellPosed {
  return { status: 'certified', argument: 'contraction', reason, amplification };
}

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
