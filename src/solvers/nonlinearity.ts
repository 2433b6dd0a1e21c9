/** What a solver needs of an activation: σ and its proximal operators, an element J of its conservative Jacobian, its kinks. */
import { elementwise, proximalSoftmax, reduceRows, softmaxRows } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ACTIVATION_KERNELS, type Activation } from './activations.ts';
import type { ProximalMap } from './equation.ts';
import { diagonalJacobian, type Jacobian, softmaxJacobian } from './jacobian.ts';

/** σ of the layer; its residual is relative, ‖z − σ(p)‖ / (ε + ‖z‖). */
export function proximalMapOf({ mask, ...activation }: Activation): ProximalMap {
  const whole = unmaskedMap(activation);
  if (!mask) return whole;
  const { into, outOf } = maskedUnits(activation, mask);
  const value = (p: Tensor): Tensor => outOf(whole.value(into(p)));
  return {
    value,
    // f is infinite where a unit that is not in use is not 0: prox_{αf} holds it at 0 for every α.
    proximal(step) {
      const proximal = whole.proximal(step);
      return (x) => outOf(proximal(into(x)));
    },
    residual: (z, p) => relativeResidual(z, value(p)),
    known: undefined,
  };
}

/** ‖z − x‖ / (ε + ‖z‖) */
function relativeResidual(z: Tensor, x: Tensor): Tensor {
  return reduceRows('fixedPointResidual', [z, x], { parameters: [0, 0, z.context.epsilon] });
}

function unmaskedMap({ name, parameters }: Activation): ProximalMap {
  if (name === 'softmax') {
    return {
      value: softmaxRows,
      proximal: (step) => (x) => proximalSoftmax(x, step),
      residual: (z, p) => relativeResidual(z, softmaxRows(p)),
      known: undefined,
    };
  }
  const { value, proximal } = ACTIVATION_KERNELS[name];
  return {
    value: (p) => elementwise(value, [p], parameters),
    proximal: (step) => (x) => elementwise(proximal, [x, step], parameters),
    residual: (z, p) =>
      reduceRows('fixedPointResidual', [z, p], { activation: name, parameters: [...parameters, z.context.epsilon] }),
    known: { activation: name, activationParameters: parameters, slope: undefined },
  };
}

/**
 * J at the pre-activation p, [batch, n].
 * @param tolerance within which p is at a kink, [batch, 1]; undefined where σ has none
 * @param selection q: at a kink J is (1 − q)·min + q·max of the Clarke interval
 */
export function jacobianAt(
  activation: Activation,
  p: Tensor,
  tolerance: Tensor | undefined,
  selection: number,
): Jacobian {
  const { name, parameters } = activation;
  if (name === 'softmax') return softmaxJacobian(proximalMapOf(activation).value(p));
  const { derivative } = ACTIVATION_KERNELS[name];
  const d = tolerance
    ? elementwise(derivative, [p, tolerance], [selection, ...parameters])
    : elementwise(derivative, [p]);
  return diagonalJacobian(whereUsed(activation, d, 0));
}

/** x, [batch, n], where the unit is in use, and `otherwise` where it is not. */
export function whereUsed({ mask }: Activation, x: Tensor, otherwise: number): Tensor {
  if (!mask) return x;
  const { context } = x;
  const isUsed = context.constant({ kind: 'values', values: mask }, [1, mask.length]);
  return elementwise('select', [isUsed, x, context.constant({ kind: 'fill', value: otherwise }, [1])]);
}

/** What σ acts on, and what becomes of that: 0 where a unit is not in use. */
interface MaskedUnits {
  into(x: Tensor): Tensor;
  outOf(x: Tensor): Tensor;
}

/** An element-wise σ sees all units, softmax only those in use, side by side. */
function maskedUnits(activation: Activation, mask: readonly number[]): MaskedUnits {
  if (activation.name !== 'softmax') return { into: (x) => x, outOf: (x) => whereUsed({ ...activation, mask }, x, 0) };
  const used = mask.flatMap((isUsed, unit) => (isUsed ? [unit] : []));
  // A place behind the last one gives 0.
  const places = mask.map((isUsed, unit) => (isUsed ? used.indexOf(unit) : used.length));
  const moved = (x: Tensor, values: readonly number[]): Tensor => {
    const indices = x.context.constant({ kind: 'values', values }, [values.length]);
    return gatherAlong(x, 1, values.length, { indices });
  };
  return { into: (x) => moved(x, used), outOf: (x) => moved(x, places) };
}

/** The pre-activations at which σ is not differentiable. */
export function kinksOfActivation({ name, parameters }: Activation): readonly number[] {
  return name === 'softmax' ? [] : ACTIVATION_KERNELS[name].kinks(parameters);
}
