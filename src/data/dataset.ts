import { random } from './random.ts';

/** Labelled rows. `inputs` holds count × features values, row by row; `labels` holds count class numbers. */
export interface Samples {
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
  readonly features: number;
}

/** A classification data set with its training and test parts; `featureShape` is the shape of one row, such as [8, 8]. */
export interface Dataset {
  readonly name: string;
  readonly classes: number;
  readonly featureShape: readonly number[];
  readonly train: Samples;
  readonly test: Samples;
}

/**
 * The rows of `samples` at `indices`, in that order, copied. An index may occur more than once.
 *
 * @throws RangeError when an index is not an integer from 0 to samples.count − 1.
 */
export function subset(samples: Samples, indices: ArrayLike<number>): Samples {
  const { features } = samples;
  const count = indices.length;
  const inputs = new Float32Array(count * features);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const index = indices[row];
    if (!Number.isInteger(index) || index < 0 || index >= samples.count) {
      throw new RangeError(
        `indices[${row}] is ${index}; it must be an integer from 0 to ${samples.count - 1} (there are ${samples.count} samples)`,
      );
    }
    inputs.set(samples.inputs.subarray(index * features, (index + 1) * features), row * features);
    labels[row] = samples.labels[index];
  }
  return { inputs, labels, count, features };
}

/**
 * Shuffles the rows by `seed` and cuts them in two: round(fraction × count) rows first, the rest second.
 *
 * @param fraction share of the first part, from 0 to 1.
 * @throws RangeError when `fraction` is outside [0, 1] or the seed is not a safe integer from 0.
 */
export function splitSamples(samples: Samples, fraction: number, seed: number): readonly [Samples, Samples] {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`fraction is ${fraction}; it must be a number from 0 to 1`);
  }
  const order = random(seed).permutation(samples.count);
  const cut = Math.round(fraction * samples.count);
  return [subset(samples, order.subarray(0, cut)), subset(samples, order.subarray(cut))];
}
