/** The task of a classifier: labels become rows of probabilities, and the accuracy is measured. */
import type { AnySamples, Samples } from '../data/samples.ts';
import { indexOfLargest, type Model } from '../layers/sequential.ts';
import { evaluate } from './evaluate.ts';
import { type BatchLoss, crossEntropy, oneHot } from './losses.ts';
import type { Metrics } from './metrics.ts';
import type { Task } from './task.ts';

/**
 * @param ownLoss the caller's own loss. Default: the cross-entropy
 * @param classWeights weights of the classes, for the cross-entropy
 */
export function createClassification(
  ownLoss: BatchLoss | undefined,
  classWeights: readonly number[] | undefined,
  metrics: Metrics | undefined,
): Task {
  return {
    loss: ownLoss ?? crossEntropy,
    configuration: { loss: ownLoss ? 'a function' : 'crossEntropy', classWeights },
    chooseScale: () => undefined,
    prepare: (part, { outputs }) => createTargets((part as Samples).labels, outputs, classWeights),
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

/**
 * One-hot targets scaled by batch·w/Σw. For a loss that is linear in the targets, the mean over the batch is then the
 * weighted mean Σ w·ℓ / Σ w, as in PyTorch's CrossEntropyLoss.
 * @returns the targets, batch × classes, and Σw
 */
export function createTargets(
  labels: Int32Array,
  classes: number,
  weights: readonly number[] | undefined,
): { targets: Float32Array; weight: number } {
  const targets = oneHot(labels, classes);
  if (!weights) return { targets, weight: labels.length };
  const weight = labels.reduce((sum, label) => sum + weights[label], 0);
  for (const [row, label] of labels.entries()) {
    targets[row * classes + label] = (labels.length * weights[label]) / weight;
  }
  return { targets, weight };
}
