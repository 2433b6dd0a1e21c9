/** The standardisation of images: a mean and a deviation for each channel. */
import type { Rows, Standardisation } from './standardisation.ts';

interface ShapedRows extends Rows {
  /** [channels, rows, columns]; with fewer extents there is one channel. */
  readonly shape: readonly number[];
}

export function channelsOf(shape: readonly number[]): number {
  return shape.length === 3 ? shape[0] : 1;
}

/**
 * Computes mean and standard deviation of each channel over all images and pixels, in float64. A channel of one value
 * gets the deviation 1.
 */
export function channelStandardisationOf({ inputs, features, shape }: ShapedRows): Standardisation {
  const channels = channelsOf(shape);
  const moments = Array.from({ length: channels }, (_, channel) =>
    computeMoments(inputs, features, channel, features / channels),
  );
  return {
    mean: moments.map(({ mean }) => mean),
    deviation: moments.map(({ deviation }) => deviation || 1),
    constant: moments.flatMap(({ deviation }, channel) => (deviation === 0 ? [channel] : [])),
  };
}

function computeMoments(
  inputs: ArrayLike<number>,
  features: number,
  channel: number,
  pixels: number,
): { mean: number; deviation: number } {
  let [count, sum] = [0, 0];
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const visit = (use: (x: number) => void): void => {
    for (let start = channel * pixels; start < inputs.length; start += features) {
      for (let at = start; at < start + pixels; at++) use(inputs[at]);
    }
  };
  visit((x) => {
    count += 1;
    sum += x;
    least = Math.min(least, x);
    greatest = Math.max(greatest, x);
  });
  // The sum of a constant may round, so its mean is taken to be the value itself.
  if (least === greatest) return { mean: least, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  visit((x) => {
    squares += (x - mean) ** 2;
  });
  return { mean, deviation: Math.sqrt(squares / count) };
}

/** Replaces each number x of a channel by (x − mean)/deviation, in place. */
export function standardiseChannels(
  inputs: Float32Array,
  features: number,
  { mean, deviation }: Standardisation,
): Float32Array {
  const pixels = features / mean.length;
  for (let at = 0; at < inputs.length; at++) {
    const channel = Math.floor((at % features) / pixels);
    inputs[at] = (inputs[at] - mean[channel]) / deviation[channel];
  }
  return inputs;
}
