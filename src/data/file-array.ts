/** Arrays as the files of other tools hold them: NumPy's .npy and .npz, and safetensors. */
import { createArgumentCheck, createArgumentError, isListOf, isObject } from '../arguments/check.ts';
import { bfloat16FromFloat32, float16FromFloat32, float32FromBfloat16, float32FromFloat16 } from './half-precision.ts';
import { DataError } from './limits.ts';

/** The values of each element type. Numbers of 16 bits with a fraction are kept as float32, which holds all of them. */
interface ValuesByType {
  bool: Uint8Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float16: Float32Array;
  bfloat16: Float32Array;
  float32: Float32Array;
  float64: Float64Array;
  text: readonly string[];
}

/**
 * The name of an element type.
 *
 * @useDeclaredType
 */
export type ElementType = Extract<keyof ValuesByType, string>;

/** An element type of numbers. */
export type NumberType = Exclude<ElementType, 'text'>;

/** An array from a file, or for one: its element type, the extents of its axes, and its elements in row-major order. */
export type FileArray = {
  [Type in ElementType]: {
    /** The type of the elements. The values of 'bool' are 0 and 1; those of 'float16' and 'bfloat16' are float32. */
    readonly type: Type;
    /** The extents of the axes; [] for a single element. */
    readonly shape: readonly number[];
    /** The elements in row-major order. */
    readonly values: ValuesByType[Type];
  };
}[ElementType];

/** Numbers from a file, or for one. */
export type NumberFileArray = Extract<FileArray, Readonly<Record<'type', NumberType>>>;

/** An array to be written. */
export interface WritableArray {
  /** The extents of the axes. Default: one axis. */
  readonly shape?: readonly number[];
  /** The elements in row-major order: a typed array, such as what `Tensor.data` gives, or texts. */
  readonly values: FileArray['values'];
  /** The type of the elements. Default: that of the typed array; texts are 'text'. */
  readonly type?: ElementType;
}

type TypedValues = NumberFileArray['values'];
type TypedClass = { new (buffer: ArrayBuffer): TypedValues; readonly name: string };

/** Bytes of an element in a file, and the class of the values. */
export const ELEMENTS: Readonly<Record<NumberType, { readonly size: number; readonly values: TypedClass }>> = {
  bool: { size: 1, values: Uint8Array },
  uint8: { size: 1, values: Uint8Array },
  uint16: { size: 2, values: Uint16Array },
  uint32: { size: 4, values: Uint32Array },
  uint64: { size: 8, values: BigUint64Array },
  int8: { size: 1, values: Int8Array },
  int16: { size: 2, values: Int16Array },
  int32: { size: 4, values: Int32Array },
  int64: { size: 8, values: BigInt64Array },
  float16: { size: 2, values: Float32Array },
  bfloat16: { size: 2, values: Float32Array },
  float32: { size: 4, values: Float32Array },
  float64: { size: 8, values: Float64Array },
};

const DEFAULT_TYPES: Readonly<Record<string, NumberType>> = {
  Uint8Array: 'uint8',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  BigUint64Array: 'uint64',
  Int8Array: 'int8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  BigInt64Array: 'int64',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

const IS_HOST_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The number of elements of an array of this shape; may be infinite where the extents come from a file that lies. */
export function countOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
}

/** Such as "3 × 4 float64". */
export function describeArray({ type, shape }: Pick<FileArray, 'type' | 'shape'>): string {
  return shape.length === 0 ? `one ${type}` : `${shape.join(' × ')} ${type}`;
}

/**
 * Reads elements from bytes, which are copied.
 * @throws DataError where a byte of a 'bool' is neither 0 nor 1
 */
export function decodeNumbers(
  type: NumberType,
  shape: readonly number[],
  bytes: Uint8Array,
  isLittleEndian = true,
): NumberFileArray {
  const { size, values: Values } = ELEMENTS[type];
  const copy = new Uint8Array(bytes); // a Buffer's own slice would not copy
  if (isLittleEndian !== IS_HOST_LITTLE) reverseElements(copy, size);
  if (type === 'float16' || type === 'bfloat16') {
    const convert = type === 'float16' ? float32FromFloat16 : float32FromBfloat16;
    const bits = Int32Array.from(new Uint16Array(copy.buffer), convert);
    return { type, shape, values: new Float32Array(bits.buffer) };
  }
  if (type === 'bool') {
    const wrong = copy.findIndex((byte) => byte > 1);
    if (wrong >= 0) throw new DataError(`element ${wrong} of the bools is the byte ${copy[wrong]}; it must be 0 or 1`);
  }
  return { type, shape, values: new Values(copy.buffer) } as NumberFileArray;
}

