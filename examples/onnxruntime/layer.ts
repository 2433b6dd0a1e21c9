/** The layer that takes the features of the encoder: z = relu(Wz + Ux + c), with parameters by seed. */
import { type Engine, type Model, monotone, sequential } from '../../src/index.ts';

export function createLayer(engine: Engine): Model {
  const model = sequential(monotone({ inputs: 24, width: 32, tolerance: 2e-6 }));
  model.initialise(engine, 1);
  return model;
}

/** The largest difference between two lists. */
export function differenceOf(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...Array.from(expected, (value, index) => Math.abs(value - found[index])));
}
