import type { Random } from '../data/random.ts';
import type { Sampling } from './optimiser.ts';

/**
 * Returns a function from a step of the epoch to the indices of its samples. They depend only on the seed, the epoch
 * and the step, so that training can resume anywhere.
 */
export function drawBatches(
  generator: Random,
  epoch: number,
  count: number,
  batch: number,
  sampling: Sampling,
): (step: number) => Int32Array {
  if (sampling === 'independent') {
    return (step) => {
      const draws = generator.fork(`rows of step ${step} of epoch ${epoch}`);
      return Int32Array.from({ length: batch }, () => draws.integer(count));
    };
  }
  const order = generator.fork(`order of epoch ${epoch}`).permutation(count);
  return (step) => order.subarray(step * batch, (step + 1) * batch);
}
