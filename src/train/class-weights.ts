import { isList, POSITIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import type { Samples } from '../data/samples.ts';
import { oneHot } from './losses.ts';

/**
 * The weights of the classes: a number > 0 for each, or 'balanced', which weights a class by
 * count / (classes · count of the class), so that every class contributes equally.
 */
export type ClassWeights = readonly number[] | 'balanced';

export function readClassWeights(option: ClassWeights, samples: Samples, classes: number): readonly number[] {
  if (option === 'balanced') return balanceWeights(samples, classes);
  if (!isList(option) || option.length !== classes) {
    throw new RangeError(
      `train: classWeights is ${describeValue(option)}; it must be "balanced" or a list of ${classes} numbers, one for each class`,
    );
  }
  for (const [label, weight] of option.entries()) {
    POSITIVE(`train: classWeights[${label}]`, weight);
  }
  return option;
}

function balanceWeights({ labels, count }: Samples, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] += 1;
  // A class without samples gets the weight 1, which is never used.
  return counts.map((own) => (own === 0 ? 1 : count / (classes * own)));
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
): { rows: Float32Array; weight: number } {
  const rows = oneHot(labels, classes);
  if (!weights) return { rows, weight: labels.length };
  const weight = labels.reduce((sum, label) => sum + weights[label], 0);
  for (const [row, label] of labels.entries()) {
    rows[row * classes + label] = (labels.length * weights[label]) / weight;
  }
  return { rows, weight };
}
