/** Tensors of float64 numbers on a float32 backend; program-kernels.ts describes the form in which they are stored. */
import { WIDE_WORDS } from '../../backends/program-kernels.ts';
import type { Engine } from '../../tensor/engine.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Float64 numbers, two float32 numbers for each: nothing but the kernels for programs can compute with them. */
export interface WideTensor {
  /** The shape of the numbers, followed by an axis of WIDE_WORDS. */
  readonly words: Tensor;
}

/** What exponents are moved by, and the bounds of sizes that are kept. */
const MOVED = 512;
const SMALLEST = 2 ** -510;
const LARGEST = 2 ** 507;

/**
 * Copies float64 numbers to a backend, where kernels for programs read the same bits. Infinite numbers become ±2⁵⁰⁷,
 * which bounds treat as infinite; numbers below 2⁻⁵¹⁰ become 0.
 * @throws RangeError if the shape does not fit, or a number is NaN
 */
export function createWide(engine: Pick<Engine, 'tensor'>, values: Float64Array, shape: Shape): WideTensor {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `wide tensor: ${values.length} values; the shape ${formatShape(shape)} needs ${sizeOf(shape)}`,
    );
  }
  return { words: engine.tensor(encodeWide(values), [...shape, WIDE_WORDS]) };
}

/** Reads the numbers of a wide tensor. Rejects as `Tensor.data` does. */
export async function readWide({ words }: WideTensor): Promise<Float64Array> {
  return decodeWide((await words.data()) as Float32Array);
}

/** @throws RangeError if a number is NaN */
export function encodeWide(values: Float64Array): Float32Array {
  const words = new Uint32Array(values.length * WIDE_WORDS);
  const one = new Float64Array(1);
  const bits = new Uint32Array(one.buffer);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const size = Math.abs(value);
    if (Number.isNaN(size)) throw new RangeError(`wide tensor: values[${index}] is NaN; it must be a number`);
    if (size < SMALLEST) continue;
    one[0] = Math.max(-LARGEST, Math.min(value, LARGEST));
    const [low, high] = bits;
    const exponent = ((high >>> 20) & 0x7ff) - MOVED;
    words[2 * index] = low & 0xbfffffff;
    words[2 * index + 1] = (high & 0x800fffff) | (exponent << 21) | (((low >>> 30) & 1) << 20);
  }
  return new Float32Array(words.buffer);
}

export function decodeWide(numbers: Float32Array): Float64Array {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const bits = new Uint32Array(words.length);
  for (let at = 0; at < words.length; at += 2) {
    const [low, high] = [words[at], words[at + 1]];
    const exponent = (high >>> 21) & 0x3ff;
    if (exponent === 0) continue;
    bits[at] = low | (((high >>> 20) & 1) << 30);
    bits[at + 1] = (high & 0x800fffff) | ((exponent + MOVED) << 20);
  }
  return new Float64Array(bits.buffer);
}
