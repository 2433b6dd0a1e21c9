import { BOOLEAN, createArgumentCheck, FRACTION, isObject, NUMBERS } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import { random } from './random.ts';

/** Labelled samples for classification. */
export interface Samples {
  /** count × features, row-major: one row per sample. */
  readonly inputs: Float32Array;
  /** The class number of each sample, from 0. */
  readonly labels: Int32Array;
  /** The number of samples. */
  readonly count: number;
  /** The number of features of a sample. */
  readonly features: number;
}

const isTyped = (value: unknown): boolean => ArrayBuffer.isView(value) && 'subarray' in value;

/** @throws RangeError unless the value has the type Samples; the numbers themselves are not checked */
const SAMPLES = createArgumentCheck('samples: { inputs, labels, count, features } with typed arrays', (value) => {
  if (!isObject(value)) return false;
  const { inputs, labels, count, features } = value as Samples;
  const fits = Number.isInteger(count) && Number.isInteger(features) && isTyped(inputs) && isTyped(labels);
  return fits && inputs.length === count * features && labels.length === count;
});

/**
 * Copies the samples at `indices`, in that order. An index may occur more than once.
 *
 * @throws RangeError when an index is not an integer from 0 to samples.count − 1.
 */
export function subset(samples: Samples, indices: ArrayLike<number>): Samples {
  SAMPLES('subset: samples', samples);
  NUMBERS('subset: indices', indices);
  const { features } = samples;
  const count = indices.length;
  for (let row = 0; row < count; row++) {
    const index = indices[row];
    if (!Number.isInteger(index) || index < 0 || index >= samples.count) {
      throw new RangeError(
        `indices[${row}] is ${describeValue(index)}; it must be an integer from 0 to ${samples.count - 1} (there are ${samples.count} samples)`,
      );
    }
  }
  const inputs = new Float32Array(count * features);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const index = indices[row];
    inputs.set(samples.inputs.subarray(index * features, (index + 1) * features), row * features);
    labels[row] = samples.labels[index];
  }
  return { inputs, labels, count, features };
}

/** Options of `splitSamples`. */
export interface SplitOptions {
  /**
   * Whether each class is split separately, so that it has about the same share in both parts. A class with at least
   * two samples is then present in both parts, and a single sample goes into the first part. Default false.
   */
  stratified?: boolean;
}

/**
 * Shuffles the samples by `seed` and splits them in two: the first part gets round(fraction × count) samples (of each
 * class, where the split is stratified), the second part the rest.
 *
 * @param fraction the share of the first part, in [0, 1]
 * @throws RangeError where `fraction` is outside [0, 1] or the seed is not a safe integer from 0
 */
export function splitSamples(
  samples: Samples,
  fraction: number,
  seed: number,
  options?: SplitOptions,
): readonly [Samples, Samples] {
  SAMPLES('splitSamples: samples', samples);
  const read = readOptions('splitSamples', options, { stratified: BOOLEAN });
  const [first, second] = splitIndices(samples.labels, fraction, seed, read);
  return [subset(samples, first), subset(samples, second)];
}

/** Like `splitSamples`, but returns the indices of the samples. */
export function splitIndices(
  labels: Int32Array,
  fraction: number,
  seed: number,
  { stratified = false }: SplitOptions = {},
): readonly [Int32Array, Int32Array] {
  FRACTION('fraction', fraction);
  const order = random(seed).permutation(labels.length);
  if (!stratified) {
    const cut = Math.round(fraction * labels.length);
    return [order.subarray(0, cut), order.subarray(cut)];
  }
  const left = firstRowsByClass(labels, fraction);
  const isFirst = (row: number): boolean => {
    const rows = left.get(labels[row]) as number;
    left.set(labels[row], rows - 1);
    return rows > 0;
  };
  const first = new Set(order.filter(isFirst));
  return [order.filter((row) => first.has(row)), order.filter((row) => !first.has(row))];
}

/** Computes how many samples of each class go into the first part. */
function firstRowsByClass(labels: Int32Array, fraction: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const share = (count: number): number => {
    const rows = Math.round(fraction * count);
    if (fraction === 0 || fraction === 1) return rows;
    return count === 1 ? 1 : Math.min(Math.max(rows, 1), count - 1);
  };
  return new Map([...counts].map(([label, count]) => [label, share(count)]));
}
