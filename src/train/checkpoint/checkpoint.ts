/** Writes a model to a checkpoint, and makes a model of one. */
import { createArgumentCheck, isList, isListOf, OBJECT } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { CheckpointError, type NumberArray } from '../../layers/checkpoint/bytes.ts';
import { checkExtras } from '../../layers/checkpoint/extras.ts';
import { type RememberedByLayer, restoreModel } from '../../layers/checkpoint/model-state.ts';
import { type LayerMaker, layerFrom } from '../../layers/description.ts';
import { MODEL, type Model, sequential } from '../../layers/sequential.ts';
import { ENGINE, type Engine } from '../../tensor/engine.ts';
import type { Checkpoint } from './load.ts';

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
  /**
   * 'best' takes the parameters of the best epoch and what layers remembered at its end, which early stopping stores.
   * Default 'latest'.
   */
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
  const isTrained = training === undefined || (areArrays(training?.best) && isListOf(training.bestMemories, isMemory));
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
  const { best = [], bestMemories = [] } = checkpoint.training ?? {};
  if (parameters === 'best' && best.length === 0) {
    throw new CheckpointError(
      'checkpoint: it holds no best parameters; only early stopping with restoreBest stores them',
    );
  }
  const { targetScale } = checkpoint;
  const state = parameters === 'best' ? { parameters: best, memories: bestMemories, targetScale } : checkpoint;
  restoreModel(state, engine, model);
  return model;
}
