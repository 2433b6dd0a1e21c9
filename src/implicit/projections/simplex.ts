/** Projections of rows onto the simplex and onto the l1 ball. */
import { elementwise, rowwise } from '../../tensor/kernels.ts';
import { divide, multiply } from '../../tensor/operations.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type RadiusOptions, readRadiusOptions } from './radius.ts';
import { projectByThreshold, reduceLastAxis, Temporaries, type ThresholdSet } from './threshold.ts';

/**
 * Projects each row of v, along the last axis, onto the simplex {x ≥ 0, Σx = R}: x = max(v − τ, 0) with the τ for which
 * the sum is R (Held, Wolfe & Crowder 1974; Duchi et al. 2008). The τ is found by the exact active-set iteration of
 * Michelot (1986). With S the set where x > 0, the derivative is J = diag(1_S) − 1_S1_Sᵀ/|S|, and ∂x/∂R = 1_S/|S|. At a
 * tie, vᵢ = τ, every S between the strict set and that with all ties is an element: see `selection`. A row with NaN
 * becomes NaN. Inside `root` and `fixedPoint` its kinks count as those of its equation: certificates and gradient
 * intervals find them, and a selection reaches them if it is one number, or names `maximum`.
 * @param v [.., n]
 * @returns x, of the shape of v
 * @throws RangeError if v is a scalar or no tensor, or if an option is wrong
 */
export function simplexProjection(v: Tensor, options?: RadiusOptions): Tensor {
  return project('simplexProjection', v, options, (radius) => ({
    what: 'simplexProjection',
    radius,
    isBall: false,
    project: (x) => rowwise('projectSimplex', x, undefined, [radius]),
  }));
}

/**
 * Projects each row of v, along the last axis, onto the ball {‖x‖₁ ≤ R}: v itself where it is inside, else x =
 * sign(v)∘max(|v| − τ, 0) with the τ for which ‖x‖₁ = R (Duchi et al. 2008). Outside, with s the signs of x and S the set
 * where x ≠ 0, the derivative is J = diag(1_S) − ssᵀ/|S|, and ∂x/∂R = s/|S|; inside it is I. On the sphere both are
 * elements, and ties are as for the simplex: see `selection`. A row with NaN becomes NaN. Inside `root` and `fixedPoint`
 * its kinks count as those of its equation: certificates and gradient intervals find them, and a selection reaches them
 * if it is one number, or names `maximum` (ties) and `minimum` (the sphere). Where v is on the sphere and a coordinate
 * is 0, its equation has more elements than the projection, so that a certificate may fail for one that is not its own.
 * @param v [.., n]
 * @returns x, of the shape of v
 * @throws RangeError if v is a scalar or no tensor, or if an option is wrong
 */
export function l1BallProjection(v: Tensor, options?: RadiusOptions): Tensor {
  return project('l1BallProjection', v, options, (radius) => ({
    what: 'l1BallProjection',
    radius,
    isBall: true,
    project: (x) => projectOntoBall(x, radius),
  }));
}

function project(
  what: string,
  v: Tensor,
  given: RadiusOptions | undefined,
  setOf: (radius: number) => ThresholdSet,
): Tensor {
  const { radius, kinks } = readRadiusOptions(what, v, given);
  if (!isTensor(radius)) return projectByThreshold(v, setOf(radius), kinks);
  // Π_R(v) = R·Π₁(v/R)
  const temporaries = new Temporaries();
  const unit = projectByThreshold(temporaries.keep(divide(v, radius)), setOf(1), kinks);
  const x = multiply(temporaries.keep(unit), radius);
  temporaries.free();
  return x;
}

function projectOntoBall(v: Tensor, radius: number): Tensor {
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const magnitude = made(elementwise('abs', [v]));
  const length = made(reduceLastAxis('sum', magnitude));
  // 1 inside; 0 for NaN, so that the projection makes the whole row NaN.
  const isInside = made(elementwise('greater', [made(elementwise('scale', [length], [0, radius])), length]));
  const onto = made(rowwise('projectSimplex', magnitude, undefined, [radius]));
  const chosen = made(elementwise('select', [isInside, magnitude, onto]));
  const x = elementwise('multiply', [made(elementwise('sign', [v])), chosen]);
  temporaries.free();
  return x;
}
