/** The options of `train`: checks and defaults. */
import { BYTES, COUNT, createArgumentError, FUNCTION, INDEX, isFunction, OBJECT, SIGNAL } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Dataset, RegressionDataset } from '../data/dataset.ts';
import type { AnySamples, Samples } from '../data/samples.ts';
import { fetchPart } from '../implicit/fetch-part.ts';
import { MODEL, type Model } from '../layers/sequential.ts';
import { adam } from './adam.ts';
import type { AugmentationOptions, createAugmentation } from './augmentation.ts';
import type { CheckpointOptions } from './checkpoint/options.ts';
import type { ClassWeights } from './class-weights.ts';
import { createClassification } from './classification.ts';
import type { EarlyStoppingOptions } from './early-stopping.ts';
import { checkSamples } from './evaluate.ts';
import { checkShape, loadOnDemand, SHARED, withWeights } from './evaluation-parts.ts';
import type { BatchLoss } from './losses.ts';
import type { Metrics } from './metrics.ts';
import { OPTIMISER, type Optimiser } from './optimiser.ts';
import type { Progress } from './progress.ts';
import type { Task, TaskName, TaskSamples } from './task.ts';

/** Options of `train` for every task. */
interface CommonOptions<Name extends TaskName> {
  /** The number of epochs, an integer from 1. Default 10. */
  epochs?: number;
  /**
   * The number of samples in a step, an integer from 1. The last step of a shuffled epoch may have fewer. Default 32.
   */
  batch?: number;
  /** The optimiser. Default `adam()`. */
  optimiser?: Optimiser;
  /** Seed of the initial parameters and of the order of the samples, an integer from 0. Default 0. */
  seed?: number;
  /** Samples on which the model is evaluated after each epoch, with equal class weights. Default: none. */
  validation?: TaskSamples[Name];
  /** Metrics of your own, computed on the validation samples after each epoch. Default: none. */
  metrics?: Metrics;
  /** Training stops after this total number of steps, an integer from 1. Default: no limit. */
  maximumSteps?: number;
  /** Random crops and flips of the training images, whose samples must have a shape. Default: none. */
  augmentation?: AugmentationOptions;
  /** Ends training once a quantity no longer improves. Default: all epochs are run. */
  earlyStopping?: EarlyStoppingOptions;
  /**
   * Aborting it ends training. `train` rejects at once with the signal's reason, and the model has the parameters to
   * which the current step leads. With `checkpoint`, `train` first waits for that step and writes a checkpoint. It also
   * waits for a step that was enqueued speculatively, which happens only on a GPU.
   */
  signal?: AbortSignal | undefined;
  /** Writes checkpoints while training runs. Default: none are written. */
  checkpoint?: CheckpointOptions;
  /**
   * Bytes of a checkpoint of the same model, data and options. Training continues from there as if it had never
   * stopped, and the model's parameters are replaced. Only `epochs`, `maximumSteps` and `patience` may differ. Whether
   * a function of your own, such as a schedule or a loss, is still the same cannot be checked.
   */
  resume?: Uint8Array | undefined;
  /** Called after each step and each epoch, and awaited. An error that it throws ends training. */
  onProgress?: (progress: Progress<Name>) => void | Promise<void>;
}

/** Options of `train` for samples with labels. */
export interface TrainOptions extends CommonOptions<'classification'> {
  /** The loss of a batch. Validation uses the same loss. Default 'crossEntropy'. */
  loss?: 'crossEntropy' | BatchLoss;
  /** Weights w of the classes in the cross-entropy Σ w·ℓ / Σ w over a batch. Default: all equal. */
  classWeights?: ClassWeights;
}

/** The loss of a regression. */
export interface RegressionLossOptions {
  /**
   * The loss of a batch; validation uses the same. The named losses are means over batch and targets of the error in
   * standard deviations of its target: its square, its size, or Huber's ½r² up to δ and δ(|r| − ½δ) beyond. A function
   * gets outputs and targets in their own units. Default 'meanSquaredError'.
   */
  loss?: 'meanSquaredError' | 'meanAbsoluteError' | 'huber' | BatchLoss;
  /** Huber's δ > 0 in the units of the targets: for all, or one for each. Default: one standard deviation of each. */
  delta?: number | readonly number[];
}

/** Options of `train` for samples with targets. */
export interface RegressionTrainOptions extends CommonOptions<'regression'>, RegressionLossOptions {
  /**
   * Whether outputs of the layers are targets with mean 0 and standard deviation 1 over the training samples; without,
   * they are the targets themselves. Default true.
   */
  standardiseTargets?: boolean;
}

/** Options that stand as 0 are checked in `readSettings`, or where the task is created. */
const COMMON_OPTIONS: Checks<CommonOptions<TaskName>> = {
  epochs: 0,
  batch: 0,
  optimiser: OPTIMISER,
  seed: INDEX,
  validation: OBJECT,
  metrics: OBJECT,
  maximumSteps: 0,
  augmentation: 0,
  earlyStopping: 0,
  signal: SIGNAL,
  checkpoint: 0,
  resume: BYTES,
  onProgress: FUNCTION,
};

/** Options that only one task has. */
const CLASSIFICATION_OPTIONS = { loss: 0, classWeights: 0 };
const REGRESSION_OPTIONS = { loss: 0, delta: 0, standardiseTargets: 0 };

