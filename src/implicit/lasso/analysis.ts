/** Evaluates the numbers of a Lasso solution, on the host in float64. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { hasCholeskyFactor } from '../../solvers/matrices.ts';

/** A batch of solutions as read from the device; matrices are row-major. */
export interface LassoNumbers {
  readonly rows: number;
  readonly features: number;
  readonly batch: number;
  readonly intercept: boolean;
  readonly nonNegative: boolean;
  /** [rows, features]; the columns are centred if there is an intercept. */
  readonly X: ArrayLike<number>;
  /** [groups, rows] */
  readonly masks: ArrayLike<number> | undefined;
  /** [1] or [batch] */
  readonly ridge: ArrayLike<number>;
  /** maxⱼ ‖Xⱼ‖² */
  readonly largest: number;
  /** [batch, features] */
  readonly beta: ArrayLike<number>;
  readonly correlation: ArrayLike<number>;
  readonly penalty: ArrayLike<number>;
  readonly kinkTolerance: ArrayLike<number>;
  /** The machine epsilon of the precision in which X is stored. */
  readonly epsilon: number;
}

/** Which features of one problem are active. */
export interface ActiveFeatures {
  /**
   * Features for which |hβ + correlation| exceeds the penalty by more than the kink tolerance, or which have no
   * penalty and may have either sign. They have q = 1, whatever the selection.
   */
  readonly support: readonly number[];
  /** Features within the tolerance, to which the selection applies. */
  readonly kinks: readonly { readonly feature: number; readonly value: number; readonly distance: number }[];
  /** Support and kinks together, in increasing order. */
  readonly equicorrelation: readonly number[];
  /** Signs of hβ + correlation, one for each feature of the equicorrelation set. */
  readonly signs: readonly number[];
}

function ridgeOf({ ridge }: LassoNumbers, problem: number): number {
  return ridge.length === 1 ? ridge[0] : ridge[problem];
}

export function findActiveFeatures(numbers: LassoNumbers, problem: number): ActiveFeatures {
  const { features, beta, correlation, penalty, kinkTolerance, largest, nonNegative } = numbers;
  const h = largest + ridgeOf(numbers, problem);
  const support: number[] = [];
  const kinks: { feature: number; value: number; distance: number }[] = [];
  const equicorrelation: number[] = [];
  const signs: number[] = [];
  for (let feature = 0; feature < features; feature++) {
    const at = problem * features + feature;
    const p = h * beta[at] + correlation[at];
    const excess = (nonNegative ? p : Math.abs(p)) - penalty[at];
    if (excess < -kinkTolerance[at]) continue;
    equicorrelation.push(feature);
    signs.push(nonNegative ? 1 : Math.sign(p));
    if (excess > kinkTolerance[at] || (penalty[at] === 0 && !nonNegative)) support.push(feature);
    else kinks.push({ feature, value: p, distance: Math.abs(excess) });
  }
  return { support, kinks, equicorrelation, signs };
}

/** XᵀPX + ρI restricted to some features of one problem, k × k. */
export function* computeCurvature(
  numbers: LassoNumbers,
  problem: number,
  indices: readonly number[],
): Interruptible<Float64Array> {
  const { rows, features, X, masks, batch, intercept } = numbers;
  const k = indices.length;
  const mask = (row: number): number => {
    if (!masks) return 1;
    const group = Math.floor(problem / (batch / (masks.length / rows)));
    return masks[group * rows + row];
  };
  const weights = Float64Array.from({ length: rows }, (_, row) => mask(row));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const columns: Float64Array[] = [];
  for (const feature of indices) {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = X[row * features + feature];
    if (intercept) {
      const mean = values.reduce((sum, value, row) => sum + weights[row] * value, 0) / total;
      for (let row = 0; row < rows; row++) values[row] -= mean;
    }
    columns.push(values);
    yield;
  }
  const H = new Float64Array(k * k);
  for (let i = 0, entries = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = weightedDot(weights, columns[i], columns[j]);
      H[i * k + j] = sum;
      H[j * k + i] = sum;
      if ((++entries * rows) % MULTIPLICATIONS_PER_TURN < rows) yield;
    }
    H[i * k + i] += ridgeOf(numbers, problem);
  }
  return H;
}

/** Multiplications after which other work may have its turn. */
const MULTIPLICATIONS_PER_TURN = 2 ** 17;

function weightedDot(weights: Float64Array, x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) sum += weights[row] * x[row] * y[row];
  return sum;
}

/**
 * Whether H, k × k, is shown to be positive definite by a Cholesky factor although its entries carry rounding errors
 * of size `epsilon`: H is scaled to a unit diagonal, and H − shift·I must have a factor, with a shift that covers k(k
 * + 1) roundings (Higham, theorem 10.3).
 */
export function* isDefinite(H: Float64Array, k: number, epsilon: number): Interruptible<boolean> {
  const scale = Float64Array.from({ length: k }, (_, i) => 1 / Math.sqrt(H[i * k + i]));
  if (!scale.every((value) => Number.isFinite(value))) return false;
  const scaled = Float64Array.from(H, (value, at) => value * scale[Math.floor(at / k)] * scale[at % k]);
  const shift = 4 * k * epsilon + 2 * k * (k + 1) * Number.EPSILON;
  for (let i = 0; i < k; i++) scaled[i * k + i] = 1 - shift;
  return yield* hasCholeskyFactor(scaled, k);
}
