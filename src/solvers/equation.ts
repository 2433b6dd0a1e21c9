/**
 * The equation z = σ(Wz + b), for the layer and for its adjoint: ũ = J(Wᵀũ + v) has the same form, with J in the place
 * of σ and Wᵀ in that of W (Winston & Kolter 2020, Theorem 2). Rows are samples: z is [batch, n].
 */
import type { ActivationName, ActivationParameters } from '../backends/kernels.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { applyMap, type LinearOperator, type NormBounds } from './linear-map.ts';
import type { SteppedResolvent } from './resolvent.ts';

/** σ, which is the proximal operator of a convex f. */
export interface ProximalMap {
  /** σ(p) */
  value(p: Tensor): Tensor;
  /** prox_{αf} for a step size α, [1]. What depends on α alone is computed once, outside the loop that applies it. */
  proximal(step: Tensor): (x: Tensor) => Tensor;
  /** ‖z − σ(p)‖ of each sample, relative to the size that the stopping test uses, [batch]. */
  residual(z: Tensor, p: Tensor): Tensor;
  /**
   * The map in the form that the kernel `iterate` takes; undefined where the kernel does not know it.
   * @internal
   */
  readonly known: KnownMap | undefined;
}

/** An element-wise activation, or multiplication by a slope, [batch, n]. */
interface KnownMap {
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  readonly slope: Tensor | undefined;
}

/** The equation z = σ(Wz + b) that an iteration solves. Its tensors belong to the Program that is being traced. */
export interface Equation {
  /** W as an operator that applies itself to rows of z. */
  readonly map: LinearOperator;
  /** b, [batch, n]. */
  readonly b: Tensor;
  /** σ with its proximal operator and its residual. */
  readonly sigma: ProximalMap;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  /** Bounds of ‖I − W‖, from which step sizes and the rounding of residuals follow. */
  readonly norms: Norms;
  /** The step size α > 0, [1]. Undefined where the solver chooses it. */
  readonly step: Tensor | undefined;
  /** The resolvent of this W with its own step size, for the solvers that need one. */
  readonly resolvent: SteppedResolvent | undefined;
}

/** Norms of I − W, where W is the linear part of an equation. */
export interface Norms {
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** An estimate of ‖I − W‖, [1], from which a step size is chosen that converges however good the estimate is. */
  readonly estimate: Tensor;
  /** The residual below which rounding decides: ε(2 + L) ≥ ε(1 + ‖W‖), [1]. */
  readonly floor: Tensor;
}

export function normsFrom({ bound, estimate = bound }: NormBounds): Norms {
  const { epsilon } = bound.context;
  return { bound, estimate, floor: elementwise('scale', [bound], [epsilon, 2 * epsilon]) };
}

/** Wz + b. */
export function preActivation({ map, b }: Pick<Equation, 'map' | 'b'>, z: Tensor): Tensor {
  return applyMap(map, z, { bias: b });
}

/** ε + ‖z‖ of each sample, the size to which residuals are relative, [batch]. */
export function sizeOfRows(z: Tensor): Tensor {
  return elementwise('scale', [reduceRows('norm', [z])], [1, z.context.epsilon]);
}

/**
 * The part of the residual of each sample that rounding may cause, ε(1 + ‖W‖ + ‖b‖/‖z‖), [batch].
 * @param size of z
 */
export function roundingOf(
  { b, norms }: Pick<Equation, 'b' | 'norms'>,
  z: Tensor,
  size: Tensor = sizeOfRows(z),
): Tensor {
  const { epsilon } = z.context;
  const share = elementwise('divide', [reduceRows('norm', [b]), size]);
  return elementwise('add', [norms.floor, elementwise('scale', [share], [epsilon, 0])]);
}
