import type { Random } from '../data/random.ts';
import type { Sampling } from './optimiser.ts';

/**
 * The rows of each step of an epoch. They depend on the seed, the epoch and the step alone, so that training can be taken
 * up again anywhere.
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
