/** Writes a model to a checkpoint, and gives a model what one holds. Loaded when a model is first saved or loaded. */
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { describeLayer, type LayerDescription } from '../description.ts';
import type { Memory } from '../layer.ts';
import type { Model } from '../sequential.ts';
import { CheckpointError, type NumberArray, unpack } from './bytes.ts';
import { checkExtras } from './extras.ts';
import {
  type MemoryArrays,
  type MemoryNames,
  MODEL_ARRAYS,
  type ModelContent,
  type ModelState,
  type RememberedByLayer,
  readModelState,
  restoreModel,
} from './model-state.ts';
import { pack } from './pack.ts';

/** A list of numbers as an array of a checkpoint. */
export function listNumbers(values: Iterable<number>): NumberArray {
  const numbers = Float64Array.from(values);
  return { shape: [numbers.length], values: numbers };
}

/** The arrays of a model, by name. */
export function arraysOfModel({ parameters, memories }: ModelState): Map<string, NumberArray> {
  const arrays = new Map<string, NumberArray>();
  for (const [index, one] of parameters.entries()) arrays.set(MODEL_ARRAYS.parameter(index), one);
  addMemories(arrays, memories, MODEL_ARRAYS);
  return arrays;
}

/** Adds what layers remember to the arrays of a checkpoint. */
export function addMemories(
  arrays: Map<string, NumberArray>,
  memories: readonly RememberedByLayer[],
  called: MemoryArrays,
): void {
  for (const [layer, { numbers, tensors }] of memories.entries()) {
    arrays.set(called.numbers(layer), listNumbers(numbers.values()));
    for (const [name, one] of tensors) arrays.set(called.tensor(layer, name), one);
  }
}

/** @param best how many parameters of the best epoch the checkpoint stores besides */
export function contentOfModel({ layers, targetScale, parameters, memories }: ModelState, best = 0): ModelContent {
  return {
    layers,
    targetScale,
    counts: { parameters: parameters.length, best },
    memories: namesOf(memories),
  };
}

/** The names of what layers remember. */
export function namesOf(memories: readonly RememberedByLayer[]): MemoryNames {
  return memories.map(({ numbers, tensors }) => ({ numbers: [...numbers.keys()], tensors: [...tensors.keys()] }));
}

/** Reads tensors back, all at once. */
export async function readNumbers(tensors: readonly Tensor[]): Promise<NumberArray[]> {
  return Promise.all(tensors.map(async (tensor) => ({ shape: tensor.shape, values: await tensor.data() })));
}

/** Reads what layers remember back. */
export async function readRemembered(memories: readonly Memory[]): Promise<RememberedByLayer[]> {
  const remembered = async ({ numbers, tensors }: Memory): Promise<RememberedByLayer> => {
    const names = [...tensors.keys()];
    const kept = new Map(numbers);
    const values = await readNumbers([...tensors.values()]);
    return { numbers: kept, tensors: new Map(names.map((name, index) => [name, values[index]])) };
  };
  return Promise.all(memories.map(remembered));
}

/** Reads the state of a model back. */
export async function takeSnapshot(model: Model): Promise<ModelState> {
  const { targetScale } = model;
  const [parameters, memories] = await Promise.all([
    readNumbers(model.parameters.map(({ value }) => value)),
    readRemembered(model.memories),
  ]);
  return { layers: model.layers.map(describeLayer), parameters, memories, targetScale };
}

/** The bytes of a checkpoint that holds a model alone. @param extras the caller's own data, stored as JSON */
export async function saveModel(model: Model, what: string, extras: unknown): Promise<Uint8Array<ArrayBuffer>> {
  checkExtras(what, extras);
  const state = await takeSnapshot(model);
  return pack({ content: { ...contentOfModel(state), extras }, arrays: arraysOfModel(state) });
}

/**
 * Gives a model the parameters and memories of a checkpoint.
 * @throws CheckpointError where the bytes are no checkpoint, or one of other layers
 */
export function loadInto(model: Model, engine: Engine, bytes: Uint8Array): void {
  const { content, arrays } = unpack(bytes);
  const state = readModelState(content as ModelContent, arrays);
  const own = model.layers.map(describeLayer);
  for (let index = 0; index < Math.max(own.length, state.layers.length); index++) {
    const [stored, present] = [state.layers[index], own[index]].map(formatLayer);
    if (stored !== present) {
      throw new CheckpointError(`load: layer ${index} is ${stored} in the checkpoint and ${present} in the model`);
    }
  }
  restoreModel(state, engine, model);
}

/** What must agree for parameters to fit: options such as a tolerance may differ. */
function formatLayer(layer: LayerDescription | undefined): string {
  if (!layer) return 'absent';
  const parameters = layer.parameters.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  return `${layer.kind} ${layer.inputs} → ${layer.outputs} (${parameters.join(', ') || 'no parameters'})`;
}
