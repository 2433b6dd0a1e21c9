/** The Jacobian penalty of deep equilibrium models. */
import { createNumberCheck, createResultError, FUNCTION, INDEX } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { random } from '../../data/random.ts';
import { elementwise, reduceRows } from '../../tensor/kernels.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { isTensor, TENSOR, TENSORS, type Tensor } from '../../tensor/tensor.ts';
import type { ImplicitFunction } from '../system.ts';

/** Options of `jacobianPenalty`. */
export interface JacobianPenaltyOptions {
  /** Random directions for each sample, from 1 to 1000. Default 1. */
  draws?: number;
  /** Seed of the directions, an integer from 0: another one for each step of training. Default 0. */
  seed?: number;
}

const DRAWS = /* @__PURE__ */ createNumberCheck(
  'an integer from 1 to 1000',
  (x) => Number.isInteger(x) && x >= 1 && x <= 1000,
);

/**
 * An estimate of ‖∂f/∂z‖²/n in the Frobenius norm, the mean over the samples of a batch (Bai, Koltun and Kolter, "Stabilizing Equilibrium
 * Models by Jacobian Regularization", 2021). A loss that adds a multiple of it, such as 0.5, keeps the spectral radius small,
 * so that solvers need fewer iterations; it guarantees nothing.
 *
 * It is Hutchinson's estimator, E‖Jε‖² over directions ε of random signs. Jε is a central difference of f along ε, so that
 * kinks do not hinder, and a gradient of the penalty needs no second derivative of f.
 *
 * Call it inside of a differentiated function or `engine.tidy`, which frees what it computes on the way.
 * @param f as for `fixedPoint`
 * @param z [batch, n], where to estimate: the solution
 * @param inputs the other arguments of f
 * @returns one number
 * @throws RangeError where a shape or an option is wrong
 */
export function jacobianPenalty(
  f: ImplicitFunction,
  z: Tensor,
  inputs: readonly Tensor[],
  given?: JacobianPenaltyOptions,
): Tensor {
  FUNCTION('jacobianPenalty: f', f);
  TENSOR('jacobianPenalty: z', z);
  TENSORS('jacobianPenalty: inputs', inputs);
  const { draws = 1, seed = 0 } = readOptions('jacobianPenalty', given, { draws: DRAWS, seed: INDEX });
  if (z.shape.length !== 2) {
    throw new RangeError(`jacobianPenalty: z has the shape ${formatShape(z.shape)}; it must be [batch, n]`);
  }
  const { context } = z;
  const [batch, n] = z.shape;
  const generator = random(seed);
  const estimate = (): Tensor => {
    const signs = Float64Array.from({ length: z.size }, () => (generator.uniform() < 0.5 ? -1 : 1));
    // No tape follows the length of the step.
    const step = context.alias(elementwise('scale', [reduceRows('norm', [z])], lengthOf(context.epsilon, n)), [
      batch,
      1,
    ]);
    const move = elementwise('multiply', [context.upload(signs, z.shape, z), step]);
    const change = imageOf(f, z.add(move), inputs).sub(imageOf(f, z.sub(move), inputs));
    return change
      .div(elementwise('scale', [step], [2, 0]))
      .square()
      .mean();
  };
  const estimates = Array.from({ length: draws }, estimate);
  return estimates.reduce((sum, one) => sum.add(one)).mul(1 / draws);
}

/** f(z), checked. */
function imageOf(f: ImplicitFunction, z: Tensor, inputs: readonly Tensor[]): Tensor {
  const image = f(z, ...inputs);
  if (!isTensor(image) || image.isDisposed || image.context !== z.context || !sameShape(image.shape, z.shape)) {
    throw createResultError('jacobianPenalty: f', image, `a tensor ${formatShape(z.shape)} of the engine of z`);
  }
  return image;
}

/** The step along ε as a function of ‖z‖: ε^⅓·(1 + ‖z‖/√n), at which rounding and the third derivative weigh alike. */
function lengthOf(epsilon: number, n: number): [factor: number, plus: number] {
  const unit = Math.cbrt(epsilon);
  return [unit / Math.sqrt(n), unit];
}
