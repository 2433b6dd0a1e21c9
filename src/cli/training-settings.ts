/** Reads the settings of `equilibra train`: the model, the optimiser and the course of training. */
import { BACKENDS } from '../backends/open.ts';
import {
  type BackendName,
  dense,
  type Model,
  monotone,
  type RegressionLossOptions,
  sequential,
  type TaskName,
  type TrainOptions,
} from '../index.ts';
import { ACTIVATION_NAMES } from '../solvers/activations.ts';
import { FORWARD_SOLVERS, type ForwardSolverName } from '../solvers/index.ts';
import { resolveActivationName } from './activation-name.ts';
import { formatValue, InputError } from './io.ts';
import { OPTIMISER_OPTIONS, readOptimiserSettings } from './optimiser-settings.ts';
import { type Arguments, readChoice, readCount, readNumber, readPositive } from './options.ts';
import { refuseOptions } from './table-options.ts';

const SOLVERS = ['auto', ...(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])] as const;

const LOSSES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

export const SETTING_OPTIONS = {
  width: { value: '<count>', description: 'width n of the equilibrium layer', fallback: '100' },
  activation: { value: '<name>', description: ACTIVATION_NAMES.join(', '), fallback: 'relu' },
  margin: { value: '<number>', description: 'm of the layer: I − W ⪰ m·I', fallback: '1' },
  tolerance: { value: '<number>', description: 'bound on the relative residual of every solve', fallback: '1e-4' },
  solver: { value: '<name>', description: SOLVERS.join(', '), fallback: SOLVERS[0] },
  step: {
    value: '<number>',
    description: 'α of the forward solver, or tuned: chosen by the iterations of a batch, and again when they grow',
    fallback: 'from m and ‖I − W‖',
  },
  'warm-start': {
    value: '<rule>',
    description:
      "where solves start in training: none, step (mean solution of the last step), sample (the sample's last solution)",
    fallback: 'none',
  },
  epochs: { value: '<count>', description: 'passes over the training data', fallback: '40; at most 100 in regression' },
  batch: { value: '<count>', description: 'samples in a step', fallback: '64' },
  ...OPTIMISER_OPTIONS,
  'class-weights': { value: '<rule>', description: 'balanced: every class weighs the same', fallback: 'none' },
  loss: { value: '<name>', description: `regression: ${LOSSES.join(', ')}`, fallback: 'meanSquaredError' },
  delta: {
    value: '<number>',
    description: 'huber: δ in the units of the target; with several, one for all or with commas',
    fallback: 'one standard deviation',
  },
  'early-stopping': {
    value: '<patience>',
    description:
      'stop after so many epochs without a lower loss, and keep the best parameters; never. Watches the held-out rows, in regression a fifth of the training rows',
    fallback: 'never; 10 in regression',
  },
  seed: {
    value: '<count>',
    description: 'for the initial parameters, the order and the choice of samples',
    fallback: '0',
  },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'webgpu on hardware, else wasm' },
};

/** The options in effect: each with its value or default, as text. Options that do not apply are absent. */
export type Chosen = Readonly<Record<string, string>>;

export interface TrainingSettings {
  readonly sizes: { readonly width: number; readonly batch: number };
  /** Creates the model for rows of `features` numbers, and for `outputs` classes or targets. */
  modelFor(features: number, outputs: number): Model;
  /** The options for the library's `train`. */
  readonly training: Pick<TrainOptions, 'batch' | 'optimiser' | 'earlyStopping'> & {
    readonly epochs: number;
    readonly seed: number;
  };
  /** Those that only one task has. */
  readonly ofTask: Pick<TrainOptions, 'classWeights'> & RegressionLossOptions;
  readonly backend: BackendName | undefined;
  readonly chosen: Chosen;
}

/** The options that only one task has. */
const OPTIONS_OF_TASK: Readonly<Record<TaskName, readonly string[]>> = {
  classification: ['class-weights'],
  regression: ['loss', 'delta'],
};

/**
 * @param task undefined before the data say it
 * @throws InputError that names the option and says what is allowed
 */
