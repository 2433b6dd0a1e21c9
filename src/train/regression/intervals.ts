/** Intervals of measures by resampling. */
import type { Random } from '../../data/random.ts';
import { measureTarget, type TargetColumn } from './measures.ts';

/**
 * Intervals that contain a measure of the model on the whole population in about 95 % of cases, as far as the samples
 * are independent draws from it. They say nothing of how the model would vary with other training samples.
 */
export interface ErrorIntervals {
  /** From and to, of R². */
  readonly rSquared: readonly [number, number];
  /** From and to, in the unit of the target. */
  readonly rootMeanSquaredError: readonly [number, number];
  /** From and to, in the unit of the target. */
  readonly meanAbsoluteError: readonly [number, number];
}

const RESAMPLES = 1000;
const TAIL = 0.025;

/**
 * The percentile bootstrap (B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979): the 2.5 % and 97.5 %
 * quantiles of the measure over 1000 samples of the same size, drawn with replacement. The seed is fixed, so that the
 * same predictions have the same intervals.
 *
 * @param generator with a fixed seed
 */
export function computeIntervals(column: TargetColumn, generator: Random): ErrorIntervals {
  const count = column.truth.length;
  const drawn = new Float64Array(count);
  const measured = Array.from({ length: RESAMPLES }, () => {
    drawn.fill(0);
    for (let draw = 0; draw < count; draw++) drawn[generator.integer(count)] += 1;
    return measureTarget(column, drawn);
  });
  return {
    rSquared: findQuantiles(measured.map(({ rSquared }) => rSquared)),
    rootMeanSquaredError: findQuantiles(measured.map(({ rootMeanSquaredError }) => rootMeanSquaredError)),
    meanAbsoluteError: findQuantiles(measured.map(({ meanAbsoluteError }) => meanAbsoluteError)),
  };
}

/** Resamples in which the measure is undefined, such as R² where one sample was drawn alone, are left out. */
function findQuantiles(values: readonly number[]): readonly [number, number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [Number.NaN, Number.NaN];
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at(TAIL), at(1 - TAIL)];
}
