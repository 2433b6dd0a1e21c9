/** A kernel K as K/‖K‖_F. No tape follows it. */
import { elementwise, reduceAll, reduceRows } from '../../../tensor/kernels.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

export interface NormalisedKernel {
  /** K̂ = K/‖K‖_F. */
  readonly unit: Tensor;
  /**
   * factor·(P − ⟨P, K̂⟩K̂)/‖K‖_F: the gradient with respect to K, where factor·P is the one with respect to K̂.
   * @param along ⟨P, K̂⟩, [1]
   */
  pullback(P: Tensor, along: Tensor, factor: Tensor): Tensor;
  /** (dK − ⟨dK, K̂⟩K̂)/‖K‖_F: how K̂ moves with K. */
  pushforward(dK: Tensor): Tensor;
}

/** @param kernel K, not all 0: otherwise all numbers are NaN */
export function normalise(kernel: Tensor): NormalisedKernel {
  const inverse = elementwise('reciprocal', [reduceAll('norm', kernel)]);
  const unit = elementwise('multiply', [kernel, inverse]);
  const project = (P: Tensor, along: Tensor): Tensor =>
    elementwise('multiply', [elementwise('subtract', [P, elementwise('multiply', [unit, along])]), inverse]);
  return {
    unit,
    pullback: (P, along, factor) => elementwise('multiply', [project(P, along), factor]),
    pushforward: (dK) => project(dK, innerProduct(dK, unit)),
  };
}

/** Σ x·y, [1]. */
export function innerProduct(x: Tensor, y: Tensor): Tensor {
  return reduceRows(
    'dot',
    [x, y].map((each) => each.context.alias(each, [1, each.size])),
  );
}
