/** Weights of classes. They are loaded only where training asks for them. */
import type { createArgumentError as createError } from '../arguments/check.ts';
import type { Samples } from '../data/samples.ts';

import type { Optimiser } from './optimiser.ts';

/**
 * The weights of the classes: a number > 0 for each, or 'balanced', which weights a class by
 * count / (classes · count of the class), so that every class contributes equally.
 */
export type ClassWeights = readonly number[] | 'balanced';

/** The weights of the classes in training. */
export interface ClassWeighting {
  readonly classWeights: readonly number[];
  /** Weights one-hot targets in place. @returns the weight of the batch */
  weightTargets(targets: Float32Array, labels: Int32Array): number;
}

/** The training that the weights are for. */
interface Weighted {
  readonly samples: Samples;
  readonly classes: number;
  readonly loss: unknown;
  readonly optimiser: Optimiser | undefined;
  /** Passed, so that this file, which is loaded later, shares none with training. */
  readonly createArgumentError: typeof createError;
}

/** @throws RangeError where the weights are wrong, or where the loss or the optimiser has no use for them */
export function createClassWeighting(option: ClassWeights, weighted: Weighted): ClassWeighting {
  const classWeights = readClassWeights(option, weighted);
  return { classWeights, weightTargets: (targets, labels) => weightTargets(targets, labels, classWeights) };
}

function readClassWeights(
  option: ClassWeights,
  { samples, classes, loss, optimiser, createArgumentError }: Weighted,
): readonly number[] {
  if (loss !== 'crossEntropy') {
    throw new RangeError(
      'train: classWeights is given and loss is a function; class weights need the loss crossEntropy',
    );
  }
  if (optimiser?.theorem3) {
    throw new RangeError(
      `train: classWeights is given and ${optimiser.name} has theorem3: true, which does not cover them (the mean of a ` +
        'batch is then not the mean over the samples); leave one of them out',
    );
  }
  if (option === 'balanced') return balanceWeights(samples, classes);
  if (!Array.isArray(option) || option.length !== classes) {
    throw createArgumentError(
      'train: classWeights',
      option,
      `"balanced" or a list of ${classes} numbers, one for each class`,
    );
  }
  for (const [label, weight] of (option as readonly number[]).entries()) {
    if (Number.isFinite(weight) && weight > 0) continue;
    throw createArgumentError(`train: classWeights[${label}]`, weight, 'a finite number > 0');
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
 * Scales one-hot targets by batch·w/Σw. For a loss that is linear in the targets, the mean over the batch is then the
 * weighted mean Σ w·ℓ / Σ w, as in PyTorch's CrossEntropyLoss.
 * @returns Σw
 */
export function weightTargets(targets: Float32Array, labels: Int32Array, weights: readonly number[]): number {
  const weight = labels.reduce((sum, label) => sum + weights[label], 0);
  for (const [row, label] of labels.entries()) {
    targets[row * weights.length + label] = (labels.length * weights[label]) / weight;
  }
  return weight;
}
