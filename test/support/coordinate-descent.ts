/**
 * The Lasso with all of its options, in float64 and written independently of the library:
 * ½ Σᵢ mᵢ(yᵢ − b − xᵢᵀβ)² + e^λ Σⱼ wⱼ|βⱼ| + ½ρ Σⱼ βⱼ², with a mask (or weight) m of rows, weights w of the penalty, an
 * intercept b and a ridge ρ, solved by cyclic coordinate descent (W. Fu, 1998; J. Friedman, T. Hastie, R. Tibshirani,
 * 2010). Here λ is the logarithm of the penalty.
 */
import type { LassoProblem } from './lars.ts';
import { columnsOf } from './least-squares.ts';
import { dot, type Numbers } from './numbers.ts';

export interface PenalisedProblem extends LassoProblem {
  readonly logLambda: number;
  /** wⱼ ≥ 0, one for each feature. Default 1. */
  readonly weights?: Numbers;
  /** ρ ≥ 0. Default 0. */
  readonly ridge?: number;
  /** mᵢ ≥ 0, one for each row; 0 leaves the row out. Default 1. */
  readonly mask?: Numbers;
  /** Whether b is free; otherwise it is 0. Default false. */
  readonly intercept?: boolean;
}

interface LinearFit {
  readonly beta: readonly number[];
  readonly intercept: number;
}

/** The numbers that the oracle computes with: a problem with its defaults filled in. */
interface Terms {
  readonly columns: readonly Float64Array[];
  readonly y: Numbers;
  readonly penalty: number;
  readonly weights: Numbers;
  readonly ridge: number;
  readonly mask: Numbers;
  readonly intercept: boolean;
}

function termsOf(problem: PenalisedProblem): Terms {
  const { X, y, features, logLambda, ridge = 0, intercept = false } = problem;
  const { weights = new Float64Array(features).fill(1), mask = new Float64Array(y.length).fill(1) } = problem;
  return { columns: columnsOf(X, features), y, penalty: Math.exp(logLambda), weights, ridge, mask, intercept };
}

/** m∘(y − b − Xβ) */
function maskedResidual({ columns, y, mask }: Terms, { beta, intercept }: LinearFit): Float64Array {
  return Float64Array.from(y, (value, row) => {
    const fitted = columns.reduce((sum, column, feature) => sum + column[row] * beta[feature], intercept);
    return mask[row] * (value - fitted);
  });
}

/**
 * Sweeps until the optimality conditions hold to `tolerance`, as measured by `kktViolation`.
 *
 * @throws Error where they do not hold after 100 000 sweeps
 */
export function coordinateDescent(problem: PenalisedProblem, tolerance = 1e-12): LinearFit {
  const terms = termsOf(problem);
  const { columns, y, penalty, weights, ridge, mask } = terms;
  const rows = y.length;
  const beta = new Array<number>(columns.length).fill(0);
  const curvatures = columns.map((column) => column.reduce((sum, x, row) => sum + mask[row] * x * x, 0));
  const weight = Array.from(mask).reduce((sum, each) => sum + each, 0);
  let intercept = 0;
  for (let sweep = 0; sweep < 100_000; sweep++) {
    // Recomputed for each sweep, so that no rounding adds up: r = y − b − Xβ, without the mask.
    const rest = Float64Array.from(y, (value, row) =>
      columns.reduce((sum, column, feature) => sum - column[row] * beta[feature], value - intercept),
    );
    if (terms.intercept) {
      const change = dot(mask, rest) / weight;
      intercept += change;
      for (let row = 0; row < rows; row++) rest[row] -= change;
    }
    columns.forEach((column, feature) => {
      if (curvatures[feature] === 0) return;
      let correlation = curvatures[feature] * beta[feature];
      for (let row = 0; row < rows; row++) correlation += mask[row] * column[row] * rest[row];
      // β_j = soft(X_jᵀm∘(r + X_jβ_j), e^λ w_j) / (X_jᵀm∘X_j + ρ)
      const shrunk = Math.max(Math.abs(correlation) - penalty * weights[feature], 0);
      const next = (Math.sign(correlation) * shrunk) / (curvatures[feature] + ridge);
      for (let row = 0; row < rows; row++) rest[row] -= column[row] * (next - beta[feature]);
      beta[feature] = next;
    });
    if (kktViolation(problem, { beta, intercept }) <= tolerance) return { beta, intercept };
  }
  throw new Error(
    `coordinate descent: the violation is ${kktViolation(problem, { beta, intercept })} after all sweeps`,
  );
}

