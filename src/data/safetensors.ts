/**
 * The format safetensors, by its specification (github.com/huggingface/safetensors, README):
 *
 *   offset  0  u64      length h of the header, little-endian
 *           8  h bytes  JSON in UTF-8, which begins with { and may end in spaces: for each tensor { dtype, shape,
 *                       data_offsets: [begin, end] }, from the end of the header; __metadata__ has texts by name
 *       8 + h           the elements of all tensors, little-endian, in C order, without holes and overlaps
 */
import { BYTES, createArgumentError, isListOf, isObject } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import {
  completeArray,
  countOf,
  decodeNumbers,
  describeArray,
  ELEMENTS,
  encodeNumbers,
  type NumberFileArray,
  type NumberType,
} from './file-array.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import { listArrays, type WritableArrays } from './npz.ts';
import { readBytes, type Source } from './source.ts';

/** The limit of the specification on the header. */
const LARGEST_HEADER = 100_000_000;

/** The elements begin at a multiple of this, counted from the start of the file. */
const ALIGNMENT = 8;

const TYPES: Readonly<Record<string, NumberType>> = {
  BOOL: 'bool',
  U8: 'uint8',
  U16: 'uint16',
  U32: 'uint32',
  U64: 'uint64',
  I8: 'int8',
  I16: 'int16',
  I32: 'int32',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

const NAMES = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [type, name]));

/** The content of a safetensors file. */
export interface Safetensors {
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, NumberFileArray>;
  /** Texts by name, which the writer of the file added. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file, as PyTorch and others keep parameters in.
 *
 * @throws DataError where the file is cut short or has too many bytes; where its header is longer than the file or than
 *   100 MB, is broken, or has a name twice; where tensors overlap, leave holes, or have another length than their shape;
 *   where one has a type that is not read; where a limit is exceeded
 */
export async function readSafetensors(source: Source, given?: LimitOptions): Promise<Safetensors> {
  const options = readOptions('readSafetensors', given, LIMIT_OPTIONS);
  return decode(await readBytes(source, options), options);
}

/** Like `readSafetensors`, for bytes in memory. */
export function parseSafetensors(bytes: Uint8Array, options?: LimitOptions): Safetensors {
  BYTES('parseSafetensors: bytes', bytes);
  return decode(bytes, readOptions('parseSafetensors', options, LIMIT_OPTIONS));
}

/** A tensor as the header describes it. */
interface Entry {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function decode(bytes: Uint8Array, options: LimitOptions): Safetensors {
  const { header, names, start } = readHeader(bytes);
  const { __metadata__: metadata = {} } = header;
  if (!isObject(metadata) || !isListOf(Object.values(metadata), (text) => typeof text === 'string')) {
    throw broken('__metadata__ must hold texts by name');
  }
  const entries = names.filter((name) => name !== '__metadata__').map((name) => readEntry(name, header[name]));
  const total = entries.reduce((sum, { shape }) => sum + countOf(shape), 0);
  checkLimit(limitsOf(options), 'values', total, `the safetensors file tells of ${total} values`);
  checkCoverage(entries, bytes.length - start);
  const tensors = new Map<string, NumberFileArray>();
  for (const { name, type, shape, begin, end } of entries) {
    tensors.set(name, decodeNumbers(type, shape, bytes.subarray(start + begin, start + end)));
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

function broken(why: string): DataError {
  return new DataError(`the safetensors file is broken: ${why}`);
}

interface Header {
  readonly header: Readonly<Record<string, unknown>>;
  /** The keys, in the order of the file. */
  readonly names: readonly string[];
  readonly start: number;
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8)
    throw new DataError(`the safetensors file has ${bytes.length} bytes; it must have 8 at least: it is cut short`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw new DataError(
      `the file is not safetensors, or it is broken: its header would have ${length} bytes; at most ${LARGEST_HEADER} are allowed`,
    );
  }
  const start = 8 + Number(length);
  if (start > bytes.length) {
    throw new DataError(`the safetensors header ends at byte ${start}; the file has ${bytes.length}: it is cut short`);
  }
  if (bytes[8] !== '{'.charCodeAt(0)) throw broken('its header must begin with {');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start));
    return { header: JSON.parse(text) as Readonly<Record<string, unknown>>, names: listNames(text), start };
  } catch (error) {
    throw error instanceof DataError ? error : broken('its header is not JSON');
  }
}

/**
 * The keys of the outermost object, in their order. JSON.parse puts keys such as "10" first, and keeps only the last of
 * equal ones.
 * @throws DataError where an object at any depth has a key twice
 */
