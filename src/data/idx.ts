import { BYTES } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import { readBytes, type Source } from './source.ts';

/** The element types of IDX files, by the code in the third byte. */
const ELEMENTS = {
  8: { type: 'uint8', make: (count: number) => new Uint8Array(count), read: 'getUint8' },
  9: { type: 'int8', make: (count: number) => new Int8Array(count), read: 'getInt8' },
  11: { type: 'int16', make: (count: number) => new Int16Array(count), read: 'getInt16' },
  12: { type: 'int32', make: (count: number) => new Int32Array(count), read: 'getInt32' },
  13: { type: 'float32', make: (count: number) => new Float32Array(count), read: 'getFloat32' },
  14: { type: 'float64', make: (count: number) => new Float64Array(count), read: 'getFloat64' },
} as const;

type Element = (typeof ELEMENTS)[keyof typeof ELEMENTS];

/** The array in an IDX file. */
export interface IDXArray {
  /** The type of the elements. */
  readonly type: Element['type'];
  /** The extents of the axes. */
  readonly shape: readonly number[];
  /** The elements in row-major order. */
  readonly values: ReturnType<Element['make']>;
}

/**
 * Reads an IDX file, plain or .gz, of any element type. This is the format of MNIST, described by Y. LeCun, C. Cortes
 * and C. Burges, "The MNIST database of handwritten digits".
 *
 * @throws DataError where the file is not IDX, is cut short, has too many bytes, or exceeds a limit
 */
export async function readIDX(source: Source, options?: LimitOptions): Promise<IDXArray> {
  return readArray(source, readOptions('readIDX', options, LIMIT_OPTIONS));
}

/** `readIDX` for options that have been checked and may contain further ones. */
export async function readArray(source: Source, options: LimitOptions): Promise<IDXArray> {
  return parseArray(await readBytes(source, options), options);
}

/**
 * Like `readIDX`, for uncompressed bytes in memory: two zero bytes, the element type, the rank, the extents as
 * big-endian 32-bit integers, then the elements, also big-endian.
 */
export function parseIDX(bytes: Uint8Array, options?: LimitOptions): IDXArray {
  BYTES('parseIDX: bytes', bytes);
  return parseArray(bytes, readOptions('parseIDX', options, LIMIT_OPTIONS));
}

function parseArray(bytes: Uint8Array, options: LimitOptions): IDXArray {
  const element = readElementType(bytes);
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new DataError(
      `the IDX header of rank ${rank} takes ${start} bytes; the file has ${bytes.length}: it is cut short`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = readExtents(bytes);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const size = element.make(0).BYTES_PER_ELEMENT;
  const described = `an array of ${shape.join(' × ')} ${element.type}`;
  checkLimit(limitsOf(options), 'values', count, `the IDX header tells of ${described}`);
  const missing = start + count * size - bytes.length;
  if (missing !== 0) {
    const fault = missing > 0 ? `${missing} are missing: the file is cut short` : `${-missing} are too many`;
    throw new DataError(
      `the IDX header tells of ${described}: ${count * size} bytes after the header; there are ${bytes.length - start}, ${fault}`,
    );
  }
  const values = element.make(count);
  if (values instanceof Uint8Array) values.set(bytes.subarray(start));
  else for (let index = 0; index < count; index++) values[index] = view[element.read](start + index * size);
  return { type: element.type, shape, values };
}

/** Whether the bytes have the header of an IDX file, and as many elements as it tells of. */
export function isIDX(bytes: Uint8Array): boolean {
  const element = (ELEMENTS as Partial<Record<number, Element>>)[bytes[2]];
  const start = 4 + 4 * bytes[3];
  if (bytes[0] !== 0 || bytes[1] !== 0 || !element || bytes.length < start) return false;
  const count = readExtents(bytes).reduce((product, extent) => product * extent, 1);
  return bytes.length === start + count * element.make(0).BYTES_PER_ELEMENT;
}

function readExtents(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
}

function readElementType(bytes: Uint8Array): Element {
  if (bytes.length < 4) throw new DataError(`the file has ${bytes.length} bytes; an IDX file has at least 8`);
  const element = (ELEMENTS as Partial<Record<number, Element>>)[bytes[2]];
  if (bytes[0] === 0 && bytes[1] === 0 && element && bytes[3] > 0) return element;
  const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const hint = bytes[0] === '<'.charCodeAt(0) ? '; it looks like a web page' : '';
  throw new DataError(
    `the file is not IDX: it begins with the bytes ${found}; an IDX file begins with 00 00, an element type (08, 09, 0b, 0c, 0d, 0e) and a rank from 1${hint}`,
  );
}
