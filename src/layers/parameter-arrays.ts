/** The parameters of a model as arrays by name, out of it and into it. */

import { type FileArray, numbersOf } from '../data/file-array.ts';
import { DataError } from '../data/limits.ts';
import type { Engine } from '../tensor/engine.ts';
import { formatShape } from '../tensor/shape.ts';
import type { NumberArray } from './checkpoint/bytes.ts';
import { emptyMemory } from './layer.ts';
import type { Model } from './sequential.ts';

/** @param names the name of each parameter, in their order */
export async function readParameters(
  model: Model,
  names: readonly string[],
): Promise<ReadonlyMap<string, NumberArray>> {
  const read = model.parameters.map(async ({ value }, index) => {
    return [names[index], { shape: value.shape, values: await value.data() }] as const;
  });
  return new Map(await Promise.all(read));
}

const FLOATS = ['float16', 'bfloat16', 'float32', 'float64'];

/**
 * Gives a model these parameters.
 * @param names the name of each parameter, in their order
 * @throws DataError where an array is missing, is one too many, or has another shape than the parameter or no floats
 */
export function takeParameters(
  model: Model,
  engine: Engine,
  names: readonly string[],
  arrays: ReadonlyMap<string, FileArray>,
): void {
  const parameters = model.layers.flatMap((layer) => layer.parameters);
  const found = parameters.map(({ shape }, index) => {
    const name = names[index];
    const array = arrays.get(name);
    const shown = JSON.stringify(name);
    if (!array) throw new DataError(`${shown} is missing; it must be among the arrays, which are ${listNames(arrays)}`);
    if (!FLOATS.includes(array.type)) {
      throw new DataError(`${shown} holds ${array.type}; a parameter must be one of ${FLOATS.join(', ')}`);
    }
    if (String(array.shape) !== String(shape)) {
      throw new DataError(
        `${shown} has the shape ${formatShape(array.shape)}; the model has ${formatShape(shape)} there, and both must be the same`,
      );
    }
    return { shape, values: numbersOf(array) };
  });
  const unknown = [...arrays.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new DataError(`the model has no parameter for ${JSON.stringify(unknown)}; its own are ${names.join(', ')}`);
  }
  engine.runLasting(() => {
    const values = found.map(({ values, shape }) => engine.tensor(values, shape));
    model.takeUp(engine, values, model.layers.map(emptyMemory));
  });
}

function listNames(arrays: ReadonlyMap<string, FileArray>): string {
  const names = [...arrays.keys()];
  return names.length > 20
    ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
    : names.join(', ') || 'none';
}
