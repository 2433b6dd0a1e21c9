/** Losses of outputs that are numbers to be predicted. */
import { POSITIVE } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { checkLossArguments, weighted } from '../losses.ts';
import { huber } from './terms.ts';

/**
 * The mean squared error Σ weight · (outputs − targets)² / count over all numbers.
 * @param outputs of any shape
 * @param targets of the same shape
 * @param weights of the rows, [batch, 1], where outputs are [batch, outputs]. Default: all 1
 */
export function meanSquaredError(outputs: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  checkArguments('meanSquaredError', outputs, targets, weights);
  return weighted(outputs.sub(targets).square(), weights).mean();
}

/**
 * The mean absolute error Σ weight · |outputs − targets| / count over all numbers.
 * @param outputs of any shape
 * @param targets of the same shape
 * @param weights of the rows, [batch, 1], where outputs are [batch, outputs]. Default: all 1
 */
export function meanAbsoluteError(outputs: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  checkArguments('meanAbsoluteError', outputs, targets, weights);
  return weighted(outputs.sub(targets).abs(), weights).mean();
}

/** Options of `huberLoss`. */
export interface HuberOptions {
  /** δ > 0: errors up to it count by half their square, larger ones in proportion. In the unit of targets. Default 1. */
  delta?: number;
}

/**
 * The Huber loss Σ weight · h(outputs − targets) / count over all numbers, where h(r) = ½r² for |r| ≤ δ and
 * δ(|r| − ½δ) beyond (P. J. Huber, "Robust Estimation of a Location Parameter", 1964).
 * @param outputs of any shape
 * @param targets of the same shape
 * @param weights of the rows, [batch, 1], where outputs are [batch, outputs]. Default: all 1
 */
export function huberLoss(outputs: Tensor, targets: Tensor, weights?: Tensor, options?: HuberOptions): Tensor {
  const { delta = 1 } = readOptions('huberLoss', options, { delta: POSITIVE });
  checkArguments('huberLoss', outputs, targets, weights);
  return weighted(huber(outputs.sub(targets), delta), weights).mean();
}

/** Without weights, outputs and targets may be of any shape. */
function checkArguments(what: string, outputs: Tensor, targets: Tensor, weights: Tensor | undefined): void {
  if (weights) {
    checkLossArguments(what, outputs, targets, weights);
    return;
  }
  TENSOR(`${what}: outputs`, outputs);
  TENSOR(`${what}: targets`, targets);
  checkTogether(what, { outputs, targets });
  if (sameShape(outputs.shape, targets.shape)) return;
  throw new RangeError(
    `${what}: outputs have shape ${formatShape(outputs.shape)}, targets ${formatShape(targets.shape)}; both must be the same`,
  );
}
