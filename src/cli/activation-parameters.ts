/** Reads the parameters of activations from the keys of a problem. */
import type { ActivationOption } from '../index.ts';
import { ACTIVATION_PARAMETERS, activationOf } from '../solvers/activations.ts';
import { resolveActivationName } from './activation-name.ts';
import { InputError } from './io.ts';
import { checkNumber, type JSONObject } from './json.ts';

/** The key of a problem for each parameter of the library. */
const KEYS: Readonly<Record<string, string>> = {
  threshold: 'tau',
  slope: 'slope',
  low: 'low',
  high: 'high',
  alpha: 'alpha',
};
export const PARAMETER_KEYS = Object.values(KEYS);

/**
 * Reads the activation of a problem, with its parameters where it has any. tau is required; the others have defaults.
 * @throws InputError where a key is missing, has a wrong value, or does not belong to this activation
 */
export function readActivation(problem: JSONObject): ActivationOption {
  const name = resolveActivationName(problem.activation);
  const parameters = ACTIVATION_PARAMETERS[name] ?? [];
  const allowed = parameters.map((parameter) => KEYS[parameter.name]);
  for (const key of PARAMETER_KEYS) {
    if (problem[key] === undefined || allowed.includes(key)) continue;
    const has = allowed.length === 0 ? 'no parameter' : allowed.join(' and ');
    throw new InputError(`${key}: it is given, but ${name} has ${has}; leave it out`);
  }
  if (name === 'softThreshold' && problem.tau === undefined) {
    throw new InputError('tau: this key is missing; softThreshold needs it, a finite number > 0');
  }
  const given = parameters.flatMap(({ name: parameter, allowed: what, isAllowed }) => {
    const key = KEYS[parameter];
    return problem[key] === undefined ? [] : [[parameter, checkNumber(key, problem[key], what, isAllowed)]];
  });
  const option = { name, ...Object.fromEntries(given) } as ActivationOption;
  try {
    activationOf(option);
  } catch (error) {
    throw new InputError((error as Error).message);
  }
  return option;
}
