/**
 * The equation z = σ(Wz + b), for the layer and for its adjoint: ũ = J(Wᵀũ + v) has the same form, with J in the place
 * of σ and Wᵀ in that of W (Winston & Kolter 2020, Theorem 2). Rows are samples: z is [batch, n].
 */
import type { ActivationName, ActivationParameters } from '../backends/kernels.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { applyMap, type LinearOperator, type NormBounds } from './linear-map.ts';
import type { SteppedResolvent } from './resolvent.ts';

/** σ = prox_f of a convex f. */
export interface ProximalMap {
  /** σ(p) */
  value(p: Tensor): Tensor;
  /** prox_{αf} for an α, [1]: what it needs is made once, outside of the loop that applies it. */
  proximal(step: Tensor): (x: Tensor) => Tensor;
  /** ‖z − σ(p)‖, relative to what the stopping test is relative to, [batch]. */
  residual(z: Tensor, p: Tensor): Tensor;
  /** As the kernel `iterate` is told of it; undefined where it does not know the map. */
  readonly known: KnownMap | undefined;
}

/** An element-wise activation, or multiplication by a slope, [batch, n]. */
interface KnownMap {
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  readonly slope: Tensor | undefined;
}

/** Tensors are those of the Program being traced. */
export interface Equation {
  readonly map: LinearOperator; // W
  readonly b: Tensor; // [batch, n]
  readonly sigma: ProximalMap;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  readonly norms: Norms;
  /** α > 0, [1]; by default the solver chooses. */
  readonly step: Tensor | undefined;
  /** Of this W and with its own α, for the solvers that need it. */
  readonly resolvent: SteppedResolvent | undefined;
}

export interface Norms {
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** About ‖I − W‖, [1]: enough to choose a step by that converges whatever it is. */
  readonly estimate: Tensor;
  /** Residual below which the precision has nothing more to say: ε(2 + L) ≥ ε(1 + ‖W‖), [1]. */
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

/** ε + ‖z‖: what residuals are relative to, [batch]. */
export function sizeOfRows(z: Tensor): Tensor {
  return elementwise('scale', [reduceRows('norm', [z])], [1, z.context.epsilon]);
}

/**
 * What rounding makes of the residual, ε(1 + ‖W‖ + ‖b‖/‖z‖), [batch].
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
