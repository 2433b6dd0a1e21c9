/** How well a model predicts numbers. */
import type { Random } from '../../data/random.ts';
import { computeIntervals, type ErrorIntervals } from './intervals.ts';
import { measureTarget, type TargetMeasures } from './measures.ts';

/** The errors of one target. */
export interface TargetEvaluation extends TargetMeasures {
  /** Intervals of these measures; absent where they were not asked for. */
  readonly intervals?: ErrorIntervals;
}

/** The result of `evaluate` for samples with targets. */
export interface RegressionEvaluation {
  /** The mean over the samples of the loss. */
  readonly loss: number;
  /** The mean of R² over the targets. */
  readonly rSquared: number;
  /** The errors of each target. */
  readonly targets: readonly TargetEvaluation[];
  /** The predictions in the units of the targets: count × targets, row-major. */
  readonly predicted: Float64Array;
  /** The number of samples. */
  readonly count: number;
  /** The metrics of the caller's own, by name; absent where none were given. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Predictions beside the truth, both count × targets, row-major, in the units of the targets. */
export interface PredictedTargets {
  /** The predictions. */
  readonly predicted: ArrayLike<number>;
  /** The true targets. */
  readonly targets: ArrayLike<number>;
  /** The number of samples. */
  readonly count: number;
  /** The weight of each sample. Default: all the same. */
  readonly weights?: ArrayLike<number> | undefined;
}

/** @param generators gives the generator of the resamples of a target; without, there are no intervals */
export function evaluateTargets(rows: PredictedTargets, generators?: (target: number) => Random): TargetEvaluation[] {
  const { predicted, targets, count, weights } = rows;
  const width = targets.length / count;
  const columnOf = (values: ArrayLike<number>, target: number): Float64Array =>
    Float64Array.from({ length: count }, (_, row) => values[row * width + target]);
  return Array.from({ length: width }, (_, target) => {
    const column = { predicted: columnOf(predicted, target), truth: columnOf(targets, target), weights };
    return { ...measureTarget(column), ...(generators && { intervals: computeIntervals(column, generators(target)) }) };
  });
}