/** The bytes of the elements, little-endian. The numbers of 16 bits are rounded to the nearest. */
export function encodeNumbers({ type, values }: NumberFileArray): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * ELEMENTS[type].size);
  if (type === 'float16' || type === 'bfloat16') {
    const convert = type === 'float16' ? float16FromFloat32 : bfloat16FromFloat32;
    const bits = new Int32Array(values.slice().buffer);
    new Uint16Array(bytes.buffer).set(bits.map(convert));
  } else bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (!IS_HOST_LITTLE) reverseElements(bytes, ELEMENTS[type].size);
  return bytes;
}

function reverseElements(bytes: Uint8Array, size: number): void {
  if (size > 1) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

const isExtent = (extent: unknown): boolean => Number.isSafeInteger(extent) && (extent as number) >= 0;

/**
 * Fills in what an array to be written leaves out, and checks it.
 * @throws RangeError that names the field that is wrong
 */
export function completeArray(place: string, given: WritableArray): FileArray {
  if (!isObject(given)) throw createArgumentError(place, given, 'an object { shape, values }');
  const { values } = given;
  const isText = isListOf<string>(values, (each) => typeof each === 'string');
  const kind = isText ? 'text' : DEFAULT_TYPES[Object.prototype.toString.call(values).slice(8, -1)];
  if (!kind) throw createArgumentError(`${place}: values`, values, 'a typed array or a list of texts');
  const { type = kind, shape = [values.length] } = given;
  const allowed = typesOf(kind);
  if (!allowed.includes(type))
    throw createArgumentError(`${place}: type`, type, `${allowed.join(' or ')} for these values`);
  if (!isListOf(shape, isExtent)) throw createArgumentError(`${place}: shape`, shape, 'a list of integers from 0');
  if (countOf(shape) !== values.length) {
    throw new RangeError(
      `${place}: the shape [${shape.join(', ')}] takes ${countOf(shape)} elements; there are ${values.length}`,
    );
  }
  return { type, shape, values } as FileArray;
}

/** The types as which values may be written that are of `kind` by default. */
function typesOf(kind: ElementType): readonly ElementType[] {
  if (kind === 'uint8') return ['uint8', 'bool'];
  return kind === 'float32' ? ['float32', 'float16', 'bfloat16'] : [kind];
}

function isFileArray(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { type, shape, values } = value as FileArray;
  const isKnown =
    type === 'text' ? isListOf(values, (each) => typeof each === 'string') : values instanceof ELEMENTS[type].values;
  return isKnown && isListOf(shape, isExtent) && countOf(shape) === values.length;
}

const FILE_ARRAY = /* @__PURE__ */ createArgumentCheck('an array of a file: { type, shape, values }', isFileArray);

/** A Map of such arrays by name. */
export const FILE_ARRAYS = /* @__PURE__ */ createArgumentCheck(
  'a Map of arrays by name, as readNPZ and parseSafetensors give it',
  (value) =>
    value instanceof Map && Array.from(value).every(([name, array]) => typeof name === 'string' && isFileArray(array)),
);

/**
 * The numbers of an array, for `engine.tensor(numbersOf(array), array.shape)`: integers of 64 bits as float64, all
 * others as they are.
 *
 * @throws DataError where the array holds texts, or an integer of more than 53 bits, which a float64 may not hold
 */
export function numbersOf(array: FileArray): Exclude<TypedValues, BigInt64Array | BigUint64Array> {
  FILE_ARRAY('numbersOf: array', array);
  const { type, values } = array;
  if (type === 'text') throw new DataError(`the array holds ${describeArray(array)}; it must hold numbers`);
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values;
  return Float64Array.from(values as Iterable<bigint>, (value: bigint) => {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw new DataError(`the array holds the integer ${value}; numbers are exact up to ±${Number.MAX_SAFE_INTEGER}`);
  });
}