/**
 * The distance of a point from optimality: the greatest violation of the optimality conditions, relative to max(e^λ,
 * maxⱼ|X_jᵀm∘y|·1e-3). With g_j = X_jᵀm∘r − ρβ_j they are g_j = e^λ w_j sign β_j where β_j ≠ 0, |g_j| ≤ e^λ w_j where
 * β_j = 0, and Σ m∘r = 0 where there is an intercept.
 */
export function kktViolation(problem: PenalisedProblem, fit: LinearFit): number {
  const terms = termsOf(problem);
  const { columns, y, penalty, weights, ridge, mask } = terms;
  const rest = maskedResidual(terms, fit);
  const violations = columns.map((column, feature) => {
    const value = fit.beta[feature];
    const g = dot(column, rest) - ridge * value;
    const bound = penalty * weights[feature];
    return value === 0 ? Math.max(0, Math.abs(g) - bound) : Math.abs(g - Math.sign(value) * bound);
  });
  if (terms.intercept) violations.push(Math.abs(rest.reduce((sum, each) => sum + each, 0)));
  const masked = Float64Array.from(y, (value, row) => mask[row] * value);
  const greatest = Math.max(...columns.map((column) => Math.abs(dot(column, masked))));
  return Math.max(...violations) / Math.max(penalty, 1e-3 * greatest);
}

/** The value of the objective. */
export function objective(problem: PenalisedProblem, fit: LinearFit): number {
  const terms = termsOf(problem);
  const { columns, y, penalty, weights, ridge, mask } = terms;
  const errors = Array.from(y, (value, row) => {
    const error = value - columns.reduce((sum, column, j) => sum + column[row] * fit.beta[j], fit.intercept);
    return mask[row] * error * error;
  });
  const squares = errors.reduce((sum, each) => sum + each, 0);
  const penalties = fit.beta.map((value, j) => penalty * weights[j] * Math.abs(value) + 0.5 * ridge * value * value);
  return 0.5 * squares + penalties.reduce((sum, each) => sum + each, 0);
}

/**
 * The duality gap, an upper bound on how far the objective is above its minimum. With X̃ = [√m∘X; √ρ I] and ỹ = [√m∘y;
 * 0] the dual is max ½‖ỹ‖² − ½‖ỹ − θ‖² over |X̃_jᵀθ| ≤ e^λ w_j. This takes θ = s·(ỹ − X̃β) with the best feasible s.
 * The intercept must be the best one for β; then √m·θ sums to 0, as the dual demands.
 *
 * @throws Error where a weight is 0: no multiple of the residual is feasible then
 */
export function dualityGap(problem: PenalisedProblem, fit: LinearFit): number {
  const terms = termsOf(problem);
  const { columns, y, penalty, weights, ridge, mask } = terms;
  if (Array.from(weights).some((weight) => weight === 0)) throw new Error('the duality gap needs weights > 0');
  const rest = maskedResidual(terms, fit);
  // ‖ỹ − X̃β‖², ỹᵀ(ỹ − X̃β); m∘r carries one factor m, so that ỹᵀr̃ = yᵀ(m∘r), and y − b stands for y.
  const shifted = Float64Array.from(y, (value) => value - fit.intercept);
  const squares = rest.reduce((sum, each, row) => sum + (mask[row] === 0 ? 0 : (each * each) / mask[row]), 0);
  const norm = squares + ridge * fit.beta.reduce((sum, value) => sum + value * value, 0);
  const along = dot(shifted, rest);
  const limit = Math.min(
    ...columns.map((column, j) => (penalty * weights[j]) / Math.abs(dot(column, rest) - ridge * fit.beta[j])),
  );
  const scale = norm === 0 ? 0 : Math.min(Math.max(along / norm, -limit), limit);
  // ½‖ỹ‖² − ½‖ỹ − sr̃‖² = s·ỹᵀr̃ − ½s²‖r̃‖²
  return objective(problem, fit) - (scale * along - 0.5 * scale * scale * norm);
}
