/** How `equilibra train` trains: the model and the optimiser that the options ask for. */
import { BACKENDS } from '../backends/open.ts';
import { type BackendName, dense, type Model, monotone, sequential, stepDecay } from '../index.ts';
import { ACTIVATION_NAMES } from '../solvers/activations.ts';
import { FORWARD_SOLVERS, type ForwardSolverName } from '../solvers/index.ts';
import { activationNamed } from './activation-name.ts';
import { InputError } from './io.ts';
import { type Arguments, choiceOption, countOption, numberOption, positiveOption } from './options.ts';

const SOLVERS = ['auto', ...(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])] as const;

export const SETTING_OPTIONS = {
  width: { value: '<count>', description: 'width n of the equilibrium layer', fallback: '100' },
  activation: { value: '<name>', description: ACTIVATION_NAMES.join(', '), fallback: 'relu' },
  margin: { value: '<number>', description: 'm of the layer, I − W ⪰ m·I', fallback: '1' },
  epochs: { value: '<count>', description: 'passes over the training data', fallback: '40' },
  batch: { value: '<count>', description: 'samples in a step', fallback: '64' },
  rate: { value: '<number>', description: 'step size of Adam', fallback: '1e-2' },
  'decay-factor': { value: '<number>', description: 'the rate is multiplied by it, in (0, 1]', fallback: '0.1' },
  'decay-every': { value: '<count>', description: 'after so many epochs', fallback: '15' },
  tolerance: { value: '<number>', description: 'of the relative residual of every solve', fallback: '1e-4' },
  solver: { value: '<name>', description: SOLVERS.join(', '), fallback: SOLVERS[0] },
  seed: { value: '<count>', description: 'of the start, the order and the choice of samples', fallback: '0' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'webgpu on hardware, else cpu' },
};

export interface TrainingSettings {
  /** The model for rows of so many numbers and so many classes. */
  modelFor(features: number, classes: number): Model;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: ReturnType<typeof stepDecay>;
  readonly seed: number;
  readonly backend: BackendName | undefined;
  /** For the reader of a report: names and values. */
  readonly facts: readonly (readonly [string, string])[];
}

/** @throws InputError that names the option and what is allowed */
export function trainingSettings(given: Arguments): TrainingSettings {
  const width = countOption(given, 'width', 100);
  const factor = numberOption(given, 'decay-factor', 0.1, 'a number in (0, 1]', (value) => value > 0 && value <= 1);
  const every = countOption(given, 'decay-every', 15);
  const layer = {
    width,
    activation: activationOption(given),
    margin: positiveOption(given, 'margin', 1),
    tolerance: positiveOption(given, 'tolerance', 1e-4),
    solver: choiceOption(given, 'solver', SOLVERS),
  };
  const rate = positiveOption(given, 'rate', 1e-2);
  const epochs = countOption(given, 'epochs', 40);
  const batch = countOption(given, 'batch', 64);
  const natural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const seed = numberOption(given, 'seed', 0, `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, natural);
  return {
    modelFor: (features, classes) =>
      sequential(monotone({ inputs: features, ...layer }), dense({ inputs: width, outputs: classes })),
    epochs,
    batch,
    rate: stepDecay(rate, { factor, every }),
    seed,
    backend: choiceOption(given, 'backend', BACKENDS),
    facts: [
      ['epochs', String(epochs)],
      ['batch', String(batch)],
      ['optimiser', `Adam, rate ${rate}, times ${factor} after every ${every} epochs`],
      ['activation', given.options.activation ?? 'relu'],
      ['margin m', String(layer.margin)],
      ['solver', `${layer.solver ?? SOLVERS[0]}, tolerance ${layer.tolerance}`],
      ['seed', String(seed)],
    ],
  };
}

function activationOption({ options }: Arguments): ReturnType<typeof activationNamed> {
  try {
    return activationNamed(options.activation ?? 'relu');
  } catch (error) {
    throw error instanceof InputError ? new InputError(`--${error.message}`) : error;
  }
}
