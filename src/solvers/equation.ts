/**
 * The equation z = σ(Wz + b), for the layer and for its adjoint: ũ = J(Wᵀũ + v) has the same form, with J in the place
 * of σ and Wᵀ in that of W (Winston & Kolter 2020, Theorem 2). Rows are samples: z is [batch, n] and Wz is z·Wᵀ.
 */
import type { ActivationName, ActivationParameters } from '../backends/kernels.ts';
import { elementwise, product } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { probedNorm, spectralNormBound } from './norm.ts';
import type { Resolvent } from './resolvent.ts';

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
export interface KnownMap {
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  readonly slope: Tensor | undefined;
}

/** Tensors are those of the Program being traced. */
export interface Equation {
  readonly W: Tensor; // [n, n]
  /** Wᵀ takes the place of W. */
  readonly transposed: boolean;
  readonly b: Tensor; // [batch, n]
  readonly sigma: ProximalMap;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  readonly norms: Norms;
  /** α > 0, [1]; by default the solver chooses. */
  readonly step: Tensor | undefined;
  /** Of W (not transposed) and with its own α, for the solvers that need it. */
  readonly resolvent: Resolvent | undefined;
}

export interface Norms {
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** About ‖I − W‖, [1]: enough to choose a step by that converges whatever it is. */
  readonly estimate: Tensor;
  /** Residual below which the precision has nothing more to say: ε(2 + L) ≥ ε(1 + ‖W‖), [1]. */
  readonly floor: Tensor;
}

export function normsOf(tracing: LoopContext, W: Tensor): Norms {
  if (!tracing.isSequential) return normsFrom(spectralNormBound(differenceOf(tracing, W)));
  const { bound, estimate } = probedNorm(tracing, W);
  return { ...normsFrom(bound), estimate };
}

/** Of a bound L that is known already. */
export function normsFrom(bound: Tensor): Norms {
  const { epsilon } = bound.context;
  return { bound, estimate: bound, floor: elementwise('scale', [bound], [epsilon, 2 * epsilon]) };
}

/** I − W, [n, n]. */
export function differenceOf(tracing: LoopContext, W: Tensor): Tensor {
  const [n] = W.shape;
  return elementwise('subtract', [tracing.constant({ kind: 'identity', order: n }, [n, n]), W]);
}

/** Wz + b. */
export function preActivation({ W, transposed, b }: Equation, z: Tensor): Tensor {
  return product(z, W, { transposeB: !transposed, bias: b });
}
