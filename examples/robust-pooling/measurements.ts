/** Rows of measurements of one value each, of which some are outliers. */

import { random } from '../../src/data/random.ts';
import type { Engine, Tensor } from '../../src/index.ts';

export interface Measurements {
  /** [rows, count] */
  readonly x: Tensor;
  /** The true values, [rows]. */
  readonly truth: Tensor;
}

/** The deviation of an honest measurement, the share of outliers, and how far off they are at least. */
const [DEVIATION, SHARE, OFFSET] = [0.3, 0.3, 2];

export function measure(engine: Engine, rows: number, count: number, seed: number): Measurements {
  const draws = random(seed);
  const truth = Array.from({ length: rows }, () => draws.normal());
  const x = truth.flatMap((value) =>
    Array.from({ length: count }, () => {
      const honest = value + DEVIATION * draws.normal();
      return draws.uniform() < SHARE ? honest + OFFSET + 3 * draws.uniform() : honest;
    }),
  );
  return { x: engine.tensor(x, [rows, count]), truth: engine.tensor(truth) };
}
