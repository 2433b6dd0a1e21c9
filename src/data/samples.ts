import { BOOLEAN, createArgumentCheck, FRACTION, isObject, NUMBERS } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import { random } from './random.ts';

/** What samples of both kinds have. */
interface SampleRows {
  /** count × features, row-major: one row per sample. */
  readonly inputs: Float32Array;
  /** The number of samples. */
  readonly count: number;
  /** The number of features of a sample. */
  readonly features: number;
  /**
   * The shape of a sample, whose product is `features`: [channels, rows, columns] for images, one plane after the other.
   * Default: a plain row.
   */
  readonly shape?: readonly number[];
  /**
   * How much each sample counts in losses and measures, relative to the others: finite, ≥ 0, not all 0. Default: all
   * count the same.
   */
  readonly weights?: Float32Array | Float64Array;
}

/** Labelled samples for classification. */
export interface Samples extends SampleRows {
  /** The class number of each sample, from 0. */
  readonly labels: Int32Array;
}

/** Samples for regression. */
export interface RegressionSamples extends SampleRows {
  /** The targets of each sample in their own units: count × targets, row-major. */
  readonly targets: Float32Array | Float64Array;
}

/** Samples of either kind. */
export type AnySamples = Samples | RegressionSamples;

const isTyped = (value: unknown): boolean => ArrayBuffer.isView(value) && 'subarray' in value;

/** @throws RangeError unless the value has the type AnySamples; the numbers themselves are not checked */
const SAMPLES = createArgumentCheck(
  'samples: { inputs, labels, count, features } with typed arrays, or targets in the place of labels',
  (value) => {
    if (!isObject(value)) return false;
    const { inputs, count, features, weights, labels, targets } = value as Samples & RegressionSamples;
    const fits = Number.isInteger(count) && Number.isInteger(features) && isTyped(inputs);
    if (!fits || inputs.length !== count * features) return false;
    if (weights !== undefined && !(isTyped(weights) && weights.length === count)) return false;
    if (targets === undefined) return isTyped(labels) && labels.length === count;
    return isTyped(targets) && (count === 0 || (targets.length > 0 && targets.length % count === 0));
  },
);

/**
 * Copies the samples at `indices`, in that order. An index may occur more than once.
 *
 * @throws RangeError when an index is not an integer from 0 to samples.count − 1.
 */
export function subset(samples: Samples, indices: ArrayLike<number>): Samples;
/** The same for samples for regression. */
export function subset(samples: RegressionSamples, indices: ArrayLike<number>): RegressionSamples;
/** The same for samples of either kind. */
export function subset(samples: AnySamples, indices: ArrayLike<number>): AnySamples;
export function subset(samples: AnySamples, indices: ArrayLike<number>): AnySamples {
  SAMPLES('subset: samples', samples);
  NUMBERS('subset: indices', indices);
  const count = indices.length;
  for (let row = 0; row < count; row++) {
    const index = indices[row];
    if (!Number.isInteger(index) || index < 0 || index >= samples.count) {
      throw new RangeError(
        `indices[${row}] is ${describeValue(index)}; it must be an integer from 0 to ${samples.count - 1} (there are ${samples.count} samples)`,
      );
    }
  }
  const chosen = <Numbers extends Float32Array | Float64Array | Int32Array>(values: Numbers): Numbers =>
    copyRows(values, values.length / samples.count, indices);
  const { features, shape, weights } = samples;
  const rows = {
    inputs: chosen(samples.inputs),
    count,
    features,
    ...(shape && { shape }),
    ...(weights && { weights: chosen(weights) }),
  };
  return 'targets' in samples
    ? { ...rows, targets: chosen(samples.targets) }
    : { ...rows, labels: chosen(samples.labels) };
}

/** A typed array, whatever its numbers are. */
interface TypedArray {
  subarray(start: number, end: number): TypedArray;
  set(from: never, at: number): void;
}

/** The rows at the indices, one after the other. @param width of a row */
export function copyRows<Numbers extends TypedArray>(
  values: Numbers,
  width: number,
  indices: ArrayLike<number>,
): Numbers {
  const rows = new (values.constructor as new (length: number) => Numbers)(indices.length * width || 0);
  for (let row = 0; row < indices.length; row++) {
    rows.set(values.subarray(indices[row] * width, (indices[row] + 1) * width) as never, row * width);
  }
  return rows;
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
): readonly [Samples, Samples];
/** The same for samples for regression, which have no classes. */
export function splitSamples(
  samples: RegressionSamples,
  fraction: number,
  seed: number,
): readonly [RegressionSamples, RegressionSamples];
export function splitSamples(
  samples: AnySamples,
  fraction: number,
  seed: number,
  options?: SplitOptions,
): readonly [AnySamples, AnySamples] {
  SAMPLES('splitSamples: samples', samples);
  const read = readOptions('splitSamples', options, { stratified: BOOLEAN });
  const isRegression = 'targets' in samples;
  if (isRegression && read.stratified) {
    throw new RangeError('splitSamples: stratified is true; samples for regression have no classes to split by');
  }
  const groups = isRegression ? new Int32Array(samples.count) : samples.labels;
  const [first, second] = splitIndices(groups, fraction, seed, read);
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
