import { COUNT, createArgumentError, createResultError, NUMBERS } from '../arguments/check.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';

/**
 * Computes the loss of a batch: one number, a mean over its samples.
 * @param outputs of the model, [batch, outputs]: scores before the softmax, or targets in their own units
 * @param targets one-hot labels, or the targets in their own units, [batch, outputs]
 * @param weights of the samples, [batch, 1], with mean 1 over all samples; undefined where they have none. A loss that
 *   is to weight samples multiplies that of each sample by its weight before it takes the mean
 */
export type BatchLoss = (outputs: Tensor, targets: Tensor, weights: Tensor | undefined) => Tensor;

/** @throws RangeError unless a loss of the caller's own returned a tensor with one number */
export function checkLoss(what: string, loss: Tensor): Tensor {
  if (!isTensor(loss)) throw createResultError(`${what}: loss`, loss, 'a tensor that holds one number');
  if (loss.size === 1) return loss;
  throw new RangeError(`${what}: the loss has shape ${formatShape(loss.shape)}; it must hold one number`);
}

/** @throws RangeError unless outputs and targets are of one shape [batch, outputs], and weights [batch, 1] */
export function checkLossArguments(what: string, outputs: Tensor, targets: Tensor, weights: Tensor | undefined): void {
  const given = { outputs, targets, ...(weights && { weights }) };
  for (const [name, tensor] of Object.entries(given)) TENSOR(`${what}: ${name}`, tensor);
  checkTogether(what, given);
  const { shape } = outputs;
  const fits = sameShape(shape, targets.shape) && (!weights || sameShape(weights.shape, [shape[0], 1]));
  if (fits && shape.length === 2) return;
  const found = Object.entries(given).map(([name, tensor]) => `${name} ${formatShape(tensor.shape)}`);
  throw new RangeError(
    `${what}: the shapes are ${found.join(', ')}; outputs and targets must be [batch, outputs], weights [batch, 1]`,
  );
}

/**
 * The cross-entropy −(1/batch) Σ weight · target · log softmax(outputs), one number.
 * @param outputs scores before the softmax, [batch, classes]
 * @param targets rows of probabilities, such as one-hot labels, [batch, classes]
 * @param weights of the rows, [batch, 1]. Default: all 1
 */
export function crossEntropy(outputs: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  checkLossArguments('crossEntropy', outputs, targets, weights);
  return weighted(outputs.logSoftmax().mul(targets), weights)
    .sum()
    .mul(-1 / outputs.shape[0]);
}

/** Multiplies the terms of each row by its weight. */
export function weighted(terms: Tensor, weights: Tensor | undefined): Tensor {
  return weights ? terms.mul(weights) : terms;
}

/** @throws RangeError where a label is not an integer from 0 to classes − 1 */
export function checkLabels(place: string, labels: ArrayLike<number>, classes: number): void {
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw createArgumentError(`${place}[${row}]`, label, `an integer from 0 to ${classes - 1}`);
  }
}

/**
 * One-hot rows, count × classes: 1 at the label and 0 elsewhere.
 * @throws RangeError where a label is not an integer from 0 to classes − 1
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  NUMBERS('oneHot: labels', labels);
  COUNT('oneHot: classes', classes);
  checkLabels('labels', labels, classes);
  if (labels.length * classes > 2 ** 32) {
    throw new RangeError(
      `oneHot: ${labels.length} labels and ${classes} classes give more than 2³² numbers; there must be at most 2³²`,
    );
  }
  const rows = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) rows[row * classes + labels[row]] = 1;
  return rows;
}
