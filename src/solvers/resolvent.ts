import { elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { differenceOf, type Norms } from './equation.ts';
import { inverse } from './inverse.ts';

/** What Peaceman-Rachford splitting needs of W, for the layer and, transposed, for its adjoint. */
export interface Resolvent {
  /** V = (I + α(I − W))⁻¹, [n, n]. */
  readonly inverse: Tensor;
  /** α, [1]. */
  readonly step: Tensor;
}

export interface ResolventOptions {
  readonly margin: Tensor;
  readonly norms: Norms;
  readonly step: Tensor | undefined;
  readonly tolerance: Tensor;
  readonly wanted?: Tensor;
  readonly near?: Tensor;
}

/** Of the tolerance of the solve: how exact its inverse is. */
const INVERSE_SHARE = 0.01;

/**
 * V, for the α given or α = min(1/√(mL), 3/L) with L about ‖I − W‖: the first is the best one for a
 * symmetric W, the second keeps it near what was measured to be best on matrices far from symmetric (L/m of 3000: 36
 * iterations of Peaceman-Rachford, against 200 at 1/√(mL)).
 * @param options.tolerance of the solve that uses it, [1]: ‖I − V⁻¹V‖_F is at most a hundredth of that, or rounding
 * @param options.wanted [1]: where it is 0 the inverse is not computed, and means nothing; default 1
 * @param options.near V of another W, which may be near enough to start from
 */
export function resolventOf(
  tracing: LoopContext,
  W: Tensor,
  { margin, norms, step, tolerance, wanted, near }: ResolventOptions,
): Resolvent {
  const [n] = W.shape;
  const alpha = step ?? automaticStep(margin, norms.estimate);
  const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
  const shifted = elementwise('add', [identity, elementwise('multiply', [differenceOf(tracing, W), alpha])]);
  const onePlus = (x: Tensor): Tensor => elementwise('scale', [elementwise('multiply', [x, alpha])], [1, 1]);
  const exactness = elementwise('scale', [tolerance], [INVERSE_SHARE, 0]);
  const options = { smallest: onePlus(margin), largest: onePlus(norms.bound), tolerance: exactness, wanted, near };
  return { inverse: inverse(tracing, shifted, options), step: alpha };
}

function automaticStep(margin: Tensor, norm: Tensor): Tensor {
  const symmetric = elementwise('reciprocal', [elementwise('sqrt', [elementwise('multiply', [margin, norm])])]);
  return elementwise('minimum', [symmetric, elementwise('scale', [elementwise('reciprocal', [norm])], [3, 0])]);
}
