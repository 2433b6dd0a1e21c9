/** Weights of classes. They are loaded only where training asks for them. */
import { isList, POSITIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import type { Samples } from '../data/samples.ts';
import type { Optimiser } from './optimiser.ts';

/**
 * The weights of the classes: a number > 0 for each, or 'balanced', which weights a class by
 * count / (classes · count of the class), so that every class contributes equally.
 */
export type ClassWeights = readonly number[] | 'balanced';

/** The training that the weights are for. */
interface Weighted {
  readonly samples: Samples;
  readonly classes: number;
  readonly loss: unknown;
  readonly optimiser: Optimiser | undefined;
}

/** @throws RangeError where the weights are wrong, or where the loss or the optimiser has no use for them */
export function readClassWeights(
  option: ClassWeights,
  { samples, classes, loss, optimiser }: Weighted,
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
