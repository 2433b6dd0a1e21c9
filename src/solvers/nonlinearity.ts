/**
 * What a solver needs of an activation: σ, its proximal operators, an element J of its conservative Jacobian, and its
 * kinks.
 */
import { elementwise, proximalSoftmax, reduceRows, softmaxRows } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ACTIVATION_KERNELS, type Activation } from './activations.ts';
import type { ProximalMap } from './equation.ts';
import { diagonalJacobian, type Jacobian, softmaxJacobian } from './jacobian.ts';

/** σ of the layer as a proximal map. Its residual is relative: ‖z − σ(p)‖ / (ε + ‖z‖). */
export function proximalMapOf({ mask, ...activation }: Activation): ProximalMap {
  const whole = createUnmaskedMap(activation);
  if (!mask) return whole;
  const { into, outOf } = maskedUnits(activation, mask);
  const value = (p: Tensor): Tensor => outOf(whole.value(into(p)));
  return {
    value,
    // f is infinite where an unused unit is not 0, so that prox_{αf} holds it at 0 for every α.
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

function createUnmaskedMap({ name, parameters }: Activation): ProximalMap {
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
 * Computes J at the pre-activation p, [batch, n].
 * @param tolerance distance within which p is at a kink, [batch, 1]; undefined if σ has no kinks
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
  // Their derivative is 0 or 1 away from kinks, and the selection at kinks.
  const isBinary = ['relu', 'softThreshold', 'clip'].includes(name) && selection % 1 === 0;
  return diagonalJacobian(maskUnused(activation, d, 0), isBinary);
}

/** Takes x, [batch, n], for units in use, and `otherwise` for the others. */
export function maskUnused({ mask }: Activation, x: Tensor, otherwise: number): Tensor {
  if (!mask) return x;
  const { context } = x;
  const isUsed = context.constant({ kind: 'values', values: mask }, [1, mask.length]);
  return elementwise('select', [isUsed, x, context.constant({ kind: 'fill', value: otherwise }, [1])]);
}

/** Takes the units that σ acts on, and puts them back: unused units become 0. */
interface MaskedUnits {
  into(x: Tensor): Tensor;
  outOf(x: Tensor): Tensor;
}

/** An element-wise σ acts on all units, softmax only on those in use, side by side. */
function maskedUnits(activation: Activation, mask: readonly number[]): MaskedUnits {
  if (activation.name !== 'softmax') return { into: (x) => x, outOf: (x) => maskUnused({ ...activation, mask }, x, 0) };
  const used = mask.flatMap((isUsed, unit) => (isUsed ? [unit] : []));
  // An index behind the last one yields 0.
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
