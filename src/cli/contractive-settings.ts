/** The options of `equilibra train --model contractive`. */
import { type NonExpansiveActivation, readNonExpansive } from '../implicit/well-posed/non-expansive.ts';
import { contractive, dense, sequential } from '../index.ts';
import { ACTIVATION_NAMES } from '../solvers/activations.ts';
import { InputError } from './io.ts';
import type { ModelSettings } from './model-settings.ts';
import { type Arguments, readChoice, readCount, readNumber, readPositive } from './options.ts';
import { refuseOptions } from './table-options.ts';

/** How ‖A‖∞ ≤ κ is kept; the first one is the default. */
const CONSTRAINTS = ['parametrise', 'project'] as const;

/** The solvers of `fixedPoint` that a command line can name. */
export const CONTRACTIVE_SOLVERS = [
  'auto',
  'picard+anderson',
  'picard',
  'anderson',
  'anderson+newton-krylov',
  'broyden',
  'newton-krylov',
] as const;

export const CONTRACTIVE_OPTIONS = {
  contraction: {
    value: '<number>',
    description: 'contractive: κ between 0 and 1 with ‖A‖∞ ≤ κ',
    fallback: '0.95',
  },
  constraint: {
    value: '<name>',
    description: 'contractive: how that is kept: parametrise, or project after each step',
    fallback: CONSTRAINTS[0],
  },
};

/** @throws InputError that names the option and says what is allowed */
export function readContractiveSettings(given: Arguments): ModelSettings {
  refuseOptions(given, ['margin', 'step', 'warm-start', 'channels', 'kernel'], 'it is not for --model contractive');
  const width = readCount(given, 'width', 100);
  const constraint = readChoice(given, 'constraint', CONSTRAINTS) ?? CONSTRAINTS[0];
  if (constraint === 'project' && given.options.theorem3 !== undefined) {
    throw new InputError(
      '--constraint: it is "project", and the theorem covers no projection; leave it out, or leave out --theorem3',
    );
  }
  const solve = {
    contraction: readNumber(given, 'contraction', 0.95, 'between 0 and 1', (value) => value > 0 && value < 1),
    activation: readActivation(given),
    tolerance: readPositive(given, 'tolerance', 1e-4),
    solver: readChoice(given, 'solver', CONTRACTIVE_SOLVERS) ?? CONTRACTIVE_SOLVERS[0],
  };
  return {
    size: { width },
    modelFor: ({ features }, outputs) =>
      sequential(contractive({ inputs: features, width, constraint, ...solve }), dense({ inputs: width, outputs })),
    chosen: { model: 'contractive', width, constraint, ...solve },
  };
}

/** The name as the library spells it. Upper and lower case are not distinguished. */
function readActivation({ options }: Arguments): Extract<NonExpansiveActivation, string> {
  const { activation = 'relu' } = options;
  const known = [...ACTIVATION_NAMES, 'abs' as const];
  const name = known.find((one) => one.toLowerCase() === activation.toLowerCase()) ?? activation;
  try {
    readNonExpansive(name as NonExpansiveActivation);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`--${error.message}`) : error;
  }
  return name as Extract<NonExpansiveActivation, string>;
}