export function readTrainingSettings(given: Arguments, task?: TaskName): TrainingSettings {
  if (task) {
    const other = task === 'classification' ? 'regression' : 'classification';
    refuseOptions(given, OPTIONS_OF_TASK[other], `it is for ${other}; this is ${task}`);
  }
  const layer = {
    width: readCount(given, 'width', 100),
    activation: readActivationOption(given),
    margin: readPositive(given, 'margin', 1),
    tolerance: readPositive(given, 'tolerance', 1e-4),
    solver: readChoice(given, 'solver', SOLVERS) ?? SOLVERS[0],
    step: readStepSize(given),
  };
  const warmStart = readChoice(given, 'warm-start', ['none', 'step', 'sample'] as const) ?? 'none';
  if (layer.step === 'tuned' && !['auto', 'peaceman-rachford'].includes(layer.solver)) {
    throw new InputError(
      `--step: it is "tuned", but --solver is "${layer.solver}"; the step is tuned for peaceman-rachford only`,
    );
  }
  const epochs = readCount(given, 'epochs', task === 'regression' ? 100 : 40);
  const batch = readCount(given, 'batch', 64);
  const natural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const seed = readNumber(given, 'seed', 0, `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, natural);
  const { optimiser, chosen } = readOptimiserSettings(given, epochs, seed, task);
  const classWeights = readChoice(given, 'class-weights', ['balanced']);
  const loss = readChoice(given, 'loss', LOSSES);
  const delta = readDelta(given, loss);
  const patience = readPatience(given, task);
  const backend = readChoice(given, 'backend', BACKENDS);
  return {
    sizes: { width: layer.width, batch },
    modelFor: (features, outputs) =>
      sequential(monotone({ inputs: features, ...layer, warmStart }), dense({ inputs: layer.width, outputs })),
    training: {
      epochs,
      batch,
      seed,
      optimiser,
      earlyStopping: patience === undefined ? undefined : { patience },
    },
    ofTask: { ...(classWeights && { classWeights }), ...(loss && { loss }), ...(delta && { delta }) },
    backend,
    chosen: toTexts({
      ...layer,
      'warm-start': warmStart,
      epochs,
      batch,
      ...chosen,
      'class-weights': classWeights,
      loss: loss ?? (task === 'regression' ? 'meanSquaredError' : undefined),
      delta: given.options.delta,
      'early-stopping': patience ?? (task === 'regression' ? 'never' : undefined),
      seed,
      backend,
    }),
  };
}

/** Turns values into text and leaves out those that are undefined. */
export function toTexts(values: Readonly<Record<string, string | number | undefined>>): Chosen {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}

/** In regression, a model that has started as the best line stops before it learns noise. */
function readPatience(given: Arguments, task: TaskName | undefined): number | undefined {
  if (given.options['early-stopping'] === 'never') return undefined;
  return readCount(given, 'early-stopping', task === 'regression' ? 10 : undefined);
}

function readDelta({ options }: Arguments, loss: string | undefined): number | readonly number[] | undefined {
  const { delta } = options;
  if (delta === undefined) return undefined;
  if (loss !== 'huber') throw new InputError('--delta: it is for --loss huber');
  const numbers = delta.split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  if (numbers.every((number) => number > 0 && Number.isFinite(number)))
    return numbers.length > 1 ? numbers : numbers[0];
  throw new InputError(`--delta: it is ${formatValue(delta)}; it must be a finite number > 0, or several with commas`);
}

function readStepSize(given: Arguments): number | 'tuned' | undefined {
  if (given.options.step === 'tuned') return 'tuned';
  const allows = (value: number): boolean => value > 0 && Number.isFinite(value);
  return readNumber(given, 'step', undefined, 'a finite number > 0, or tuned', allows);
}

function readActivationOption({ options }: Arguments): ReturnType<typeof resolveActivationName> {
  try {
    return resolveActivationName(options.activation ?? 'relu');
  } catch (error) {
    throw error instanceof InputError ? new InputError(`--${error.message}`) : error;
  }
}
