import type { RegressionSamples } from '../../data/samples.ts';
import type { Model } from '../../layers/sequential.ts';
import type { TargetScale } from '../../layers/target-scale.ts';

/** The scale of a model; a model that has none gives targets in their own units. */
export function scaleOf({ targetScale, outputs }: Model): TargetScale {
  return targetScale ?? identityScale(outputs);
}

export function identityScale(targets: number): TargetScale {
  return { mean: new Array<number>(targets).fill(0), deviation: new Array<number>(targets).fill(1) };
}

/**
 * The scale in which each target has mean 0 and standard deviation 1, computed in float64, by weight where the samples
 * have weights.
 */
export function fitScale({ targets, count, weights }: RegressionSamples): TargetScale {
  const width = targets.length / count;
  const rows = Array.from({ length: count }, (_, row) => row).filter((row) => weights?.[row] !== 0);
  const unitOfWeights = findUnit(rows, (row) => weights?.[row] ?? 1);
  const meanOf = (value: (row: number) => number): number => {
    let [sum, all] = [0, 0];
    for (const row of rows) {
      const weight = (weights?.[row] ?? 1) / unitOfWeights;
      sum += weight * value(row);
      all += weight;
    }
    return sum / all;
  };
  const fitted = Array.from({ length: width }, (_, target) => {
    const at = (row: number): number => targets[row * width + target];
    const first = at(rows[0]);
    if (rows.every((row) => at(row) === first)) return { mean: first, deviation: 1 };
    const mean = meanOf(at);
    const unit = findUnit(rows, (row) => at(row) - mean);
    return { mean, deviation: unit * Math.sqrt(meanOf((row) => ((at(row) - mean) / unit) ** 2)) };
  });
  return { mean: fitted.map(({ mean }) => mean), deviation: fitted.map(({ deviation }) => deviation) };
}

/**
 * The power of two up to the largest of the values. In this unit neither squares of very small numbers are 0, nor do
 * sums of very large ones exceed float64, and the bits of others stay as they are.
 */
function findUnit(rows: readonly number[], value: (row: number) => number): number {
  return 2 ** Math.floor(Math.log2(rows.reduce((most, row) => Math.max(most, Math.abs(value(row))), 0)));
}

/** The targets in standard deviations from their means. */
export function scaleTargets({ targets }: RegressionSamples, { mean, deviation }: TargetScale): Float32Array {
  const width = mean.length;
  return Float32Array.from(targets, (target, at) => (target - mean[at % width]) / deviation[at % width]);
}
