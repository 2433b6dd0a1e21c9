/** Reads the settings of `equilibra train`: the model, the optimiser and the course of training. */
import { BACKENDS } from '../backends/open.ts';
import type { BackendName, Model, RegressionLossOptions, TaskName, TrainOptions } from '../index.ts';
import { AUGMENT_OPTION, readAugmentation } from './augmentation-option.ts';
import { formatValue, InputError } from './io.ts';
import type { LayerSize } from './memory-check.ts';
import { MODEL_OPTIONS, type Rows, readModelSettings } from './model-settings.ts';
import { OPTIMISER_OPTIONS, readOptimiserSettings } from './optimiser-settings.ts';
import { type Arguments, readChoice, readCount, readNumber } from './options.ts';
import { refuseOptions } from './table-options.ts';

const LOSSES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

export const SETTING_OPTIONS = {
  ...MODEL_OPTIONS,
  epochs: { value: '<count>', description: 'passes over the training data', fallback: '40; at most 100 in regression' },
  batch: { value: '<count>', description: 'samples in a step', fallback: '64' },
  ...AUGMENT_OPTION,
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
  readonly sizes: LayerSize & { readonly batch: number };
  /** Creates the model for such rows, and for `outputs` classes or targets. */
  modelFor(rows: Rows, outputs: number): Model;
  /** The options for the library's `train`. */
  readonly training: Pick<TrainOptions, 'batch' | 'optimiser' | 'earlyStopping' | 'augmentation'> & {
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
 * @param task undefined before the data say it, and so are `rows`
 * @throws InputError that names the option and says what is allowed
 */
export function readTrainingSettings(given: Arguments, task?: TaskName, rows?: Rows): TrainingSettings {
  if (task) {
    const other = task === 'classification' ? 'regression' : 'classification';
    refuseOptions(given, OPTIONS_OF_TASK[other], `it is for ${other}; this is ${task}`);
  }
  const { size, modelFor, chosen: ofModel } = readModelSettings(given, rows);
  const augmentation = readAugmentation(given, rows);
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
    sizes: { ...size, batch },
    modelFor,
    training: {
      epochs,
      batch,
      seed,
      optimiser,
      augmentation,
      earlyStopping: patience === undefined ? undefined : { patience },
    },
    ofTask: { ...(classWeights && { classWeights }), ...(loss && { loss }), ...(delta && { delta }) },
    backend,
    chosen: toTexts({
      ...ofModel,
      epochs,
      batch,
      augment: given.options.augment,
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
