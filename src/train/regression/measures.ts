/** The errors of predictions of one target. */

/** The errors of one target, weighted where the samples have weights. */
export interface TargetMeasures {
  /**
   * R² = 1 − Σ(y − ŷ)²/Σ(y − mean y)²: 1 for exact predictions, 0 for those that are the mean, negative for worse ones.
   * NaN where the target is the same in all samples.
   */
  readonly rSquared: number;
  /** √(Σ(y − ŷ)²/count), in the unit of the target. */
  readonly rootMeanSquaredError: number;
  /** Σ|y − ŷ|/count, in the unit of the target. */
  readonly meanAbsoluteError: number;
}

/** One target of all samples. */
export interface TargetColumn {
  readonly predicted: Float64Array;
  readonly truth: Float64Array;
  readonly weights: ArrayLike<number> | undefined;
}

/** @param drawn how often each sample counts. Default: once */
export function measureTarget({ predicted, truth, weights }: TargetColumn, drawn?: ArrayLike<number>): TargetMeasures {
  const weightOf = (row: number): number => (weights?.[row] ?? 1) * (drawn?.[row] ?? 1);
  let [all, mean] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    const weight = weightOf(row);
    if (weight === 0) continue;
    all += weight;
    mean += (weight / all) * (truth[row] - mean);
  }
  let [squares, sizes, spread] = [0, 0, 0];
  for (let row = 0; row < truth.length; row++) {
    const weight = weightOf(row);
    const error = truth[row] - predicted[row];
    squares += weight * error ** 2;
    sizes += weight * Math.abs(error);
    spread += weight * (truth[row] - mean) ** 2;
  }
  return {
    rSquared: spread === 0 ? Number.NaN : 1 - squares / spread,
    rootMeanSquaredError: Math.sqrt(squares / all),
    meanAbsoluteError: sizes / all,
  };
}
