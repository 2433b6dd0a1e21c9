/** The parameters of a model, and the running statistics of `batchNorm`, as arrays by name, out of it and into it. */

import { type FileArray, numbersOf } from '../data/file-array.ts';
import { DataError } from '../data/limits.ts';
import type { Engine } from '../tensor/engine.ts';
import { formatShape } from '../tensor/shape.ts';
import { emptyMemory, type Memory } from './layer.ts';
import { type RunningStatistic, runningStatisticsOf } from './running-statistics.ts';
import type { Model } from './sequential.ts';
import { parameterNames } from './summary.ts';

/**
 * A parameter of a model or a running statistic, out of it: in the precision of the backend, or, for the number of batches
 * that a `batchNorm` has seen, one integer of 64 bits.
 */
export type ParameterArray = Extract<FileArray, Readonly<Record<'type', 'float32' | 'float64' | 'int64'>>>;

/**
 * @param rename gives the name of an array, from that in the model, such as `0.dense.W`
 * @throws RangeError where a layer has two parameters of one name
 */
export async function readParameters(
  model: Model,
  rename: (name: string) => string,
): Promise<ReadonlyMap<string, ParameterArray>> {
  checkNames(parameterNames(model.layers));
  const parameters = model.parameters.map(async ({ name, value }) => {
    return [rename(name), describeArray(value.shape, await value.data())] as const;
  });
  const statistics = runningStatisticsOf(model.layers).map(async (one) => {
    return [rename(one.name), describeArray(one.shape, await readStatistic(one, model))] as const;
  });
  return new Map(await Promise.all([...parameters, ...statistics]));
}

/** Layers of the caller may name parameters as they like; a file tells them apart by their names. */
function checkNames(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new RangeError(`two parameters of the model are called ${twice}; each must have a name of its own in a file`);
}

function describeArray(shape: readonly number[], values: Float32Array | Float64Array | BigInt64Array): ParameterArray {
  if (values instanceof BigInt64Array) return { type: 'int64', shape, values };
  return values instanceof Float64Array ? { type: 'float64', shape, values } : { type: 'float32', shape, values };
}

async function readStatistic({ layer, key, shape, start }: RunningStatistic, { memories }: Model) {
  const { numbers, tensors } = memories[layer];
  if (shape.length === 0) return BigInt64Array.of(BigInt(numbers.get(key) ?? start));
  return tensors.get(key)?.data() ?? new Float32Array(shape[0]).fill(start);
}

/** That of float64. */
const SMALLEST_EPSILON = Number.EPSILON;

const FLOATS = ['float16', 'bfloat16', 'float32', 'float64'];

/**
 * Gives a model these parameters and running statistics.
 * @param rename gives the name of an array, from that in the model, such as `0.dense.W`
 * @throws DataError where an array is missing, is one too many, has another shape than the parameter or no floats, or
 *   holds a number that is not finite
 */
export function takeParameters(
  model: Model,
  engine: Engine,
  rename: (name: string) => string,
  arrays: ReadonlyMap<string, FileArray>,
): void {
  const shapes = model.layers.flatMap(({ parameters }) => parameters.map(({ shape }) => shape));
  const own = parameterNames(model.layers);
  checkNames(own);
  const names = own.map(rename);
  const statistics = runningStatisticsOf(model.layers).map((one) => ({ ...one, name: rename(one.name) }));
  const found = names.map((name, index) => findArray(arrays, name, shapes[index], engine));
  // Files of PyTorch before 0.4.1 do not count the batches.
  const present = statistics.filter(({ shape, name }) => shape.length > 0 || arrays.has(name));
  const values = present.map(({ name, shape }) => findArray(arrays, name, shape, engine).values);
  const known = [...names, ...statistics.map(({ name }) => name)];
  const unknown = [...arrays.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new DataError(`the model has no parameter for ${JSON.stringify(unknown)}; its own are ${known.join(', ')}`);
  }
  engine.runLasting(() => {
    const memories: Memory[] = model.layers.map(emptyMemory);
    for (const [index, { layer, key, shape }] of present.entries()) {
      const { numbers, tensors } = memories[layer];
      if (shape.length === 0) numbers.set(key, values[index][0]);
      else tensors.set(key, engine.tensor(values[index], shape));
    }
    const parameters = found.map(({ values, shape }) => engine.tensor(values, shape));
    model.takeUp(engine, parameters, memories);
  });
}

/** @param shape that the array must have; one of a single number, whose shape is [], may also hold an integer */
function findArray(arrays: ReadonlyMap<string, FileArray>, name: string, shape: readonly number[], engine: Engine) {
  const array = arrays.get(name);
  const shown = JSON.stringify(name);
  if (!array) throw new DataError(`${shown} is missing; it must be among the arrays, which are ${listNames(arrays)}`);
  if (!FLOATS.includes(array.type) && shape.length > 0) {
    throw new DataError(`${shown} holds ${array.type}; a parameter must be one of ${FLOATS.join(', ')}`);
  }
  if (String(array.shape) !== String(shape)) {
    throw new DataError(
      `${shown} has the shape ${formatShape(array.shape)}; the model has ${formatShape(shape)} there, and both must be the same`,
    );
  }
  return { shape, values: checkedNumbers(shown, engine, array) };
}

/** @throws DataError where a number is none that a tensor of the engine may hold */
function checkedNumbers(shown: string, { epsilon, backend }: Engine, array: FileArray): ReturnType<typeof numbersOf> {
  const values = numbersOf(array);
  const round = epsilon > SMALLEST_EPSILON ? Math.fround : (value: number): number => value;
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(round(values[index]))) continue;
    const must = 'a parameter must be finite in the precision of the backend';
    throw new DataError(`${shown} holds ${values[index]}, number ${index} of it; ${must}, here ${backend}`);
  }
  return values;
}

function listNames(arrays: ReadonlyMap<string, FileArray>): string {
  const names = [...arrays.keys()];
  return names.length > 20
    ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
    : names.join(', ') || 'none';
}
