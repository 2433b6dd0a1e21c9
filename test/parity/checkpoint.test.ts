/** Training on the GPU, stopped and resumed from its checkpoint. */
import { afterEach, expect, test } from 'vitest';
import {
  dense,
  type Engine,
  loadCheckpoint,
  modelFrom,
  monotone,
  open,
  saveCheckpoint,
  sequential,
} from '../../src/index.ts';
import { adam } from '../../src/train/adam.ts';
import { clouds } from '../support/clouds.ts';
import { trainUninterrupted, trainUntil } from '../support/interrupted.ts';
import { relativeError } from '../support/numbers.ts';

let engine: Engine | undefined;
afterEach(() => engine?.close());

test('the losses are those of an uninterrupted run', async () => {
  engine = await open({ backend: 'webgpu' });
  const options = { epochs: 2, batch: 11, optimiser: adam({ rate: 0.05 }) };
  const { history } = await trainUninterrupted(engine, options);
  const { bytes } = await trainUntil(engine, options, ({ kind }) => kind === 'step');
  const again = (await trainUninterrupted(engine, { ...options, resume: bytes })).history;
  expect(again.losses).toHaveLength(4);
  for (const [step, loss] of history.losses.entries()) expect(Math.abs(again.losses[step] - loss)).toBeLessThan(1e-4);
});

test('a model saved on the CPU predicts the same on the GPU', async () => {
  engine = await open({ backend: 'webgpu' });
  const model = sequential(monotone({ inputs: 2, width: 4, tolerance: 1e-6 }), dense({ inputs: 4, outputs: 3 }));
  model.initialise(await open({ backend: 'cpu' }), 1);
  const { inputs } = clouds(6);
  const again = modelFrom(loadCheckpoint(await saveCheckpoint(model)), engine);
  const [found, exact] = [await again.predict(inputs), await model.predict(inputs)];
  expect(relativeError(found.probabilities, exact.probabilities)).toBeLessThan(1e-4);
});
