/** All layers for images in one network, with images varied, steps tuned and batches of unequal size. */
import { describe, expect, test } from 'vitest';
import {
  activation,
  adam,
  batchNorm,
  convolution,
  dense,
  type Engine,
  flatten,
  type Model,
  maximumPooling,
  monotoneConvolution,
  open,
  residual,
  sequential,
  sgd,
  train,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { parametersOf } from '../support/interrupted.ts';
import { normals } from '../support/numbers.ts';

const SIZE = [1, 7] as const;
const CLOSE = { tolerance: 1e-6, backwardTolerance: 1e-6 };

const network = (): Model =>
  sequential(
    convolution({ inputChannels: 2, channels: 4, size: SIZE, kernel: [1, 3], padding: [0, 1], bias: false }),
    batchNorm({ channels: 4, size: SIZE, activation: 'relu' }),
    residual(
      convolution({ inputChannels: 4, channels: 4, size: SIZE, kernel: [1, 3], padding: [0, 1] }),
      batchNorm({ channels: 4, size: SIZE }),
    ),
    activation({ channels: 4, size: SIZE, activation: 'relu' }),
    residual(
      monotoneConvolution({ inputChannels: 4, channels: 4, size: SIZE, step: 'tuned', ...CLOSE }),
      batchNorm({ channels: 4, size: SIZE }),
    ),
    maximumPooling({ channels: 4, size: SIZE, window: [1, 2], stride: [1, 3] }),
    flatten({ channels: 4, size: [1, 2] }),
    dense({ inputs: 8, outputs: 3 }),
  );

/** The last batch of an epoch has one image. */
const COUNT = 13;
const IMAGES = {
  inputs: Float32Array.from(normals(14 * COUNT, 3)),
  labels: Int32Array.from({ length: COUNT }, (_, row) => row % 3),
  count: COUNT,
  features: 14,
  shape: [2, ...SIZE],
};

/** What the layers remember, by layer and name. */
async function memoriesOf({ memories }: Model): Promise<Record<string, number[]>> {
  const found: [string, number[]][] = [];
  for (const [layer, { tensors, numbers }] of memories.entries()) {
    for (const [name, value] of tensors) found.push([`${layer} ${name}`, [...(await value.data())]]);
    for (const [name, value] of numbers) found.push([`${layer} ${name}`, [value]]);
  }
  return Object.fromEntries(found);
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  const withEngine = async (use: (engine: Engine) => Promise<void>): Promise<void> => {
    const engine = await open({ backend });
    try {
      await use(engine);
    } finally {
      engine.close();
    }
  };
  const settings = {
    ...{ epochs: 2, batch: 4, seed: 3, augmentation: { flip: true } },
    optimiser: adam({ rate: 0.01 }),
  };

  test.each([2, 4])('a run that is stopped after step %d goes on bit for bit', (maximumSteps) =>
    withEngine(async (engine) => {
      const whole = network();
      const { losses } = await train(engine, whole, IMAGES, settings);
      let resume: Uint8Array | undefined;
      const checkpoint = {
        write(bytes: Uint8Array) {
          resume = bytes;
        },
      };
      await train(engine, network(), IMAGES, { ...settings, maximumSteps, checkpoint });
      const again = network();
      const history = await train(engine, again, IMAGES, { ...settings, resume });
      expect([losses.length, history.losses]).toEqual([8, losses]);
      expect(await parametersOf(again)).toEqual(await parametersOf(whole));
      const remembered = await memoriesOf(whole);
      expect(await memoriesOf(again)).toEqual(remembered);
      expect(remembered).toMatchObject({ '1 batches': [8], '4 0.training step at which the step was tuned': [0] });
    }),
  );

  test('a step has the gradients and the statistics of float64, and leaves the memory as it was', () =>
    withEngine(async (engine) => {
      const step = { epochs: 1, batch: COUNT, optimiser: sgd({ rate: 1 }) };
      const [model, oracle] = [network(), network()];
      await train(engine, model, IMAGES, step);
      await train(createOracle(), oracle, IMAGES, step);
      const compare = (found: readonly number[], expected: readonly number[]): void => {
        expect(found.length).toBe(expected.length);
        for (const [index, value] of expected.entries()) expect(Math.abs(found[index] - value)).toBeLessThan(2e-5);
      };
      compare(await parametersOf(model), await parametersOf(oracle));
      const [found, expected] = [await memoriesOf(model), await memoriesOf(oracle)];
      expect(Object.keys(found)).toEqual(Object.keys(expected));
      for (const name of Object.keys(expected)) compare(found[name], expected[name]);
      await engine.idle();
      const { buffers, bytes } = engine.memory();
      await train(engine, model, IMAGES, step);
      await engine.idle();
      expect(engine.memory()).toMatchObject({ buffers, bytes });
    }));

  test('a step that fails leaves no trace in running statistics', () =>
    withEngine(async (engine) => {
      // Ten iterations suffice at first, and no longer once the steps have moved the parameters far.
      const fragile = () =>
        sequential(
          convolution({ inputChannels: 2, channels: 4, size: SIZE, kernel: [1, 3], padding: [0, 1] }),
          residual(batchNorm({ channels: 4, size: SIZE, activation: 'relu' })),
          monotoneConvolution({ inputChannels: 4, channels: 3, size: SIZE, limit: 9 }),
          dense({ inputs: 21, outputs: 3 }),
        );
      const options = { epochs: 50, batch: 4, seed: 3, optimiser: sgd({ rate: 0.5 }) };
      const model = fragile();
      let steps = 0;
      const onProgress = ({ kind }: { kind: string }): void => {
        if (kind === 'step') steps += 1;
      };
      await expect(train(engine, model, IMAGES, { ...options, onProgress })).rejects.toThrow('did not converge');
      expect(steps).toBeGreaterThan(0);
      const stopped = fragile();
      await train(engine, stopped, IMAGES, { ...options, maximumSteps: steps });
      expect(await memoriesOf(model)).toEqual(await memoriesOf(stopped));
      expect(await parametersOf(model)).toEqual(await parametersOf(stopped));
    }));
});
