/** The content of a checkpoint, and its conversion to bytes and back. */
import { createArgumentCheck, isList, isListOf, OBJECT } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { CheckpointError, type NumberArray, unpack } from '../../layers/checkpoint/bytes.ts';
import { checkExtras } from '../../layers/checkpoint/extras.ts';
import {
  arrayIn,
  type ModelContent,
  type ModelState,
  type RememberedByLayer,
  readModelState,
  restoreModel,
} from '../../layers/checkpoint/model-state.ts';
import { type LayerMaker, layerFrom } from '../../layers/description.ts';
import { MODEL, type Model, sequential } from '../../layers/sequential.ts';
import { ENGINE, type Engine } from '../../tensor/engine.ts';
import type { EarlyStoppingState } from '../early-stopping.ts';
import type { EpochProgress, Tally } from '../progress.ts';
import type { TaskName } from '../task.ts';

/** The content of a checkpoint. */
export interface Checkpoint extends ModelState {
  /** The state of training; undefined where the model was saved outside training. */
  readonly training: TrainingRecord | undefined;
  /** The caller's own data, such as a standardisation or the names of classes. */
  readonly extras: unknown;
}

/** The state of training at a checkpoint. */
export interface TrainingRecord {
  /** Settings and data that must be the same for training to resume. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The number of finished epochs. */
  readonly epoch: number;
  /** The number of finished steps in the current epoch. */
  readonly step: number;
  /** Sums over the finished steps of the current epoch. */
  readonly tally: Tally;
  /** The loss of every finished step. */
  readonly losses: readonly number[];
  /** The progress that was reported after each epoch. */
  readonly epochs: readonly EpochProgress<TaskName>[];
  /** The memory of the optimiser by name, one array per parameter. */
  readonly optimiser: ReadonlyMap<string, readonly NumberArray[]>;
  /** The state of early stopping; undefined without it. */
  readonly earlyStopping: EarlyStoppingState | undefined;
  /** Parameters of the best epoch if early stopping holds them; otherwise empty. */
  readonly best: readonly NumberArray[];
}

/** The JSON part of a checkpoint. It names the arrays that hold the rest. */
export interface Content extends ModelContent, Pick<Checkpoint, 'extras'> {
  readonly training?: Omit<TrainingRecord, 'losses' | 'optimiser' | 'best'> & { readonly optimiser: readonly string[] };
}

export const TRAINING_ARRAYS = {
  best: (index: number) => `best parameter ${index}`,
  optimiser: (name: string, index: number) => `${name} of parameter ${index}`,
  losses: 'losses',
};

/**
 * Reads the bytes of a checkpoint.
 * @throws CheckpointError where the bytes are no checkpoint, are cut short or damaged, or have another version of the
 *   format
 */
export function loadCheckpoint(bytes: Uint8Array): Checkpoint {
  const { content, arrays } = unpack(bytes);
  const { extras, counts, training } = content as Content;
  const several = (count: number, nameOf: (index: number) => string): NumberArray[] =>
    Array.from({ length: count }, (_, index) => arrayIn(arrays, nameOf(index)));
  return {
    ...readModelState(content as Content, arrays),
    extras,
    training: training && {
      ...training,
      losses: Array.from(arrayIn(arrays, TRAINING_ARRAYS.losses).values),
      optimiser: new Map(
        training.optimiser.map((name) => [
          name,
          several(counts.parameters, (index) => TRAINING_ARRAYS.optimiser(name, index)),
        ]),
      ),
      best: several(counts.best, TRAINING_ARRAYS.best),
    },
  };
}

/**
 * Writes a checkpoint of a model: its layers, their parameters and what they remember. The checkpoints that `train`
 * writes also hold the state of training.
 * @param options.extras your own data, to be stored as JSON
 * @returns the bytes of the checkpoint
 */
export async function saveCheckpoint(model: Model, options?: { extras?: unknown }): Promise<Uint8Array<ArrayBuffer>> {
  MODEL('saveCheckpoint: model', model);
  const { extras } = readOptions('saveCheckpoint', options, { extras: 0 });
  checkExtras('saveCheckpoint', extras);
  return model.save({ extras });
}

/** Options of `modelFrom`. */
export interface ModelFromOptions {
  /** Functions that make layers of your own, by kind. They receive the `options` that the layer had. */
  layers?: Readonly<Record<string, LayerMaker>>;
  /** 'best' takes the parameters of the best epoch, which early stopping stores. Default 'latest'. */
  parameters?: 'latest' | 'best';
}

const OPTIONS: Checks<ModelFromOptions> = {
  layers: OBJECT,
  parameters: createArgumentCheck('latest or best', (value) => value === 'latest' || value === 'best'),
};

const CHECKPOINT = /* @__PURE__ */ createArgumentCheck('a checkpoint', (value) => {
  const { layers, parameters, memories, training } = (value ?? {}) as Checkpoint;
  const areArrays = (all: readonly NumberArray[]): boolean =>
    isListOf(all, (each: NumberArray) => Boolean(each?.values));
  const isMemory = (one: RememberedByLayer): boolean => one?.numbers instanceof Map && one.tensors instanceof Map;
  const isTrained = training === undefined || areArrays(training?.best);
  return isTrained && isList(layers) && areArrays(parameters) && isListOf(memories, isMemory);
});

/**
 * Makes the model of a checkpoint, with its parameters on the engine.
 * @throws RangeError where the kind of a layer is unknown; CheckpointError where the best parameters are requested but
 *   not stored
 */
export function modelFrom(checkpoint: Checkpoint, engine: Engine, options?: ModelFromOptions): Model {
  CHECKPOINT('modelFrom: checkpoint', checkpoint);
  ENGINE('modelFrom: engine', engine);
  const { layers = {}, parameters = 'latest' } = readOptions('modelFrom', options, OPTIONS);
  const model = sequential(...checkpoint.layers.map((description) => layerFrom(description, layers)));
  const best = checkpoint.training?.best ?? [];
  if (parameters === 'best' && best.length === 0) {
    throw new CheckpointError(
      'checkpoint: it holds no best parameters; only early stopping with restoreBest stores them',
    );
  }
  restoreModel(checkpoint, engine, model, parameters === 'best' ? best : checkpoint.parameters);
  return model;
}
