/** The activations that a monotone layer may have: σ = prox_f of a convex f, so nondecreasing and 1-Lipschitz. */
import { createArgumentError, isList, readField } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import type { ActivationName, ActivationParameters, ElementwiseOperation } from '../backends/kernels.ts';

/**
 * The activations that act element by element.
 *
 * @inline
 * @useDeclaredType
 */
export type ElementwiseActivation = Exclude<ActivationName, 'identity'>;

/** An activation as solvers use it; `ActivationOption` is what callers pass. */
export interface Activation {
  /** Its name. All act element by element, except softmax, which acts on a row. */
  readonly name: ElementwiseActivation | 'softmax';
  /**
   * The parameters that kernels take: the threshold, the slope, low and high, or alpha, in the order of
   * ACTIVATION_PARAMETERS.
   */
  readonly parameters: readonly [number, number];
  /** [n], with 1 for a unit that is in use, and 0 for one whose z is held at 0. Default: all units are in use. */
  readonly mask?: readonly number[];
}

/** Some units may be unused: the border of an image, or padding. */
export interface MaskedActivation {
  /**
   * [n], of 0 and 1, with at least one 1. A unit with 0 is held at 0 whatever its input, has derivative 0, and is
   * never at a kink; softmax is taken over the others. Default: all units are in use.
   */
  readonly mask?: readonly number[];
}

/** An activation, by name or with parameters. Defaults: softThreshold 1, leakyRelu 0.01, clip from −1 to 1, elu 1. */
export type ActivationOption =
  | Activation['name']
  | ({
      /** The name of the activation. */
      readonly name: Activation['name'];
    } & MaskedActivation)
  | ({
      /** The name of the activation. */
      readonly name: 'softThreshold';
      /** Finite, > 0. */
      readonly threshold: number;
    } & MaskedActivation)
  | ({
      /** The name of the activation. */
      readonly name: 'leakyRelu';
      /** The slope where x < 0, from 0 to 1. */
      readonly slope: number;
    } & MaskedActivation)
  | ({
      /** The name of the activation. */
      readonly name: 'clip';
      /** The least value, finite and less than `high`. */
      readonly low: number;
      /** The greatest value, finite. */
      readonly high: number;
    } & MaskedActivation)
  | ({
      /** The name of the activation. */
      readonly name: 'elu';
      /** From 0 to 1; below 1 there is a kink at 0. */
      readonly alpha: number;
    } & MaskedActivation);

interface Kernels {
  readonly value: ElementwiseOperation;
  readonly proximal: ElementwiseOperation;
  readonly derivative: ElementwiseOperation;
  /** The pre-activations at which σ has a kink. */
  readonly kinks: (parameter: ActivationParameters) => readonly number[];
}

const NO_KINKS = (): readonly number[] => [];
/** Left of 0 the slope is at most the parameter; if that is 1, the function does not bend. */
const KINK_BELOW_ONE = ([slope]: ActivationParameters): readonly number[] => (slope === 1 ? [] : [0]);

export const ACTIVATION_KERNELS: Readonly<Record<ElementwiseActivation, Kernels>> = {
  relu: { value: 'relu', proximal: 'proximalRelu', derivative: 'reluDerivative', kinks: () => [0] },
  tanh: { value: 'tanh', proximal: 'proximalTanh', derivative: 'tanhDerivative', kinks: NO_KINKS },
  sigmoid: { value: 'sigmoid', proximal: 'proximalSigmoid', derivative: 'sigmoidDerivative', kinks: NO_KINKS },
  softThreshold: {
    value: 'softThreshold',
    proximal: 'proximalSoftThreshold',
    derivative: 'softThresholdDerivative',
    kinks: ([threshold]) => [-threshold, threshold],
  },
  leakyRelu: {
    value: 'leakyRelu',
    proximal: 'proximalLeakyRelu',
    derivative: 'leakyReluDerivative',
    kinks: KINK_BELOW_ONE,
  },
  clip: { value: 'clip', proximal: 'proximalClip', derivative: 'clipDerivative', kinks: (ends) => ends },
  // The derivative of softplus is the sigmoid.
  softplus: { value: 'softplus', proximal: 'proximalSoftplus', derivative: 'sigmoid', kinks: NO_KINKS },
  elu: { value: 'elu', proximal: 'proximalElu', derivative: 'eluDerivative', kinks: KINK_BELOW_ONE },
  softsign: { value: 'softsign', proximal: 'proximalSoftsign', derivative: 'softsignDerivative', kinks: NO_KINKS },
  arctan: { value: 'arctan', proximal: 'proximalArctan', derivative: 'arctanDerivative', kinks: NO_KINKS },
};

export const ACTIVATION_NAMES = [...Object.keys(ACTIVATION_KERNELS), 'softmax'] as readonly Activation['name'][];

interface Parameter {
  readonly name: string;
  readonly fallback: number;
  readonly allowed: string;
  readonly isAllowed: (value: number) => boolean;
}

const FROM_0_TO_1 = {
  allowed: 'a number from 0 to 1, since a proximal operator is nondecreasing and 1-Lipschitz',
  isAllowed: (value: number) => value >= 0 && value <= 1,
};
const FINITE = { allowed: 'a finite number', isAllowed: Number.isFinite };

