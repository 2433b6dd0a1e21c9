import { elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LinearOperator, NormBounds, Resolvent } from './linear-map.ts';

/** What Peaceman-Rachford splitting needs of W: V = (I + α(I − W))⁻¹ and its step size α. */
export interface SteppedResolvent extends Resolvent {
  /** α, [1]. */
  readonly step: Tensor;
}

interface SteppedResolventOptions {
  readonly margin: Tensor;
  readonly norms: Required<NormBounds>;
  readonly step: Tensor | undefined;
  readonly tolerance: Tensor;
  readonly wanted?: Tensor;
  readonly near?: readonly Tensor[];
  readonly kept?: readonly Tensor[];
}

/** How exact the inverse is, relative to the tolerance of the solve. */
const INVERSE_SHARE = 0.01;

/**
 * Computes V for the given α, or for α = min(1/√(mL), 3/L) with L about ‖I − W‖. The first value is the best one for
 * symmetric W; the second stays close to the measured optimum for matrices that are far from symmetric (for L/m of
 * 3000, Peaceman-Rachford takes 36 iterations, against 200 at 1/√(mL)).
 * @param options.tolerance of the solve that uses V, [1]: ‖I − V⁻¹V‖_F is at most a hundredth of it, or rounding
 * @param options.wanted [1]: if it is 0, the inverse is not computed and means nothing; default 1
 * @param options.near the `kept` tensors of another W, which may be close enough to start from
 * @param options.kept the `kept` tensors of this W and α: with them nothing is computed
 */
export function resolventOf(
  map: LinearOperator,
  { margin, norms, step, tolerance, wanted, near, kept }: SteppedResolventOptions,
): SteppedResolvent {
  if (!map.resolvent) throw new Error('the linear map has no resolvent, which this solver needs');
  const alpha = step ?? automaticStep(margin, norms.estimate);
  const onePlus = (x: Tensor): Tensor => elementwise('scale', [elementwise('multiply', [x, alpha])], [1, 1]);
  const exactness = elementwise('scale', [tolerance], [INVERSE_SHARE, 0]);
  const bounds = { smallest: onePlus(margin), largest: onePlus(norms.bound), tolerance: exactness };
  return { ...map.resolvent(alpha, { ...bounds, wanted, near, kept }), step: alpha };
}

function automaticStep(margin: Tensor, norm: Tensor): Tensor {
  const symmetric = elementwise('reciprocal', [elementwise('sqrt', [elementwise('multiply', [margin, norm])])]);
  return elementwise('minimum', [symmetric, elementwise('scale', [elementwise('reciprocal', [norm])], [3, 0])]);
}
