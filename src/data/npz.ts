import { BOOLEAN, createArgumentError, isObject, isSatisfied } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import type { FileArray, WritableArray } from './file-array.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import { decodeNPY, encodeNPY } from './npy.ts';
import { readBytes, type Source } from './source.ts';
import { extractEntry, listZip, writeZip } from './zip.ts';

/** Arrays by name, as a .npz file or a safetensors file holds them. */
export type NamedArrays = ReadonlyMap<string, FileArray>;

/** Arrays to be written, by name: a Map, or an object. */
export type WritableArrays = ReadonlyMap<string, WritableArray> | Readonly<Record<string, WritableArray>>;

/** Options of `writeNPZ`. */
export interface NPZOptions {
  /** Whether the arrays are compressed, as by `numpy.savez_compressed`. Default false. */
  compressed?: boolean;
}

/**
 * Reads the arrays of a .npz file of NumPy, by name: what `numpy.savez` and `numpy.savez_compressed` write. Each of them
 * is read as by `readNPY`.
 *
 * @throws DataError that names the array, where one is broken or of a type that is not read; where the archive is
 *   broken, cut short or contradicts itself; where its arrays exceed the limits, those on `values` and on
 *   `decompressedBytes` all together
 */
export async function readNPZ(source: Source, given?: LimitOptions): Promise<NamedArrays> {
  const options = readOptions('readNPZ', given, LIMIT_OPTIONS);
  return decodeNPZ(await readBytes(source, options), options);
}

/** `readNPZ` for options that have been checked. */
export async function decodeNPZ(bytes: Uint8Array, options: LimitOptions): Promise<NamedArrays> {
  const limits = limitsOf(options);
  const entries = listZip(bytes).filter(({ name }) => !name.endsWith('/'));
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  checkLimit(limits, 'decompressedBytes', total, `the .npz file holds ${total} bytes`);
  const arrays = new Map<string, FileArray>();
  let values = 0;
  for (const entry of entries) {
    const name = entry.name.replace(/\.npy$/, '');
    if (arrays.has(name)) throw new DataError(`the .npz file holds ${JSON.stringify(name)} twice`);
    arrays.set(name, await nameErrors(name, async () => decodeNPY(await extractEntry(entry), options)));
    values += arrays.get(name)?.values.length ?? 0;
    checkLimit(limits, 'values', values, `the .npz file holds more than ${limits.values} values`);
  }
  return arrays;
}

async function nameErrors<Result>(name: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof DataError ? new DataError(`${JSON.stringify(name)}: ${error.message}`) : error;
  }
}

/**
 * Writes arrays as a .npz file, which `numpy.load` reads: `writeNPZ({ x: { shape: [2, 3], values }, y: { values: labels
 * } })`.
 *
 * @throws RangeError that names the array which is wrong; see `writeNPY`
 */
export async function writeNPZ(arrays: WritableArrays, given?: NPZOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { compressed = false } = readOptions('writeNPZ', given, { compressed: BOOLEAN });
  const files = listArrays('writeNPZ', arrays).map(([name, array]) => ({
    name: `${name}.npy`,
    bytes: encodeNPY(`writeNPZ: arrays.${name}`, array),
  }));
  return writeZip(files, compressed);
}

/** @throws RangeError unless there are arrays, with names that are not empty */
export function listArrays(place: string, arrays: WritableArrays): (readonly [string, WritableArray])[] {
  const isMap = isSatisfied((value) => value instanceof Map, arrays);
  if (!isMap && !isObject(arrays))
    throw createArgumentError(`${place}: arrays`, arrays, 'arrays by name, in a Map or an object');
  const entries = isMap ? [...(arrays as ReadonlyMap<string, WritableArray>)] : Object.entries(arrays);
  for (const [name] of entries) {
    if (typeof name !== 'string' || name === '')
      throw createArgumentError(`${place}: arrays: a name`, name, 'a text that is not empty');
  }
  return entries;
}
