/** Activations φ with |φ(s) − φ(t)| ≤ |s − t|, component by component. They need not be monotone. */
import { readField } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import {
  ACTIVATION_NAMES,
  type Activation,
  type ActivationOption,
  ALIASES,
  activationOf,
} from '../../solvers/activations.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from '../monotone-equation.ts';

/**
 * An activation of z = φ(Az + b): one of those of `monotoneFixedPoint` that act component by component, all but softmax;
 * or abs, which decreases on one side and is non-expansive all the same.
 */
export type NonExpansiveActivation = ActivationOption | 'abs';

const JUMPS = 'it jumps';

/** Why these well-known functions are not allowed, though other layers may use them. */
const REFUSED: Readonly<Record<string, string>> = {
  gelu: 'its slope reaches 1.13',
  swish: 'its slope reaches 1.10',
  silu: 'its slope reaches 1.10',
  mish: 'its slope reaches 1.09',
  hardswish: 'its slope reaches 1.5',
  selu: 'its slope reaches 1.758',
  exp: 'its slope has no bound',
  square: 'its slope has no bound',
  sinh: 'its slope has no bound',
  softmax: 'it does not act component by component',
  step: JUMPS,
  heaviside: JUMPS,
  sign: JUMPS,
  hardthreshold: JUMPS,
  hardshrink: JUMPS,
};

const NAMES = [...ACTIVATION_NAMES.filter((name) => name !== 'softmax'), 'abs'];

export interface ReadActivation {
  readonly isMonotone: boolean;
  apply(p: Tensor): Tensor;
  /** Present except for abs. */
  readonly proximal: Activation | undefined;
}

/** @throws RangeError where the activation is unknown or not non-expansive */
export function readNonExpansive(option: NonExpansiveActivation): ReadActivation {
  if (option === 'abs') return { isMonotone: false, apply: (p) => p.abs(), proximal: undefined };
  const name = typeof option === 'string' ? option : readField(option, 'name');
  const key = typeof name === 'string' ? name.toLowerCase() : '';
  const why = Object.hasOwn(REFUSED, key) ? REFUSED[key] : undefined;
  if (why) {
    throw new RangeError(
      `activation: ${name} is not allowed here: ${why}; it must be non-expansive, such as relu, tanh or abs`,
    );
  }
  if (key === 'abs') throw new RangeError(`activation: ${describeValue(option)} is not known; write 'abs'`);
  // Other spellings, such as atan, have an answer of their own.
  if (!(ACTIVATION_NAMES as readonly unknown[]).includes(name) && !Object.hasOwn(ALIASES, key)) {
    throw new RangeError(`activation: ${describeValue(option)} is unknown; it must be one of ${NAMES.join(', ')}`);
  }
  const proximal = activationOf(option);
  return { isMonotone: true, apply: (p) => activate(p, proximal), proximal };
}
