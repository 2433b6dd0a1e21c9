/** Activations as they are written on the command line and in problems. */
import type { ActivationOption } from '../index.ts';
import { activationOf } from '../solvers/activations.ts';
import { InputError } from './io.ts';
import { kindOf } from './json.ts';

/**
 * The name as the library spells it; softThreshold may also be written in lower case.
 * @throws InputError where it is unknown, or names a function that is no proximal operator
 */
export function activationNamed(name: unknown): Extract<ActivationOption, string> {
  if (typeof name !== 'string') throw new InputError(`activation: it is ${kindOf(name)}; it must be a name`);
  const spelled = name === 'softthreshold' ? 'softThreshold' : name;
  try {
    return activationOf(spelled as Extract<ActivationOption, string>).name;
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}
