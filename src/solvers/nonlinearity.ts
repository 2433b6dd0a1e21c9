/** What a solver needs of an activation: σ and its proximal operators, an element J of its conservative Jacobian, its kinks. */
import { elementwise, proximalSoftmax, reduceRows, softmaxRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ACTIVATION_KERNELS, type Activation } from './activations.ts';
import type { ProximalMap } from './equation.ts';
import { diagonalJacobian, type Jacobian, softmaxJacobian } from './jacobian.ts';

/** σ of the layer; its residual is relative, ‖z − σ(p)‖ / (ε + ‖z‖). */
export function proximalMapOf({ name, parameters }: Activation): ProximalMap {
  if (name === 'softmax') {
    return {
      value: softmaxRows,
      proximal: (step) => (x) => proximalSoftmax(x, step),
      residual: (z, p) =>
        reduceRows('fixedPointResidual', [z, softmaxRows(p)], { parameters: [0, 0, z.context.epsilon] }),
    };
  }
  const { value, proximal } = ACTIVATION_KERNELS[name];
  return {
    value: (p) => elementwise(value, [p], parameters),
    proximal: (step) => (x) => elementwise(proximal, [x, step], parameters),
    residual: (z, p) =>
      reduceRows('fixedPointResidual', [z, p], { activation: name, parameters: [...parameters, z.context.epsilon] }),
  };
}

/**
 * J at the pre-activation p, [batch, n].
 * @param tolerance within which p is at a kink, [batch, 1]; undefined where σ has none
 * @param selection q: at a kink J is (1 − q)·min + q·max of the Clarke interval
 */
export function jacobianAt(
  { name, parameters }: Activation,
  p: Tensor,
  tolerance: Tensor | undefined,
  selection: number,
): Jacobian {
  if (name === 'softmax') return softmaxJacobian(softmaxRows(p));
  const { derivative } = ACTIVATION_KERNELS[name];
  if (!tolerance) return diagonalJacobian(elementwise(derivative, [p]));
  return diagonalJacobian(elementwise(derivative, [p, tolerance], [selection, ...parameters]));
}

/** The pre-activations at which σ is not differentiable. */
export function kinksOfActivation({ name, parameters }: Activation): readonly number[] {
  return name === 'softmax' ? [] : ACTIVATION_KERNELS[name].kinks(parameters);
}
