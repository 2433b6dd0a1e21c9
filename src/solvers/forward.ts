/** What the solvers of z = σ(Wz + b) have in common. Rows are samples: z is [batch, n] and Wz is z·Wᵀ. */
import { elementwise, product, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tracing } from '../tensor/tracing.ts';
import { ACTIVATION_KERNELS, type Activation } from './activations.ts';
import { spectralNormBound } from './norm.ts';

/** Tensors are those of the Program being traced. */
export interface FixedPointProblem {
  readonly W: Tensor; // [n, n]
  readonly b: Tensor; // [batch, n]
  /** Start, [batch, n]. */
  readonly initial: Tensor;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  /** Of the relative fixed-point residual, [1]. */
  readonly tolerance: Tensor;
  /** α > 0, [1]; by default the solver chooses. */
  readonly step: Tensor | undefined;
  readonly activation: Activation;
  /** Most iterations. */
  readonly limit: number;
}

/** Before finishing: an approximate solution and the monitor's state. */
export interface Iterated {
  readonly z: Tensor;
  readonly state: Tensor;
}

export interface ForwardSolver {
  readonly name: string;
  iterate(tracing: Tracing, problem: FixedPointProblem, norms: Norms): Iterated;
}

export interface Norms {
  /** I − W, [n, n]. */
  readonly difference: Tensor;
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** Residual below which the precision has nothing more to say: ε(2 + L) ≥ ε(1 + ‖W‖), [1]. */
  readonly floor: Tensor;
}

export function normsOf(tracing: Tracing, W: Tensor): Norms {
  const [n] = W.shape;
  const difference = elementwise('subtract', [tracing.constant({ kind: 'identity', order: n }, [n, n]), W]);
  const bound = spectralNormBound(difference);
  return { difference, bound, floor: elementwise('scale', [bound], [tracing.epsilon, 2 * tracing.epsilon]) };
}

export interface FixedPointSolution extends Iterated {
  /** Wz + b, [batch, n]: what J is taken from. */
  readonly preActivation: Tensor;
  /** ‖z − σ(Wz + b)‖ / (ε + ‖z‖) of the z returned, [batch]. */
  readonly residual: Tensor;
  /** The residual of rounding in Wz + b, [batch]: ε(1 + ‖W‖ + ‖b‖/‖z‖). */
  readonly floor: Tensor;
  readonly norms: Norms;
}

/** Wz + b. */
export function preActivation(problem: FixedPointProblem, z: Tensor): Tensor {
  return product(z, problem.W, { transposeB: true, bias: problem.b });
}

/** ‖z − σ(p)‖ / (ε + ‖z‖) for each sample, [batch]. */
export function relativeResidual({ activation }: FixedPointProblem, z: Tensor, p: Tensor): Tensor {
  const parameters = [activation.parameter, z.context.epsilon];
  return reduceRows('fixedPointResidual', [z, p], { activation: activation.name, parameters });
}

/** prox_{αf}(x). */
export function proximalStep({ activation }: FixedPointProblem, x: Tensor, step: Tensor): Tensor {
  return elementwise(ACTIVATION_KERNELS[activation.name].proximal, [x, step], [activation.parameter]);
}

/** Traces the whole solve: norms, iterations, and the true residual of what they found. */
export function solveFixedPoint(
  tracing: Tracing,
  solver: ForwardSolver,
  problem: FixedPointProblem,
): FixedPointSolution {
  const norms = normsOf(tracing, problem.W);
  const { z, state } = solver.iterate(tracing, problem, norms);
  const p = preActivation(problem, z);
  const unit = tracing.constant({ kind: 'fill', value: tracing.epsilon }, [1]);
  const share = elementwise('divide', [
    reduceRows('norm', [problem.b]),
    elementwise('add', [reduceRows('norm', [z]), unit]),
  ]);
  const floor = elementwise('add', [norms.floor, elementwise('scale', [share], [tracing.epsilon, 0])]);
  return { z, state, preActivation: p, residual: relativeResidual(problem, z, p), floor, norms };
}

/** A number for each sample, [batch], from one for all, [1]. */
export function repeated(value: Tensor, batch: number): Tensor {
  const zeros = value.context.constant({ kind: 'fill', value: 0 }, [batch]);
  return elementwise('add', [zeros, value]);
}
