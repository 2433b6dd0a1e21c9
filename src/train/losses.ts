import { COUNT, createArgumentError, createResultError, NUMBERS } from '../arguments/check.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';

/**
 * Computes the loss of a batch: one number, a mean over its samples.
 * @param outputs of the last layer, [batch, outputs]
 * @param targets one-hot labels, [batch, outputs]
 */
export type BatchLoss = (outputs: Tensor, targets: Tensor) => Tensor;

/** @throws RangeError unless a loss of the caller's own returned a tensor with one number */
export function checkLoss(what: string, loss: Tensor): Tensor {
  if (!isTensor(loss)) throw createResultError(`${what}: loss`, loss, 'a tensor that holds one number');
  if (loss.size === 1) return loss;
  throw new RangeError(`${what}: the loss has shape ${formatShape(loss.shape)}; it must hold one number`);
}

function checkPair(what: string, outputs: Tensor, targets: Tensor): void {
  TENSOR(`${what}: outputs`, outputs);
  TENSOR(`${what}: targets`, targets);
  checkTogether(what, { outputs, targets });
}

/**
 * The cross-entropy −(1/batch) Σ target · log softmax(outputs), one number.
 * @param outputs scores before the softmax, [batch, classes]
 * @param targets rows of probabilities, such as one-hot labels, [batch, classes]
 */
export function crossEntropy(outputs: Tensor, targets: Tensor): Tensor {
  checkPair('crossEntropy', outputs, targets);
  if (outputs.shape.length !== 2 || !sameShape(outputs.shape, targets.shape)) {
    throw new RangeError(
      `crossEntropy: outputs have shape ${formatShape(outputs.shape)}, targets ${formatShape(targets.shape)}; both must be [batch, classes]`,
    );
  }
  return outputs
    .logSoftmax()
    .mul(targets)
    .sum()
    .mul(-1 / outputs.shape[0]);
}

/**
 * The mean squared error Σ (outputs − targets)² / count over all numbers.
 * @param outputs of any shape
 * @param targets of the same shape
 */
export function meanSquaredError(outputs: Tensor, targets: Tensor): Tensor {
  checkPair('meanSquaredError', outputs, targets);
  if (!sameShape(outputs.shape, targets.shape)) {
    throw new RangeError(
      `meanSquaredError: outputs have shape ${formatShape(outputs.shape)}, targets ${formatShape(targets.shape)}; both must be the same`,
    );
  }
  return outputs.sub(targets).square().mean();
}

/**
 * One-hot rows, count × classes: 1 at the label and 0 elsewhere.
 * @throws RangeError where a label is not an integer from 0 to classes − 1
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  NUMBERS('oneHot: labels', labels);
  COUNT('oneHot: classes', classes);
  for (let row = 0; row < labels.length; row++) {
    if (Number.isInteger(labels[row]) && labels[row] >= 0 && labels[row] < classes) continue;
    throw createArgumentError(`labels[${row}]`, labels[row], `an integer from 0 to ${classes - 1}`);
  }
  if (labels.length * classes > 2 ** 32) {
    throw new RangeError(
      `oneHot: ${labels.length} labels and ${classes} classes give more than 2³² numbers, which no array can hold`,
    );
  }
  const rows = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) rows[row * classes + labels[row]] = 1;
  return rows;
}
