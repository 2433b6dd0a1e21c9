/** Inverses and minimisers, as roots and fixed points. */
import { createResultError, FUNCTION, isSatisfied } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { gradientOf } from '../autodiff/gradient-of.ts';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.ts';
import { isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { fixedPoint, type ImplicitSolution, root } from './root.ts';
import { type FixedPointOptions, IMPLICIT_OPTIONS, type RootOptions } from './root-options.ts';
import type { ImplicitFunction } from './system.ts';

/** The options of `inverse`: those of `root`, with `inputs` optional. */
export interface InverseOptions extends Omit<RootOptions, 'inputs'> {
  /** The other arguments of f. Default: none. */
  inputs?: readonly Tensor[];
}

/**
 * Solves f(z, …inputs) = x for z, sample by sample, and differentiates z with respect to x and the inputs. Bolte et al.
 * 2021, Corollary 2: where all elements of a conservative Jacobian of f are invertible, their inverses form one of the
 * inverse of f.
 * @param f written with tensor operations; returns a tensor of the shape of the unknown
 * @param x of the shape of the unknown, or of one that broadcasts to it
 * @param given the options of `root`; `unknown` is the start
 * @throws as `root`; RangeError where x does not broadcast to the unknown
 */
export function inverse(
  f: (z: Tensor, ...inputs: Tensor[]) => Tensor,
  x: Tensor,
  given: InverseOptions,
): ImplicitSolution {
  FUNCTION('inverse: f', f);
  TENSOR('inverse: x', x);
  const { inputs = [], ...options } = readOptions<InverseOptions>('inverse', given, IMPLICIT_OPTIONS, 'unknown');
  checkRightSide(x, options.unknown);
  const minus = (image: Tensor, value: Tensor): Tensor => {
    if (isTensor(image) && image.context === value.context) return image.sub(value);
    throw createResultError('inverse: the function', image, 'a tensor computed from its arguments');
  };
  return root((z, value, ...rest) => minus(f(z, ...rest), value), { ...options, inputs: [x, ...inputs] });
}

/** A right-hand side that all samples share is allowed. */
function checkRightSide({ shape }: Tensor, unknown: Tensor): void {
  const fits = isSatisfied(() => sameShape(broadcastShapes('inverse', shape, unknown.shape), unknown.shape), shape);
  if (fits) return;
  throw new RangeError(
    `inverse: x has the shape ${formatShape(shape)}; it must have that of the unknown, ${formatShape(unknown.shape)}`,
  );
}

/** The options of `argmin`: those of `root`, or with `proximal` those of `fixedPoint`. */
export interface ArgminOptions extends Omit<FixedPointOptions, 'solver'> {
  /**
   * With `proximal` any solver of `fixedPoint`; without it only those of `root`: newton-krylov, given, or a function.
   */
  solver?: FixedPointOptions['solver'];
  /** prox_{αg}(x) of a convex g, with α passed as `step`. Where it is given, ψ + g is minimised. */
  proximal?: (x: Tensor, step: number, ...inputs: Tensor[]) => Tensor;
  /**
   * The step size α > 0 of the proximal iteration, which converges for α < 2/L where ∇ψ is L-Lipschitz. Required with
   * `proximal`, and not allowed without it.
   */
  step?: number;
}

const ARGMIN_OPTIONS: Checks<ArgminOptions> = { ...IMPLICIT_OPTIONS, proximal: FUNCTION, step: 0 };

/**
 * Minimises ψ, or ψ + g, over the unknown, sample by sample, and differentiates the minimiser with respect to the
 * inputs: the inner problem of a bilevel one. The minimiser of ψ alone is a root of ∇ψ; that of ψ + g is a fixed point
 * of z ↦ prox_{αg}(z − α∇ψ(z)), for every α > 0. Where ψ is not convex, the solution may be another stationary point
 * near the start.
 * @param ψ of the unknown and the inputs; returns one number for each sample, or their sum. It must be smooth and
 *   written with tensor operations that have no kinks; kinks belong in g, or in a gradient that is given to `root`
 * @param given the options; `unknown` is the start
 * @throws RangeError where one of `proximal` and `step` is given without the other; otherwise as `root` and
 *   `fixedPoint`
 */
export function argmin(ψ: ImplicitFunction, given: ArgminOptions): ImplicitSolution {
  FUNCTION('argmin: ψ', ψ);
  const { proximal, step, solver, ...options } = readOptions('argmin', given, ARGMIN_OPTIONS, 'unknown', 'inputs');
  const gradient = gradientOf(ψ);
  if (!proximal) {
    if (step !== undefined)
      throw new RangeError(`argmin: step is ${describeValue(step)}; it is for a proximal, and none is given`);
    if (typeof solver === 'object') {
      throw new RangeError(
        'argmin: solver is an iteration, which needs a proximal; without one it must be a name or a function',
      );
    }
    if (typeof solver === 'string' && solver !== 'auto' && solver !== 'newton-krylov' && solver !== 'given') {
      throw new RangeError(
        `argmin: solver is "${solver}", which needs a proximal; without one it must be newton-krylov, given or a function`,
      );
    }
    return root(gradient, { ...options, solver });
  }
  if (!Number.isFinite(step) || !((step as number) > 0)) {
    throw new RangeError(`argmin: step is ${describeValue(step)}; with a proximal it must be a finite number > 0`);
  }
  const move = (z: Tensor, ...inputs: Tensor[]): Tensor =>
    proximal(z.sub(gradient(z, ...inputs).mul(step as number)), step as number, ...inputs);
  return fixedPoint(move, { ...options, solver });
}
