/** The standardisation of images: a mean and a deviation for each channel. */
import { momentsOf } from './moments.ts';
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
  const pixels = features / channels;
  const moments = Array.from({ length: channels }, (_, channel) =>
    momentsOf((use) => {
      for (let start = channel * pixels; start < inputs.length; start += features) {
        for (let at = start; at < start + pixels; at++) use(inputs[at], 1);
      }
    }),
  );
  return {
    mean: moments.map(({ mean }) => mean),
    deviation: moments.map(({ deviation, isConstant }) => (isConstant ? 1 : deviation)),
    constant: moments.flatMap(({ isConstant }, channel) => (isConstant ? [channel] : [])),
  };
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
