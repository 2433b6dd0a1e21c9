/** Training for regression on every backend, beside the oracle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import type { RegressionSamples } from '../../src/data/samples.ts';
import { adam, dense, type Engine, evaluate, type Model, monotone, sequential, train } from '../../src/index.ts';
import { createOracle, engineOn } from '../support/engines.ts';

const BACKENDS = ['wasm', 'webgpu', 'gpujs'] as const;
const engines = BACKENDS.map(engineOn);
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

/** Two targets of very different units, one with an outlier, for rows of different weights. */
function samples(): RegressionSamples {
  const generator = random(5);
  const count = 24;
  const inputs = Float32Array.from({ length: 3 * count }, () => generator.normal());
  const targets = new Float64Array(2 * count);
  for (let row = 0; row < count; row++) {
    const [a, b, c] = inputs.subarray(3 * row, 3 * row + 3);
    targets[2 * row] = 1e9 + 1e6 * (a * b - c) + (row === 7 ? 1e8 : 0);
    targets[2 * row + 1] = 1e-6 * Math.abs(b);
  }
  return { inputs, targets, count, features: 3, weights: Float64Array.from({ length: count }, (_, row) => row % 3) };
}

const DATA = samples();
const OPTIONS = { epochs: 3, batch: 8, seed: 1, optimiser: adam({ rate: 1e-2 }) };

async function learn(engine: Engine, loss: 'meanSquaredError' | 'meanAbsoluteError' | 'huber') {
  const model: Model = sequential(monotone({ inputs: 3, width: 6 }), dense({ inputs: 6, outputs: 2 }));
  const { losses } = await train(engine, model, DATA, { ...OPTIONS, loss, validation: DATA });
  const { targets } = await evaluate(model, DATA, { loss, intervals: false });
  model.dispose();
  return { losses, errors: targets.map(({ rootMeanSquaredError }) => rootMeanSquaredError) };
}

const LOSSES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;
let wanted: Awaited<ReturnType<typeof learn>>[];
beforeAll(async () => {
  wanted = await Promise.all(LOSSES.map((loss) => learn(createOracle(), loss)));
});

test.each(BACKENDS)('%s', { timeout: 60_000 }, async (backend) => {
  const engine = await engines[BACKENDS.indexOf(backend)].engine();
  for (const [index, loss] of LOSSES.entries()) {
    const found = await learn(engine, loss);
    for (const [step, each] of found.losses.entries()) expect(each).toBeCloseTo(wanted[index].losses[step], 4);
    for (const [target, error] of found.errors.entries()) {
      expect(error / wanted[index].errors[target]).toBeCloseTo(1, 3);
    }
  }
});
