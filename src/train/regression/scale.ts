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

/** The scale in which each target has mean 0 and standard deviation 1, computed in float64. */
export function fitScale({ targets, count }: RegressionSamples): TargetScale {
  const width = targets.length / count;
  const fitted = Array.from({ length: width }, (_, target) => {
    const column = Float64Array.from({ length: count }, (__, row) => targets[row * width + target]);
    const mean = column.reduce((sum, value) => sum + value, 0) / count;
    const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
    return column.every((value) => value === column[0]) ? { mean: column[0], deviation: 1 } : { mean, deviation };
  });
  return { mean: fitted.map(({ mean }) => mean), deviation: fitted.map(({ deviation }) => deviation) };
}

/** The targets in standard deviations from their means. */
export function scaleTargets({ targets }: RegressionSamples, { mean, deviation }: TargetScale): Float32Array {
  const width = mean.length;
  return Float32Array.from(targets, (target, at) => (target - mean[at % width]) / deviation[at % width]);
}
