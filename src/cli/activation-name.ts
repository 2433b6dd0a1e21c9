/** The names of activations on the command line and in problems. */
import type { ActivationOption } from '../index.ts';
import { ACTIVATION_NAMES, activationOf } from '../solvers/activations.ts';
import { InputError } from './io.ts';
import { describeKind } from './json.ts';

export type ActivationName = Extract<ActivationOption, string>;

/**
 * Returns the name as the library spells it. Upper and lower case are not distinguished.
 * @throws InputError where the name is unknown or belongs to a function that is no proximal operator
 */
export function resolveActivationName(name: unknown): ActivationName {
  if (typeof name !== 'string') throw new InputError(`activation: it is ${describeKind(name)}; it must be a name`);
  const spelled = ACTIVATION_NAMES.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
  try {
    return activationOf(spelled as ActivationName).name;
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}
