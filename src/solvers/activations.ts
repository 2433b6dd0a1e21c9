/** The activations a monotone layer may have: σ = prox_f of a convex f, so nondecreasing and 1-Lipschitz. */
import type { ActivationName, ElementwiseOperation } from '../backends/kernels.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { ProximalMap } from './equation.ts';

export interface Activation {
  readonly name: Exclude<ActivationName, 'identity'>;
  /** τ of softThreshold, else 0. */
  readonly parameter: number;
}

export type ActivationOption = Activation['name'] | { readonly name: 'softThreshold'; readonly threshold: number };

interface Kernels {
  readonly value: ElementwiseOperation;
  readonly proximal: ElementwiseOperation;
  readonly derivative: ElementwiseOperation;
  /** The pre-activations at which σ has a kink. */
  readonly kinks: (parameter: number) => readonly number[];
}

const NO_KINKS = (): readonly number[] => [];

export const ACTIVATION_KERNELS: Readonly<Record<Activation['name'], Kernels>> = {
  relu: { value: 'relu', proximal: 'proximalRelu', derivative: 'reluDerivative', kinks: () => [0] },
  tanh: { value: 'tanh', proximal: 'proximalTanh', derivative: 'tanhDerivative', kinks: NO_KINKS },
  sigmoid: { value: 'sigmoid', proximal: 'proximalSigmoid', derivative: 'sigmoidDerivative', kinks: NO_KINKS },
  softThreshold: {
    value: 'softThreshold',
    proximal: 'proximalSoftThreshold',
    derivative: 'softThresholdDerivative',
    kinks: (threshold) => [-threshold, threshold],
  },
};

/** σ of the layer; its residual is relative to ε + ‖z‖. */
export function proximalMapOf({ name, parameter }: Activation): ProximalMap {
  const { value, proximal } = ACTIVATION_KERNELS[name];
  return {
    value: (p) => elementwise(value, [p], [parameter]),
    proximal: (x, step) => elementwise(proximal, [x, step], [parameter]),
    residual: (z, p) =>
      reduceRows('fixedPointResidual', [z, p], { activation: name, parameters: [parameter, z.context.epsilon] }),
  };
}

/** Why well-known functions are not proximal operators. */
const REFUSED: Readonly<Record<string, string>> = {
  gelu: 'it decreases for x < −0.75, and a proximal operator is nondecreasing',
  swish: 'it decreases for x < −1.28, and a proximal operator is nondecreasing',
  silu: 'it decreases for x < −1.28, and a proximal operator is nondecreasing',
  mish: 'it decreases for x < −1.19, and a proximal operator is nondecreasing',
  selu: 'its slope reaches 1.758, and a proximal operator is 1-Lipschitz',
  sin: 'it decreases on half of its period, and a proximal operator is nondecreasing',
  cos: 'it decreases on half of its period, and a proximal operator is nondecreasing',
};

/** Turns the option of a layer into an activation; throws where it is unknown or not a proximal operator. */
export function activationOf(option: ActivationOption): Activation {
  const name = typeof option === 'string' ? option : option?.name;
  if (typeof name === 'string' && Object.hasOwn(REFUSED, name.toLowerCase())) {
    throw new RangeError(
      `activation: ${name} is not the proximal operator of a convex function: ${REFUSED[name.toLowerCase()]}`,
    );
  }
  if (typeof name !== 'string' || !Object.hasOwn(ACTIVATION_KERNELS, name)) {
    throw new RangeError(
      `activation: ${JSON.stringify(option)} is unknown; it must be one of ${Object.keys(ACTIVATION_KERNELS).join(', ')}`,
    );
  }
  if (name !== 'softThreshold') return { name, parameter: 0 };
  const threshold = typeof option === 'string' ? 1 : (option as { threshold: number }).threshold;
  if (!(threshold > 0 && Number.isFinite(threshold))) {
    throw new RangeError(`activation: the threshold of softThreshold is ${threshold}; it must be a finite number > 0`);
  }
  return { name, parameter: threshold };
}
