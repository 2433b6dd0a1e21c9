/** Weights of samples. They are loaded only where samples have some. */
import { unitOf } from '../data/moments.ts';
import type { AnySamples } from '../data/samples.ts';
import type { Shared } from './evaluation-parts.ts';

/**
 * Scales the weights to mean 1, so that the mean of w·loss over batches estimates the weighted mean over the samples
 * without bias, and a learning rate means the same with weights and without.
 * @throws RangeError where a weight is negative or not finite, where all are 0, or where their number is wrong
 */
export function withScaledWeights<Own extends AnySamples>(
  name: string,
  samples: Own,
  { createArgumentError }: Pick<Shared, 'createArgumentError'>,
): Own {
  const { count, weights } = samples;
  if (weights === undefined) return samples;
  if (!ArrayBuffer.isView(weights) || weights.length !== count) {
    throw createArgumentError(`${name}: weights`, weights, `a typed array of ${count} numbers, one for each sample`);
  }
  let [sum, largest] = [0, 0];
  for (let row = 0; row < count; row++) {
    const place = `${name}: weights[${row}]`;
    if (!(Number.isFinite(weights[row]) && weights[row] >= 0))
      throw createArgumentError(place, weights[row], 'a finite number ≥ 0');
    largest = Math.max(largest, weights[row]);
  }
  // The sum of the weights themselves might exceed float64. A power of two leaves their bits alone.
  const unit = unitOf(largest);
  for (let row = 0; row < count; row++) sum += weights[row] / unit;
  if (largest === 0) throw new RangeError(`${name}: all weights are 0; at least one must be > 0`);
  return { ...samples, weights: Float64Array.from(weights, (weight) => ((weight / unit) * count) / sum) };
}
