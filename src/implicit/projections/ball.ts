/** Projections of rows onto spheres and onto Euclidean balls. */
import { readOptions } from '../../arguments/options.ts';
import { sumLastAxis } from '../../autodiff/derivatives.ts';
import { elementwise } from '../../tensor/kernels.ts';
import { add, divide, minimum, multiply, sqrt, square } from '../../tensor/operations.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type RadiusOptions, readRadiusOptions } from './radius.ts';
import { reduceLastAxis, Temporaries } from './threshold.ts';

/** Options of `sphereProjection`. */
export type SphereOptions = Pick<RadiusOptions, 'radius'>;

/**
 * Projects each row of v, along the last axis, onto the sphere {‖x‖ = R}: x = R·v/‖v‖, with the derivatives
 * (R/‖v‖)(I − hhᵀ) and ∂x/∂R = h for h = v/‖v‖. The projection is not continuous at 0, where every point of the sphere
 * is a nearest one: a row of zeros becomes NaN, and a certificate of a function that calls it there is not given. A row
 * with NaN or infinity becomes NaN.
 * @param v [.., n]
 * @returns x, of the shape of v
 * @throws RangeError if v is a scalar or no tensor, or if an option is wrong
 */
export function sphereProjection(v: Tensor, options?: SphereOptions): Tensor {
  const { radius } = readRadiusOptions('sphereProjection', v, readOptions('sphereProjection', options, { radius: 0 }));
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const unit = made(divide(v, made(scaleOf(v, made))));
  const length = made(sqrt(made(sumLastAxis(made(square(unit))))));
  const x = multiply(made(divide(unit, length)), radius);
  temporaries.free();
  return x;
}

/**
 * Projects each row of v, along the last axis, onto the ball {‖x‖ ≤ R}: v itself where it is inside, else R·h with
 * h = v/‖v‖. Inside the derivative is I, and outside (R/‖v‖)(I − hhᵀ), with ∂x/∂R = h. On the sphere both are
 * elements, up to rounding: J = I − (1 − q)hhᵀ and ∂x/∂R = (1 − q)h with the same selection q, 0 by default. A row with NaN or infinity
 * becomes NaN. Inside `root` and `fixedPoint` the kink counts as one of `minimum`: certificates and gradient intervals
 * find it, and selections reach it.
 * @param v [.., n]
 * @returns x, of the shape of v
 * @throws RangeError if v is a scalar or no tensor, or if an option is wrong
 */
export function ballProjection(v: Tensor, options?: RadiusOptions): Tensor {
  const { radius, kinks } = readRadiusOptions('ballProjection', v, options);
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const limit = isTensor(radius) ? radius : made(v.context.upload([radius], [1], v));
  const scale = made(scaleOf(v, made));
  const squares = made(sumLastAxis(made(square(made(divide(v, scale))))));
  // Well inside, where the derivative of ‖v‖ is not needed and may not be there, ½R stands for ‖v‖.
  const half = made(elementwise('scale', [limit], [0.5, 0]));
  const length = made(elementwise('multiply', [made(elementwise('sqrt', [squares])), scale]));
  const isNear = made(elementwise('scale', [made(elementwise('greater', [half, length]))], [-1, 1]));
  const isWellInside = made(elementwise('scale', [isNear], [-1, 1]));
  const safe = made(add(made(multiply(squares, isNear)), isWellInside));
  const measured = made(multiply(made(multiply(made(sqrt(safe)), scale)), isNear));
  const norm = made(add(measured, made(elementwise('multiply', [half, isWellInside]))));
  // Numbers of about 1 are divided by one another: the derivative has the square of the divisor, which would overflow.
  const unit = made(elementwise('select', [isWellInside, half, scale]));
  const shortened = made(divide(made(minimum(norm, limit, { selection: 0, ...kinks })), unit));
  const share = made(divide(shortened, made(divide(norm, unit))));
  const x = multiply(v, share);
  temporaries.free();
  return x;
}

/** The largest size of each row, [.., 1], and 1 for a row of zeros: no tape follows it. */
function scaleOf(v: Tensor, made: (tensor: Tensor) => Tensor): Tensor {
  const size = made(reduceLastAxis('maximumAbsolute', v));
  const one = made(elementwise('scale', [size], [0, 1]));
  const zero = made(elementwise('scale', [size], [0, 0]));
  return elementwise('select', [made(elementwise('greater', [size, zero])), size, one]);
}
