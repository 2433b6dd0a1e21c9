import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';

/** Three well separated clouds in the plane. */
export function clouds(count: number, seed = 1): Samples {
  const generator = random(seed);
  const labels = Int32Array.from({ length: count }, (_, row) => row % 3);
  const inputs = new Float32Array(2 * count);
  labels.forEach((label, row) => {
    inputs[2 * row] = 3 * Math.cos((2 * Math.PI * label) / 3) + 0.5 * generator.normal();
    inputs[2 * row + 1] = 3 * Math.sin((2 * Math.PI * label) / 3) + 0.5 * generator.normal();
  });
  return { inputs, labels, count, features: 2 };
}