/** The parameters of each activation that has any, in the order in which kernels take them. */
export const ACTIVATION_PARAMETERS: Readonly<Partial<Record<Activation['name'], readonly Parameter[]>>> = {
  softThreshold: [
    {
      name: 'threshold',
      fallback: 1,
      allowed: 'a finite number > 0',
      isAllowed: (value) => value > 0 && Number.isFinite(value),
    },
  ],
  leakyRelu: [{ name: 'slope', fallback: 0.01, ...FROM_0_TO_1 }],
  clip: [
    { name: 'low', fallback: -1, ...FINITE },
    { name: 'high', fallback: 1, ...FINITE },
  ],
  elu: [{ name: 'alpha', fallback: 1, ...FROM_0_TO_1 }],
};

const decreases = (where: string): string => `it decreases ${where}, and a proximal operator is nondecreasing`;
const JUMPS = 'it jumps, and a proximal operator is 1-Lipschitz';

/** Why these well-known functions are not proximal operators. */
const REFUSED: Readonly<Record<string, string>> = {
  gelu: decreases('for x < −0.75'),
  swish: decreases('for x < −1.28'),
  silu: decreases('for x < −1.28'),
  hardswish: decreases('for x between −3 and −1.5'),
  mish: decreases('for x < −1.19'),
  sin: decreases('on half of its period'),
  cos: decreases('on half of its period'),
  abs: decreases('for x < 0'),
  square: decreases('for x < 0'),
  gaussian: decreases('for x > 0'),
  selu: 'its slope reaches 1.758, and a proximal operator is 1-Lipschitz',
  exp: 'its slope has no bound, and a proximal operator is 1-Lipschitz',
  sinh: 'its slope has no bound, and a proximal operator is 1-Lipschitz',
  step: JUMPS,
  heaviside: JUMPS,
  sign: JUMPS,
  hardthreshold: JUMPS,
  hardshrink: JUMPS,
};

/** Proximal operators that have another name here. */
export const ALIASES: Readonly<Record<string, string>> = {
  relu6: "{ name: 'clip', low: 0, high: 6 }",
  hardtanh: "{ name: 'clip', low: -1, high: 1 }",
  softshrink: "{ name: 'softThreshold', threshold: 0.5 }",
  atan: "'arctan'",
  prelu: "{ name: 'leakyRelu', slope: … } with a slope that is not learned",
};

/** Turns the option of a layer into an activation. @throws RangeError if it is unknown or not a proximal operator */
export function activationOf(option: ActivationOption): Activation {
  if (typeof option !== 'string') return checkedActivation(option, option);
  const known = byName.get(option) ?? checkedActivation({ name: option }, option);
  byName.set(option, known);
  return known;
}

/** Activations with default parameters, because every solve asks for one. */
const byName = new Map<string, Activation>();

function checkedActivation(given: Exclude<ActivationOption, string>, option: ActivationOption): Activation {
  const name = checkedName(readField(given, 'name'), option);
  const parameters = ACTIVATION_PARAMETERS[name] ?? [];
  checkKeys(name, given, parameters);
  const values = parameters.map((parameter) => parameterOf(name, given, parameter));
  const [first = 0, second = 0] = values;
  if (name === 'clip' && !(first < second)) {
    throw new RangeError(`activation: the low of clip is ${first} and its high ${second}; low must be less than high`);
  }
  const mask = maskOf(given);
  return { name, parameters: [first, second], ...(mask && { mask }) };
}

function maskOf({ mask }: MaskedActivation): readonly number[] | undefined {
  if (mask === undefined) return undefined;
  const wrong = isList(mask) ? mask.findIndex((value) => value !== 0 && value !== 1) : 0;
  if (wrong >= 0) {
    const found = isList(mask) ? `[${wrong}] is ${describeValue(mask[wrong])}` : ` is ${describeValue(mask)}`;
    throw new RangeError(`activation: mask${found}; it must be a list of 0 and 1`);
  }
  if (!mask.includes(1)) throw new RangeError('activation: mask holds no 1; at least one unit must be in use');
  return mask;
}

/** @throws RangeError if there is a mask whose length is not n */
export function checkMask({ mask }: Activation, n: number): void {
  if (mask && mask.length !== n) {
    throw new RangeError(`activation: mask holds ${mask.length} numbers; it must hold one for each of the ${n} units`);
  }
}

function checkedName(name: unknown, option: unknown): Activation['name'] {
  const lower = typeof name === 'string' ? name.toLowerCase() : '';
  if (Object.hasOwn(REFUSED, lower)) {
    throw new RangeError(`activation: ${name} is not the proximal operator of a convex function: ${REFUSED[lower]}`);
  }
  if (Object.hasOwn(ALIASES, lower)) {
    throw new RangeError(`activation: ${name} is not a name here; write ${ALIASES[lower]}`);
  }
  if (typeof name !== 'string' || !(ACTIVATION_NAMES as readonly string[]).includes(name)) {
    throw new RangeError(
      `activation: ${describeValue(option)} is unknown; it must be one of ${ACTIVATION_NAMES.join(', ')}`,
    );
  }
  return name as Activation['name'];
}

function checkKeys(name: string, given: object, parameters: readonly Parameter[]): void {
  const known = ['name', ...parameters.map((parameter) => parameter.name)];
  for (const key of Object.keys(given)) {
    if (key !== 'mask' && !known.includes(key)) {
      const allowed = known.length === 1 ? 'no parameter' : known.slice(1).join(' and ');
      throw new RangeError(`activation: ${key} is given, but ${name} has ${allowed}`);
    }
  }
}

function parameterOf(activation: string, given: object, { name, fallback, allowed, isAllowed }: Parameter): number {
  const value: unknown = (given as Record<string, unknown>)[name] ?? fallback;
  if (typeof value === 'number' && isAllowed(value)) return value;
  throw createArgumentError(`activation: the ${name} of ${activation}`, value, allowed);
}
