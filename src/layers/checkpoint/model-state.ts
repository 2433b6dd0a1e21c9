/** The state of a model as checkpoints store it: its layers, their parameters and what they remember. */
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LayerDescription } from '../description.ts';
import type { Memory } from '../layer.ts';
import type { Model } from '../sequential.ts';
import type { TargetScale } from '../target-scale.ts';
import { CheckpointError, type NumberArray } from './bytes.ts';

/** The model's part of a checkpoint. */
export interface ModelState {
  /** The layers of the model, in order. */
  readonly layers: readonly LayerDescription[];
  /** The parameters of all layers, in the order of the layers. */
  readonly parameters: readonly NumberArray[];
  /** What each layer remembers from one training step to the next. */
  readonly memories: readonly RememberedByLayer[];
  /** How outputs become targets in their own units; undefined for a classifier. */
  readonly targetScale?: TargetScale | undefined;
}

/** What a layer remembers from one training step to the next, by name. */
export interface RememberedByLayer {
  /** Numbers by name. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, NumberArray>;
}

/** The names of what each layer remembers, as the JSON part of a checkpoint lists them. */
export type MemoryNames = readonly { readonly numbers: readonly string[]; readonly tensors: readonly string[] }[];

/** The model's share of the JSON part of a checkpoint. It names the arrays that hold the rest. */
export interface ModelContent extends Pick<ModelState, 'layers' | 'targetScale'> {
  readonly counts: { readonly parameters: number; readonly best: number };
  readonly memories: MemoryNames;
}

export const MODEL_ARRAYS = {
  parameter: (index: number) => `parameter ${index}`,
  numbers: (layer: number) => `numbers of layer ${layer}`,
  tensor: (layer: number, name: string) => `tensor ${name} of layer ${layer}`,
};

/** How the arrays of memories are called. */
export type MemoryArrays = Pick<typeof MODEL_ARRAYS, 'numbers' | 'tensor'>;

/** @throws CheckpointError where an array is missing */
export function arrayIn(arrays: ReadonlyMap<string, NumberArray>, name: string): NumberArray {
  const found = arrays.get(name);
  if (!found) throw new CheckpointError(`checkpoint: the array ${JSON.stringify(name)} is missing`);
  return found;
}

export function readModelState(
  { layers, targetScale, counts, memories }: ModelContent,
  arrays: ReadonlyMap<string, NumberArray>,
): ModelState {
  return {
    layers,
    targetScale,
    parameters: Array.from({ length: counts.parameters }, (_, index) => arrayIn(arrays, MODEL_ARRAYS.parameter(index))),
    memories: readMemories(memories, arrays, MODEL_ARRAYS),
  };
}

export function readMemories(
  memories: MemoryNames,
  arrays: ReadonlyMap<string, NumberArray>,
  called: MemoryArrays,
): RememberedByLayer[] {
  return memories.map(({ numbers, tensors }, layer) => ({
    numbers: new Map(numbers.map((name, index) => [name, arrayIn(arrays, called.numbers(layer)).values[index]])),
    tensors: new Map(tensors.map((name) => [name, arrayIn(arrays, called.tensor(layer, name))])),
  }));
}

/** Gives a model the parameters and memories of a checkpoint with the same layers. */
export function restoreModel(
  { parameters, memories, targetScale }: Pick<ModelState, 'parameters' | 'memories' | 'targetScale'>,
  engine: Engine,
  model: Model,
): void {
  engine.runLasting(() => {
    const own = parameters.map((one) => createTensor(engine, one));
    model.takeUp(engine, own, createMemories(engine, memories));
    model.targetScale = targetScale;
  });
}

/** What layers remember, on an engine. */
export function createMemories(engine: Engine, memories: readonly RememberedByLayer[]): Memory[] {
  return memories.map(({ numbers, tensors }) => ({
    numbers: new Map(numbers),
    tensors: new Map([...tensors].map(([name, one]) => [name, createTensor(engine, one)])),
  }));
}

function createTensor(engine: Engine, { shape, values }: NumberArray): Tensor {
  return engine.tensor(values, shape);
}
