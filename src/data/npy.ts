import { BYTES } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import {
  completeArray,
  countOf,
  decodeNumbers,
  describeArray,
  encodeNumbers,
  type FileArray,
  type WritableArray,
} from './file-array.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import { createNPYHeader, type NPYHeader, readNPYHeader } from './npy-header.ts';
import { readBytes, type Source } from './source.ts';

/**
 * Reads an array from a .npy file of NumPy, plain or .gz: versions 1 to 3 of the format, either order of bytes and of
 * axes. Read are bool, integers of 8 to 64 bits, floats of 16, 32 and 64 bits, and texts of fixed width (U, and S as
 * Latin-1). The elements come in row-major order, bit for bit.
 *
 * @throws DataError where the file is not .npy, is cut short, has too many bytes, exceeds a limit, or holds another type
 */
export async function readNPY(source: Source, given?: LimitOptions): Promise<FileArray> {
  const options = readOptions('readNPY', given, LIMIT_OPTIONS);
  return decodeNPY(await readBytes(source, options), options);
}

/** Like `readNPY`, for uncompressed bytes in memory. */
export function parseNPY(bytes: Uint8Array, options?: LimitOptions): FileArray {
  BYTES('parseNPY: bytes', bytes);
  return decodeNPY(bytes, readOptions('parseNPY', options, LIMIT_OPTIONS));
}

/** `parseNPY` for options that have been checked. */
export function decodeNPY(bytes: Uint8Array, options: LimitOptions): FileArray {
  const header = readNPYHeader(bytes);
  const { type, size, shape, start, isFortranOrder, isLittleEndian } = header;
  const count = countOf(shape);
  const described = describeArray(header);
  checkLimit(limitsOf(options), 'values', count, `the .npy header tells of ${described}`);
  const [stated, found] = [count * size, bytes.length - start];
  if (stated !== found) {
    const fault =
      found < stated ? `${stated - found} are missing: the file is cut short` : `${found - stated} are too many`;
    throw new DataError(
      `the .npy header tells of ${described}: ${stated} bytes after the header; there are ${found}, ${fault}`,
    );
  }
  const elements = bytes.subarray(start);
  const array: FileArray =
    type === 'text'
      ? { type, shape, values: decodeTexts(elements, header, count) }
      : decodeNumbers(type, shape, elements, isLittleEndian);
  return isFortranOrder ? toRowMajor(array) : array;
}

/** Texts of fixed width: UTF-32, or a byte for each character. NumPy fills them up by zeros. */
function decodeTexts(bytes: Uint8Array, { size, isByteText, isLittleEndian }: NPYHeader, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codeAt = (at: number): number => (isByteText ? bytes[at] : view.getUint32(at, isLittleEndian));
  const width = isByteText ? 1 : 4;
  return Array.from({ length: count }, (_, index) => {
    let text = '';
    for (let at = index * size; at < (index + 1) * size; at += width) {
      const code = codeAt(at);
      if (code > 0x10ffff)
        throw new DataError(`text ${index} holds the character ${code}, which Unicode does not have`);
      text += String.fromCodePoint(code);
    }
    return text.replace(/\0+$/, '');
  });
}

/** Arranges elements whose first axis runs fastest so that the last one does. */
function toRowMajor(array: FileArray): FileArray {
  const { shape, values } = array;
  const result = values.slice() as { [index: number]: unknown };
  const at = shape.map(() => 0);
  const strides = shape.map((_, axis) => countOf(shape.slice(0, axis)));
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    result[to] = values[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++at[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return { ...array, values: result } as unknown as FileArray;
}

/**
 * Writes an array as a .npy file: version 1, little-endian, in C order, byte for byte as `numpy.save` of NumPy 1.23 and
 * later does. `writeNPY({ shape: tensor.shape, values: await tensor.data() })` writes a tensor.
 *
 * @throws RangeError where the elements do not fit the shape or the type, or where .npy has no such type
 */
export function writeNPY(array: WritableArray): Uint8Array<ArrayBuffer> {
  return encodeNPY('writeNPY: array', array);
}

/** @param place what the array is called in errors */
export function encodeNPY(place: string, given: WritableArray): Uint8Array<ArrayBuffer> {
  const array = completeArray(place, given);
  const width = array.type === 'text' ? greatestLength(array.values) : 0;
  const elements = array.type === 'text' ? encodeTexts(array.values, width) : encodeNumbers(array);
  const header = createNPYHeader(array, width);
  const bytes = new Uint8Array(header.length + elements.length);
  bytes.set(header);
  bytes.set(elements, header.length);
  return bytes;
}

function greatestLength(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, [...text].length), 1);
}

function encodeTexts(texts: readonly string[], width: number): Uint8Array {
  const bytes = new Uint8Array(texts.length * width * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, text] of texts.entries()) {
    for (const [place, character] of [...text].entries()) {
      view.setUint32(4 * (index * width + place), character.codePointAt(0) as number, true);
    }
  }
  return bytes;
}
