/** Ridge regression: min Σ w(y − β·x − β₀)² + α‖β‖² (A. E. Hoerl, R. W. Kennard, 1970), with α by cross-validation. */
import { foldMasks } from '../../data/folds.ts';

/** Rows of numbers that predict others. */
export interface RidgeRows {
  /** count × features, row-major. */
  readonly inputs: ArrayLike<number>;
  /** count × targets, row-major. */
  readonly targets: ArrayLike<number>;
  readonly count: number;
  readonly features: number;
  /** The weight of each row. Default: all 1. */
  readonly weights?: ArrayLike<number> | undefined;
}

/** A linear model for each target. */
export interface Linear {
  /** The coefficients of the features. */
  readonly slopes: Float64Array;
  readonly intercept: number;
}

/** α per row, since both sums grow with the rows: from nearly none to nearly the mean. */
const PENALTIES = Array.from({ length: 14 }, (_, index) => 10 ** (-4 + index / 2));
const FOLDS = 5;

/** @param seed of the partition into five folds, each of which judges the α of each target once */
export function fitRidge(rows: RidgeRows, seed: number): Linear[] {
  const { count, targets } = rows;
  const width = targets.length / count;
  const all = sumRows(rows, () => true);
  const errors = Array.from({ length: width }, () => new Float64Array(PENALTIES.length));
  const { foldOf } = foldMasks(count, { folds: Math.min(FOLDS, count), seed });
  for (let fold = 0; fold < Math.min(FOLDS, count); fold++) {
    const sums = sumRows(rows, (row) => foldOf[row] !== fold);
    for (const [index, penalty] of PENALTIES.entries()) {
      const fitted = solve(sums, penalty);
      for (let row = 0; row < count; row++) {
        if (foldOf[row] !== fold) continue;
        for (let target = 0; target < width; target++) {
          const error = targets[row * width + target] - predictLinear(fitted[target], rows, row);
          errors[target][index] += (rows.weights?.[row] ?? 1) * error ** 2;
        }
      }
    }
  }
  return errors.map((own, target) => {
    const best = own.reduce((least, error, index) => (error < own[least] ? index : least), 0);
    return solve(all, PENALTIES[best])[target];
  });
}

export function predictLinear({ slopes, intercept }: Linear, { inputs, features }: RidgeRows, row: number): number {
  let value = intercept;
  for (let feature = 0; feature < features; feature++) value += slopes[feature] * inputs[row * features + feature];
  return value;
}

/** Weighted means, and second moments about them. */
interface Sums {
  readonly weight: number;
  readonly means: Float64Array;
  readonly targetMeans: Float64Array;
  /** features × features. */
  readonly moments: Float64Array;
  /** targets × features. */
  readonly products: Float64Array;
}

function sumRows({ inputs, targets, count, features, weights }: RidgeRows, uses: (row: number) => boolean): Sums {
  const width = targets.length / count;
  const chosen = Array.from({ length: count }, (_, row) => row).filter(uses);
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  const weight = chosen.reduce((sum, row) => sum + weightOf(row), 0) || 1;
  const meanOf = (values: ArrayLike<number>, columns: number): Float64Array =>
    Float64Array.from({ length: columns }, (_, column) => {
      return chosen.reduce((sum, row) => sum + weightOf(row) * values[row * columns + column], 0) / weight;
    });
  const [means, targetMeans] = [meanOf(inputs, features), meanOf(targets, width)];
  const moments = new Float64Array(features * features);
  const products = new Float64Array(width * features);
  for (const row of chosen) {
    for (let i = 0; i < features; i++) {
      const x = weightOf(row) * (inputs[row * features + i] - means[i]);
      for (let j = 0; j <= i; j++) moments[i * features + j] += x * (inputs[row * features + j] - means[j]);
      for (let target = 0; target < width; target++) {
        products[target * features + i] += x * (targets[row * width + target] - targetMeans[target]);
      }
    }
  }
  return { weight, means, targetMeans, moments, products };
}

/** Solves (moments + α·weight·I)β = products by Cholesky's factorisation, for each target. */
function solve({ weight, means, targetMeans, moments, products }: Sums, penalty: number): Linear[] {
  const n = means.length;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = moments[i * n + j] + (i === j ? penalty * weight : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i === j ? Math.sqrt(sum) : sum / factor[j * n + j];
    }
  }
  return Array.from(targetMeans, (mean, target) => {
    const slopes = products.slice(target * n, (target + 1) * n);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) slopes[i] -= factor[i * n + k] * slopes[k];
      slopes[i] /= factor[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) slopes[i] -= factor[k * n + i] * slopes[k];
      slopes[i] /= factor[i * n + i];
    }
    return { slopes, intercept: slopes.reduce((rest, slope, feature) => rest - slope * means[feature], mean) };
  });
}
