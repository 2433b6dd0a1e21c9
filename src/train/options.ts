/** The options of `train`: checks and defaults. */
import { BYTES, COUNT, createArgumentError, FUNCTION, INDEX, isFunction, OBJECT, SIGNAL } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Samples } from '../data/samples.ts';
import { MODEL, type Model } from '../layers/sequential.ts';
import { adam } from './adam.ts';
import { type CheckpointOptions, readCheckpointOptions } from './checkpoint/options.ts';
import { type ClassWeights, readClassWeights } from './class-weights.ts';
import { type EarlyStoppingOptions, readEarlyStopping } from './early-stopping.ts';
import { checkSamples } from './evaluate.ts';
import type { BatchLoss } from './losses.ts';
import { OPTIMISER, type Optimiser } from './optimiser.ts';
import type { Progress } from './progress.ts';

/** Options of `train`. */
export interface TrainOptions {
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
  /** The loss of a batch. Validation uses the same loss. Default 'crossEntropy'. */
  loss?: 'crossEntropy' | BatchLoss;
  /** Weights w of the classes in the cross-entropy Σ w·ℓ / Σ w over a batch. Default: all equal. */
  classWeights?: ClassWeights;
  /** Samples on which the model is evaluated after each epoch, with equal class weights. Default: none. */
  validation?: Samples;
  /** Training stops after this total number of steps, an integer from 1. Default: no limit. */
  maximumSteps?: number;
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
  onProgress?: (progress: Progress) => void | Promise<void>;
}

/** Options that stand as 0 are checked in `readSettings`. */
const OPTIONS: Checks<TrainOptions> = {
  epochs: 0,
  batch: 0,
  optimiser: OPTIMISER,
  seed: INDEX,
  loss: 0,
  classWeights: 0,
  validation: OBJECT,
  maximumSteps: 0,
  earlyStopping: 0,
  signal: SIGNAL,
  checkpoint: 0,
  resume: BYTES,
  onProgress: FUNCTION,
};

/** The options after their checks, with defaults filled in. */
export interface Settings
  extends Pick<TrainOptions, 'validation' | 'earlyStopping' | 'signal' | 'checkpoint' | 'resume' | 'onProgress'>,
    Required<Pick<TrainOptions, 'epochs' | 'batch' | 'optimiser' | 'seed' | 'maximumSteps'>> {
  readonly samples: Samples;
  /** The number of steps in an epoch. */
  readonly steps: number;
  /** The caller's own loss; undefined for the cross-entropy. */
  readonly ownLoss: BatchLoss | undefined;
  /** Weights of the classes. */
  readonly weights: readonly number[] | undefined;
}

export function readSettings(model: Model, data: Dataset | Samples, given: TrainOptions | undefined): Settings {
  MODEL('train: model', model);
  OBJECT('train: data', data);
  const options = readOptions('train', given, OPTIONS);
  const { epochs = 10, batch = 32, optimiser = adam(), seed = 0, loss = 'crossEntropy' } = options;
  const { maximumSteps = Number.POSITIVE_INFINITY, classWeights } = options;
  const { validation, signal, resume, onProgress } = options;
  const samples = 'train' in data ? data.train : data;
  checkCount('epochs', epochs);
  checkCount('batch', batch);
  if (maximumSteps !== Number.POSITIVE_INFINITY) checkCount('maximumSteps', maximumSteps);
  checkSamples('train: data', samples, model);
  if (validation) checkSamples('train: validation', validation, model);
  const earlyStopping =
    options.earlyStopping === undefined
      ? undefined
      : readEarlyStopping(options.earlyStopping, validation !== undefined);
  const checkpoint = options.checkpoint === undefined ? undefined : readCheckpointOptions(options.checkpoint);
  if (loss !== 'crossEntropy' && !isFunction(loss)) {
    throw createArgumentError('train: loss', loss, '"crossEntropy" or a function');
  }
  if (classWeights !== undefined) checkClassWeighting(loss, optimiser);
  return {
    epochs,
    batch,
    optimiser,
    seed,
    maximumSteps,
    validation,
    earlyStopping,
    signal,
    checkpoint,
    resume,
    onProgress,
    samples,
    steps: Math.ceil(samples.count / batch),
    ownLoss: loss === 'crossEntropy' ? undefined : loss,
    weights: classWeights === undefined ? undefined : readClassWeights(classWeights, samples, model.outputs),
  };
}

function checkCount(name: string, count: number): void {
  COUNT(`train: ${name}`, count);
}

function checkClassWeighting(loss: TrainOptions['loss'], optimiser: Optimiser): void {
  if (loss !== 'crossEntropy') {
    throw new RangeError(
      'train: classWeights is given and loss is a function; class weights need the loss crossEntropy',
    );
  }
  if (optimiser.theorem3) {
    throw new RangeError(
      `train: classWeights is given and ${optimiser.name} has theorem3: true, which does not cover them (the mean of a ` +
        'batch is then not the mean over the samples); leave one of them out',
    );
  }
}