/** The options after their checks, with defaults filled in. */
export interface Settings
  extends Pick<CommonOptions<TaskName>, 'earlyStopping' | 'signal' | 'checkpoint' | 'resume'>,
    Required<Pick<CommonOptions<TaskName>, 'epochs' | 'batch' | 'optimiser' | 'seed' | 'maximumSteps'>> {
  readonly samples: AnySamples;
  readonly validation: AnySamples | undefined;
  readonly task: Task;
  /** How the images of a step are varied, where they are. */
  readonly augmentation: ReturnType<typeof createAugmentation> | undefined;
  /** The code for checkpoints, where they are written or read. */
  readonly checkpointing: typeof import('./checkpoint/resume.ts') | undefined;
  /** The code for early stopping, where it is asked for. */
  readonly stopping: Pick<typeof import('./on-demand.ts'), 'createStopper' | 'readEarlyStopping'> | undefined;
  /** The number of steps in an epoch. */
  readonly steps: number;
  onProgress?: (progress: Progress<TaskName>) => void | Promise<void>;
}

export async function readSettings(
  model: Model,
  data: Dataset | RegressionDataset | AnySamples,
  given: TrainOptions | RegressionTrainOptions | undefined,
): Promise<Settings> {
  MODEL('train: model', model);
  OBJECT('train: data', data);
  const samples = 'train' in data ? data.train : data;
  OBJECT('train: data', samples);
  const isRegression = 'targets' in samples;
  const options = readOptions<TrainOptions & RegressionTrainOptions>(
    'train',
    given as TrainOptions & RegressionTrainOptions,
    {
      ...COMMON_OPTIONS,
      ...(isRegression ? REGRESSION_OPTIONS : CLASSIFICATION_OPTIONS),
    } as Checks<TrainOptions & RegressionTrainOptions>,
  );
  const { epochs = 10, batch = 32, optimiser = adam(), seed = 0, maximumSteps = Number.POSITIVE_INFINITY } = options;
  const { validation, metrics, augmentation, signal, resume, onProgress } = options;
  checkCount('epochs', epochs);
  checkCount('batch', batch);
  if (maximumSteps !== Number.POSITIVE_INFINITY) checkCount('maximumSteps', maximumSteps);
  if (metrics) OBJECT('train: validation, on which metrics are computed,', validation);
  await checkShape('train: data', samples, model);
  if (validation) await checkShape('train: validation', validation, model);
  const [checkpointing, stopping] = await Promise.all([
    loadCheckpointing(options as TrainOptions),
    loadStopping(options as TrainOptions),
  ]);
  const earlyStopping = stopping?.readEarlyStopping(
    options.earlyStopping as EarlyStoppingOptions,
    validation !== undefined,
    SHARED,
  );
  const task = isRegression
    ? (await loadOnDemand()).createRegression(model, samples, validation, { ...options, earlyStopping }, SHARED)
    : await createTask(model, samples, options as TrainOptions);
  return {
    epochs,
    batch,
    optimiser: model.layers.some(({ project }) => project)
      ? (await loadOnDemand()).withProjections(optimiser, model.layers)
      : optimiser,
    seed,
    maximumSteps,
    validation,
    earlyStopping,
    signal,
    checkpoint: options.checkpoint === undefined ? undefined : checkpointing?.readCheckpointOptions(options.checkpoint),
    resume,
    checkpointing,
    stopping,
    onProgress: onProgress as Settings['onProgress'],
    samples: await withWeights('train: data', samples),
    task,
    augmentation:
      augmentation === undefined ? undefined : (await loadOnDemand()).createAugmentation(augmentation, samples, SHARED),
    steps: Math.ceil(samples.count / batch),
  };
}

/**
 * Loads the code for checkpoints where they will be written or read. It is loaded before the first step, so that a lost
 * network connection cannot cost steps that were already trained.
 */
async function loadCheckpointing({ checkpoint, resume }: TrainOptions): Promise<Settings['checkpointing']> {
  return checkpoint === undefined && !resume
    ? undefined
    : fetchPart('what writes checkpoints', import('./checkpoint/resume.ts'));
}

async function loadStopping({ earlyStopping }: TrainOptions): Promise<Settings['stopping']> {
  return earlyStopping === undefined ? undefined : loadOnDemand();
}

async function createTask(model: Model, samples: Samples, options: TrainOptions): Promise<Task> {
  const { loss = 'crossEntropy', classWeights, optimiser, validation, metrics } = options;
  checkSamples('train: data', samples, model);
  if (validation) checkSamples('train: validation', validation, model);
  if (loss !== 'crossEntropy' && !isFunction(loss)) {
    throw createArgumentError('train: loss', loss, '"crossEntropy" or a function');
  }
  const weights =
    classWeights === undefined
      ? undefined
      : (await loadOnDemand()).createClassWeighting(classWeights, {
          samples,
          classes: model.outputs,
          loss,
          optimiser,
          createArgumentError,
        });
  return createClassification(loss === 'crossEntropy' ? undefined : loss, weights, metrics);
}

function checkCount(name: string, count: number): void {
  COUNT(`train: ${name}`, count);
}
