/** The task of a classifier: labels become rows of probabilities, and the accuracy is measured. */
import type { AnySamples, Samples } from '../data/samples.ts';
import { indexOfLargest, type Model } from '../layers/sequential.ts';
import type { ClassWeighting } from './class-weights.ts';
import { evaluate } from './evaluate.ts';
import { type BatchLoss, crossEntropy, oneHot } from './losses.ts';
import type { Metrics } from './metrics.ts';
import type { Task } from './task.ts';

/**
 * @param ownLoss the caller's own loss. Default: the cross-entropy
 * @param weighting by classes, for the cross-entropy
 */
export function createClassification(
  ownLoss: BatchLoss | undefined,
  weighting: ClassWeighting | undefined,
  metrics: Metrics | undefined,
): Task {
  return {
    loss: ownLoss ?? crossEntropy,
    configuration: { loss: ownLoss ? 'a function' : 'crossEntropy', classWeights: weighting?.classWeights },
    chooseScale: () => undefined,
    prepare(part, { outputs }) {
      const { labels } = part as Samples;
      const targets = oneHot(labels, outputs);
      return { targets, weight: weighting?.weightTargets(targets, labels) ?? labels.length };
    },
    measure: measureRight,
    summarise: ([right, weight]) => ({ accuracy: right / weight }),
    evaluate: (model, samples, signal) => evaluate(model, samples as Samples, { loss: ownLoss, metrics, signal }),
  };
}

/** The weight of the samples that are classified correctly, and the weight of all. */
function measureRight(scores: Float32Array | Float64Array, part: AnySamples, { outputs }: Model): number[] {
  const { labels, weights } = part as Samples;
  let [right, all] = [0, 0];
  for (const [row, label] of labels.entries()) {
    const weight = weights?.[row] ?? 1;
    all += weight;
    if (indexOfLargest(scores.subarray(row * outputs, (row + 1) * outputs)) === label) right += weight;
  }
  return [right, all];
}
