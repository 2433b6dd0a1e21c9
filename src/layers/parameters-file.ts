import { BYTES } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { parseSafetensors, type SafetensorsOptions, writeSafetensors } from '../data/safetensors.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { readParameters, takeParameters } from './parameter-arrays.ts';
import { MODEL, type Model } from './sequential.ts';

/** The arrays have the names that the model gives them. */
const keepName = (name: string): string => name;

/**
 * Writes the parameters of a model, with the running statistics of `batchNorm` and nothing else, as a safetensors file,
 * under the names of `model.parameters`: in the precision of the backend, so that nothing is rounded. A checkpoint holds
 * the layers as well; see `saveCheckpoint`.
 * `stateDictOf` gives the names of PyTorch.
 */
export async function saveParameters(model: Model, given?: SafetensorsOptions): Promise<Uint8Array<ArrayBuffer>> {
  MODEL('saveParameters: model', model);
  const options = readOptions('saveParameters', given, { metadata: 0 });
  return writeSafetensors(await readParameters(model, keepName), options);
}

/**
 * Gives a model the parameters of a file that `saveParameters` wrote. The model has the same layers, and need not be
 * initialised.
 *
 * @throws DataError where the file is not safetensors or is broken, or where its tensors are not the parameters of the
 *   model
 */
export function loadParameters(model: Model, engine: Engine, bytes: Uint8Array): void {
  MODEL('loadParameters: model', model);
  ENGINE('loadParameters: engine', engine);
  BYTES('loadParameters: bytes', bytes);
  takeParameters(model, engine, keepName, parseSafetensors(bytes).tensors);
}
