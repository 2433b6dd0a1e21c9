/** What a caller may choose of a training run, checked. */
import { BYTES, COUNT, FUNCTION, INDEX, isFunction, OBJECT, refusal, SIGNAL } from '../arguments/check.ts';
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

export interface TrainOptions {
  /** Default 10. */
  epochs?: number;
  /** Rows in a step; the last step of a shuffled epoch may have fewer. Default 32. */
  batch?: number;
  /** Default adam(). */
  optimiser?: Optimiser;
  /** Of the start of the parameters and of the order of the samples. Default 0. */
  seed?: number;
  /** Default crossEntropy. Validation reports the same loss. */
  loss?: 'crossEntropy' | BatchLoss;
  /** Weights of the classes in the cross-entropy: Σ w·ℓ / Σ w over a batch. Default: all the same. */
  classWeights?: ClassWeights;
  /** Evaluated after each epoch, with all classes weighing the same. Default none. */
  validation?: Samples;
  /** Stops after so many steps in all. */
  maximumSteps?: number;
  /** Default: all epochs are run. */
  earlyStopping?: EarlyStoppingOptions;
  /**
   * Aborted, it ends training: `train` rejects with the signal's reason at once, and the model has the parameters that the step
   * under way leads to. Where `checkpoint` is given it is written first, when that step has ended; so is waited for a step whose
   * loops are only assumed to be as long as before, on a GPU.
   */
  signal?: AbortSignal;
  /** Default: none is written. */
  checkpoint?: CheckpointOptions;
  /**
   * Bytes of a checkpoint of the same model, data and options: training goes on from there as if it had never stopped.
   * What the model held is replaced. `epochs`, `maximumSteps` and `patience` may be others than before; that a function
   * of your own (a schedule, a loss) is the same cannot be checked.
   */
  resume?: Uint8Array;
  /** Called after each step and each epoch; awaited. */
  onProgress?: (progress: Progress) => void | Promise<void>;
}

/** What is 0 is checked below. */
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

/** The options with their defaults. */
export interface Settings
  extends Pick<TrainOptions, 'validation' | 'earlyStopping' | 'signal' | 'checkpoint' | 'resume' | 'onProgress'>,
    Required<Pick<TrainOptions, 'epochs' | 'batch' | 'optimiser' | 'seed' | 'maximumSteps'>> {
  readonly samples: Samples;
  /** Steps in an epoch. */
  readonly steps: number;
  /** Absent for the cross-entropy. */
  readonly ownLoss: BatchLoss | undefined;
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
    throw refusal('train: loss', loss, '"crossEntropy" or a function');
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