function listNames(json: string): string[] {
  const levels: Set<string>[] = [];
  let outermost: Set<string> | undefined;
  let text = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    const level = levels[levels.length - 1];
    if (token === '{' || token === '[') levels.push(new Set());
    else if (token === '}' || token === ']') levels.pop();
    else if (token !== ':') text = token;
    else {
      const key = JSON.parse(text) as string;
      if (level.has(key)) throw broken(`its header has the name ${JSON.stringify(key)} twice`);
      level.add(key);
    }
    outermost ??= levels[0];
  }
  return [...(outermost ?? [])];
}

function readEntry(name: string, value: unknown): Entry {
  const place = `tensor ${JSON.stringify(name)}`;
  const isCount = (each: unknown): boolean => Number.isSafeInteger(each) && (each as number) >= 0;
  const { dtype, shape, data_offsets: offsets } = (isObject(value) ? value : {}) as Readonly<Record<string, unknown>>;
  if (typeof dtype !== 'string') throw broken(`${place} has no dtype`);
  const type = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (!type) {
    throw new DataError(`${place} is of the type ${JSON.stringify(dtype)}; read are ${Object.keys(TYPES).join(', ')}`);
  }
  if (!isListOf<number>(shape, isCount)) throw broken(`${place}: its shape must be a list of integers from 0`);
  if (!isListOf<number>(offsets, isCount) || offsets.length !== 2) {
    throw broken(`${place}: its data_offsets must be two integers from 0`);
  }
  const [begin, end] = offsets;
  const needed = countOf(shape) * ELEMENTS[type].size;
  if (end - begin !== needed) {
    throw broken(
      `${place}: ${describeArray({ type, shape })} takes ${needed} bytes; its data_offsets, ${begin} and ${end}, are ${end - begin} apart`,
    );
  }
  return { name, type, shape, begin, end };
}

/** The specification asks that the tensors cover the bytes after the header, each of them once. */
function checkCoverage(entries: readonly Entry[], length: number): void {
  let at = 0;
  let before = '';
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const shown = JSON.stringify(name);
    if (begin < at)
      throw broken(`tensors ${before} and ${shown} overlap: one ends at ${at}, the other begins at ${begin}`);
    if (begin > at) throw broken(`the bytes from ${at} to ${begin} belong to no tensor`);
    at = end;
    before = shown;
  }
  if (at > length) throw broken(`its tensors end at byte ${at} after the header; there are ${length}: it is cut short`);
  if (at < length) throw broken(`the bytes from ${at} to ${length} belong to no tensor`);
}

/** Options of `writeSafetensors`. */
export interface SafetensorsOptions {
  /** Texts by name for the header. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes tensors as a safetensors file. Tensors of wide elements come first, so that each begins at a multiple of the
 * size of its elements.
 *
 * @throws RangeError where the elements of a tensor do not fit its shape, or are texts
 */
export function writeSafetensors(tensors: WritableArrays, given?: SafetensorsOptions): Uint8Array<ArrayBuffer> {
  const { metadata } = readOptions('writeSafetensors', given, { metadata: checkMetadata });
  const arrays = listArrays('writeSafetensors', tensors).map(([name, array]) => {
    const place = `writeSafetensors: tensors.${name}`;
    if (name === '__metadata__')
      throw createArgumentError('writeSafetensors: a name', name, 'another; the format keeps it for the metadata');
    const complete = completeArray(place, array);
    if (complete.type === 'text')
      throw createArgumentError(`${place}: values`, complete.values, 'numbers; the format has no texts');
    return { name, array: complete, bytes: encodeNumbers(complete) };
  });
  arrays.sort((a, b) => ELEMENTS[b.array.type].size - ELEMENTS[a.array.type].size);
  let length = 0;
  const placed = arrays.map(({ name, array: { type, shape }, bytes }) => {
    const begin = length;
    length += bytes.length;
    return { begin, bytes, entry: [name, { dtype: NAMES[type], shape, data_offsets: [begin, length] }] as const };
  });
  const entries = [...(metadata ? [['__metadata__', metadata] as const] : []), ...placed.map(({ entry }) => entry)];
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const start = 8 + Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(start + length).fill(' '.charCodeAt(0), 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(header, 8);
  for (const { begin, bytes } of placed) file.set(bytes, start + begin);
  return file;
}

function checkMetadata(place: string, value: unknown): void {
  if (isObject(value) && isListOf(Object.values(value), (text) => typeof text === 'string')) return;
  throw createArgumentError(place, value, 'an object of texts');
}
