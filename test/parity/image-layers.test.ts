/** The layers for images on every backend, beside the oracle: values, gradients and what they remember. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  averagePooling,
  batchNorm,
  convolution,
  dense,
  type Engine,
  flatten,
  type Memory,
  type Model,
  maximumPooling,
  residual,
  sequential,
  type TrainingPass,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle, engineOn } from '../support/engines.ts';
import { normals, relativeError } from '../support/numbers.ts';

const BACKENDS = ['wasm', 'webgpu', 'gpujs'] as const;
const engines = BACKENDS.map(engineOn);
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

const BATCH = 5;
const pass = (): TrainingPass => ({
  step: 0,
  random: random(1),
  rows: Int32Array.from({ length: BATCH }, (_, row) => row),
  count: BATCH,
  whenRead: () => {},
});

/** Images that are not square, with strides and paddings that differ along rows and columns. */
const whole = (): Model =>
  sequential(
    convolution({ inputChannels: 2, channels: 3, size: [7, 9], kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
    batchNorm({ channels: 3, size: [4, 8], activation: 'leakyRelu' }),
    residual(
      convolution({ inputChannels: 3, channels: 3, size: [4, 8], kernel: [3, 5], padding: [1, 2], activation: 'tanh' }),
      residual(batchNorm({ channels: 3, size: [4, 8], momentum: 0.25 })),
    ),
    maximumPooling({ channels: 3, size: [4, 8], window: [3, 2], stride: [1, 3], padding: [1, 0] }),
    averagePooling({ channels: 3, size: [4, 3], window: [3, 2], stride: [2, 1], padding: [1, 1] }),
    flatten({ channels: 3, size: [2, 4] }),
    dense({ inputs: 24, outputs: 4 }),
    batchNorm({ inputs: 4 }),
  );

/** The windows meet the numbers of the images themselves, so that they tie on every backend alike. */
const tied = (selection: number) => (): Model =>
  sequential(
    maximumPooling({ channels: 2, size: [7, 9], window: [3, 2], stride: [2, 3], padding: [1, 1], selection }),
    dense({ inputs: 32, outputs: 3, activation: 'tanh' }),
  );

const SMOOTH = normals(BATCH * 126, 3);
/** Few numbers, so that most windows have several that are greatest. */
const EQUAL = SMOOTH.map((each) => Math.round(each));

const NETWORKS: readonly (readonly [string, () => Model, readonly number[], boolean])[] = [
  ['every layer in training', whole, SMOOTH, true],
  ['every layer in evaluation', whole, SMOOTH, false],
  ['maximum pooling of ties', tied(1), EQUAL, false],
  ['maximum pooling of ties, half of each', tied(0.5), EQUAL, true],
];

/** Outputs, gradients of x and the parameters, and running statistics, after a step of training that moved these. */
async function compute(engine: Engine, make: () => Model, x: readonly number[], isTraining: boolean) {
  const model = make();
  model.initialise(engine, 7);
  engine.tidy((scope) => {
    model.forward(scope.tensor(normals(x.length, 8), [BATCH, 126]), { training: pass() });
  });
  const v = engine.tensor(normals(BATCH * model.outputs, 4), [BATCH, model.outputs]);
  const training = isTraining ? { training: pass() } : {};
  const [value, gradients] = await valueAndGrad(
    (input, ...values) =>
      model
        .forward(input, { values, ...training })
        .mul(v)
        .sum(),
    [engine.tensor(x, [BATCH, 126]), ...model.parameters.map(({ value }) => value)],
  );
  const outputs = await engine.tidy((scope) => model.forward(scope.tensor(x, [BATCH, 126]), training).data());
  const statistics = model.memories.flatMap(({ tensors }: Memory) => [...tensors.values()]);
  const numbers = [[value], outputs, ...(await Promise.all([...gradients, ...statistics].map((one) => one.data())))];
  model.dispose();
  return numbers;
}

let wanted: Awaited<ReturnType<typeof compute>>[];
beforeAll(async () => {
  wanted = await Promise.all(NETWORKS.map(([, make, x, isTraining]) => compute(createOracle(), make, x, isTraining)));
});

test('the windows tie: another selection gives other gradients', () => {
  const [, , first] = wanted[2];
  expect(relativeError(wanted[3][2], first)).toBeGreaterThan(0.1);
});

describe.each(BACKENDS)('%s', (backend) => {
  test.each(NETWORKS)('%s', { timeout: 60_000 }, async (name, make, x, isTraining) => {
    const engine = await engines[BACKENDS.indexOf(backend)].engine();
    const found = await compute(engine, make, x, isTraining);
    const expected = wanted[NETWORKS.findIndex(([other]) => other === name)];
    expect(found).toHaveLength(expected.length);
    for (const [at, numbers] of expected.entries()) {
      const scale = Math.max(...Array.from(numbers, Math.abs));
      // Gradients that are 0 exactly, such as that of a bias before a normalisation, are rounding on both sides.
      if (scale < 1e-9) expect(Math.max(...Array.from(found[at], Math.abs))).toBeLessThan(1e-4);
      else expect(relativeError(found[at], numbers), `number ${at}`).toBeLessThan(1e-4);
    }
  });

  test('training', { timeout: 60_000 }, async () => {
    const samples = { ...clouds(12), inputs: Float32Array.from(normals(12 * 126, 9)), features: 126 };
    const losses = async (engine: Engine): Promise<readonly number[]> => {
      const model = whole();
      const history = await train(engine, model, samples, { epochs: 2, batch: 4, seed: 5 });
      model.dispose();
      return history.losses;
    };
    const engine = await engines[BACKENDS.indexOf(backend)].engine();
    expect(relativeError(await losses(engine), await losses(createOracle()))).toBeLessThan(1e-3);
  });
});
