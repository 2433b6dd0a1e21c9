/** The validation loss of the reference problems of sparse models, written down apart from the library. */
import type { SparseReferenceCase } from '../fixtures/load-sparse-models.ts';

interface Coefficients {
  readonly beta: unknown;
  readonly intercept?: unknown;
}

/** The derivatives of the mean loss on the validation rows in β, row by row, and in the intercepts behind. */
export function validationCotangent(
  { X_val, y_val, loss, classes_or_tasks: outputs, fit_intercept }: SparseReferenceCase,
  { beta, intercept }: Coefficients,
): number[] {
  const features = X_val[0].length;
  const b = [beta].flat(2) as number[];
  const b0 = fit_intercept ? ([intercept].flat() as number[]) : Array<number>(outputs).fill(0);
  const cotangent = Array<number>((features + (fit_intercept ? 1 : 0)) * outputs).fill(0);
  for (const [row, x] of X_val.entries()) {
    const margins = b0.map((own, k) => x.reduce((sum, value, j) => sum + value * b[j * outputs + k], own));
    const slopes = slopesOf(loss, margins, y_val[row]);
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j < features; j++) cotangent[j * outputs + k] += (slopes[k] * x[j]) / X_val.length;
      if (fit_intercept) cotangent[features * outputs + k] += slopes[k] / X_val.length;
    }
  }
  return cotangent;
}

function slopesOf(loss: string, margins: readonly number[], target: number | readonly number[]): number[] {
  const y = [target].flat() as number[];
  if (loss === 'square') return margins.map((m, k) => m - y[k]);
  if (loss === 'logistic') return [-y[0] / (1 + Math.exp(y[0] * margins[0]))];
  const total = margins.reduce((sum, m) => sum + Math.exp(m), 0);
  return margins.map((m, k) => Math.exp(m) / total - (k === y[0] ? 1 : 0));
}
