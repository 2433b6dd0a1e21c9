/** Implicit functions in other words: inverses, and minimisers. */
import { FUNCTION, isSo, refusalOfResult } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { shown } from '../arguments/shown.ts';
import { gradientOf } from '../autodiff/gradient-of.ts';
import { broadcastShapes, describe, sameShape } from '../tensor/shape.ts';
import { isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { fixedPoint, type ImplicitSolution, root } from './root.ts';
import { type FixedPointOptions, IMPLICIT_OPTIONS, type RootOptions } from './root-options.ts';
import type { ImplicitFunction } from './system.ts';

export interface InverseOptions extends Omit<RootOptions, 'inputs'> {
  /** What f gets besides z. Default nothing. */
  inputs?: readonly Tensor[];
}

/**
 * The z with f(z, …inputs) = x, row by row, as a differentiable function of x and the inputs (Bolte et al. 2021, Corollary 2: the
 * inverses of the elements of a conservative Jacobian of f are one of its inverse, where all of them exist).
 * @param x of the shape of the unknown
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
    throw refusalOfResult('inverse: the function', image, 'a tensor made of those that it is given');
  };
  return root((z, value, ...rest) => minus(f(z, ...rest), value), { ...options, inputs: [x, ...inputs] });
}

/** One for all samples will do. */
function checkRightSide({ shape }: Tensor, unknown: Tensor): void {
  const fits = isSo(() => sameShape(broadcastShapes('inverse', shape, unknown.shape), unknown.shape), shape);
  if (fits) return;
  throw new RangeError(
    `inverse: x has the shape ${describe(shape)}; it must have that of the unknown, ${describe(unknown.shape)}`,
  );
}

export interface ArgminOptions extends Omit<FixedPointOptions, 'solver'> {
  solver?: FixedPointOptions['solver'];
  /** prox_{αg}(x) of a convex g, for the α that is passed as `step`: the minimiser is then that of ψ + g. */
  proximal?: (x: Tensor, step: number, ...inputs: Tensor[]) => Tensor;
  /** α > 0 of the proximal step; it converges for α < 2/L where ∇ψ is L-Lipschitz. Needed with `proximal`, and only there. */
  step?: number;
}

const ARGMIN_OPTIONS: Checks<ArgminOptions> = { ...IMPLICIT_OPTIONS, proximal: FUNCTION, step: 0 };

/**
 * The minimiser of ψ, or of ψ + g, row by row, as a differentiable function of the inputs: the inner problem of a bilevel one.
 * For ψ alone it is the root of ∇ψ; with g the fixed point of z ↦ prox_{αg}(z − α∇ψ(z)), whatever α. What is solved for is that
 * ∇ψ vanishes: of a ψ that is not convex it may be another stationary point, near the `unknown`.
 * @param ψ of the unknown and the inputs: smooth, and written with tensor operations without kinks (they belong into g, or into a
 *   gradient that is given to `root`). One number for each sample, or their sum
 * @throws RangeError where one of `proximal` and `step` is given without the other, and as `root` and `fixedPoint`
 */
export function argmin(ψ: ImplicitFunction, given: ArgminOptions): ImplicitSolution {
  FUNCTION('argmin: ψ', ψ);
  const { proximal, step, solver, ...options } = readOptions('argmin', given, ARGMIN_OPTIONS, 'unknown', 'inputs');
  const gradient = gradientOf(ψ);
  if (!proximal) {
    if (step !== undefined)
      throw new RangeError(`argmin: step is ${shown(step)}; it is for a proximal, and none is given`);
    if (typeof solver === 'object') {
      throw new RangeError(
        'argmin: solver is an iteration, which needs a proximal; without one it must be a name or a function',
      );
    }
    if (solver === 'anderson' || solver === 'picard' || solver === 'anderson+newton-krylov') {
      throw new RangeError(
        `argmin: solver is "${solver}", which needs a proximal; without one it must be newton-krylov, given or a function`,
      );
    }
    return root(gradient, { ...options, solver });
  }
  if (!Number.isFinite(step) || !((step as number) > 0)) {
    throw new RangeError(`argmin: step is ${shown(step)}; with a proximal it must be a finite number > 0`);
  }
  const move = (z: Tensor, ...inputs: Tensor[]): Tensor =>
    proximal(z.sub(gradient(z, ...inputs).mul(step as number)), step as number, ...inputs);
  return fixedPoint(move, { ...options, solver });
}
