import { createResultError, FUNCTION } from '../arguments/check.ts';
import { elementwise } from '../tensor/kernels.ts';
import { reshape } from '../tensor/operations.ts';
import { isTensor, TENSORS, type Tensor } from '../tensor/tensor.ts';
import { checkFollowed, tapeOf } from './follow.ts';
import { Tape } from './tape.ts';

/**
 * Makes the gradient of a function in its first argument a function that a tape follows: it can be differentiated
 * again, to any order, as in a loss that contains a derivative, or in an equation for a place where a derivative
 * vanishes.
 * @param f smooth, and written with tensor operations. If it returns several numbers, such as one for each sample,
 *   the gradient is that of their sum
 * @returns a function of the same arguments; its result has the shape of the first one. It throws at an operation
 *   with kinks, whose derivative jumps, and at a solve, which has no second derivative
 */
export function gradientOf(f: (x: Tensor, ...others: Tensor[]) => Tensor): (x: Tensor, ...others: Tensor[]) => Tensor {
  FUNCTION('gradientOf: f', f);
  return (x, ...others) => {
    TENSORS('gradientOf: arguments', [x, ...others]);
    const around = tapeOf('gradientOf', [x, ...others]);
    if (around) return gradientOn(around, f, x, others);
    const tape = new Tape();
    try {
      const gradient = gradientOn(tape, f, x, others);
      gradient.node = undefined; // it outlives the tape
      return gradient;
    } finally {
      tape.dispose();
    }
  };
}

function gradientOn(
  tape: Tape,
  f: (x: Tensor, ...others: Tensor[]) => Tensor,
  x: Tensor,
  others: readonly Tensor[],
): Tensor {
  // A variable of its own, so that everything else that depends on x is held fixed.
  const variable = x.node ? reshape(x, x.shape) : tape.watch(x);
  const value = f(variable, ...others);
  if (!isTensor(value) || value.isDisposed) throw createResultError('gradientOf: the function', value, 'a tensor');
  checkFollowed('gradientOf', 'the value', value, tape, true);
  return tape.followedPullback(value, [variable], onesLike(value))[0];
}

function onesLike(x: Tensor): Tensor {
  return elementwise('scale', [x], [0, 1]);
}
