/** The duality gap of Lasso solutions in float64, computed without the library. */
import type { GeneratedLasso, LassoSize } from './lasso.ts';

type Floats = Float32Array | Float64Array;

/** @param masks [folds, samples], 1 for the rows that count; undefined where all of them count */
interface MaskedProblem extends GeneratedLasso, LassoSize {
  readonly masks: Uint8Array | undefined;
}

/**
 * The largest gap over all folds and λ, relative to ½‖y‖² of the rows that count. With r = y − Xβ and
 * α = min(1, λ/max|Xᵀr|):
 *   ½‖r‖² + λ‖β‖₁ − α⟨y, r⟩ + ½α²‖r‖².
 * @param beta [folds · lambdas, features]
 */
export function worstGap(problem: MaskedProblem, logLambda: readonly number[], beta: Floats): number {
  const { samples, features, masks } = problem;
  const folds = masks ? masks.length / samples : 1;
  let worst = Number.NEGATIVE_INFINITY;
  for (let fold = 0; fold < folds; fold++) {
    const rows = Array.from({ length: samples }, (_, row) => row).filter(
      (row) => !masks || masks[fold * samples + row],
    );
    for (const [index, value] of logLambda.entries()) {
      const start = (fold * logLambda.length + index) * features;
      const gap = gapOf(problem, rows, Math.exp(value), beta.subarray(start, start + features));
      if (!(gap <= worst)) worst = gap;
    }
  }
  return worst;
}

function gapOf({ X, y, features }: MaskedProblem, rows: readonly number[], lambda: number, beta: Floats): number {
  const used = Array.from(beta.keys()).filter((feature) => beta[feature] !== 0);
  const correlation = new Float64Array(features);
  let [squares, along, atZero] = [0, 0, 0];
  for (const row of rows) {
    const x = X.subarray(row * features, (row + 1) * features);
    const residual = used.reduce((rest, feature) => rest - x[feature] * beta[feature], y[row]);
    squares += residual * residual;
    along += residual * y[row];
    atZero += y[row] ** 2 / 2;
    for (let feature = 0; feature < features; feature++) correlation[feature] += x[feature] * residual;
  }
  const l1 = used.reduce((total, feature) => total + Math.abs(beta[feature]), 0);
  const largest = correlation.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const alpha = Math.min(1, lambda / largest);
  return (squares / 2 + lambda * l1 - alpha * along + (alpha ** 2 * squares) / 2) / atZero;
}
