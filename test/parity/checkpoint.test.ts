/** Training on the GPU, stopped and taken up again from its checkpoint. */
import { afterEach, expect, test } from 'vitest';
import { type Engine, open } from '../../src/index.ts';
import { adam } from '../../src/train/adam.ts';
import { stopped, undisturbed } from '../support/interrupted.ts';

let engine: Engine | undefined;
afterEach(() => engine?.close());

test('the losses are those of the undisturbed run', async () => {
  engine = await open({ backend: 'webgpu' });
  const options = { epochs: 2, batch: 11, optimiser: adam({ rate: 0.05 }) };
  const { history } = await undisturbed(engine, options);
  const { bytes } = await stopped(engine, options, ({ kind }) => kind === 'step');
  const again = (await undisturbed(engine, { ...options, resume: bytes })).history;
  expect(again.losses).toHaveLength(4);
  for (const [step, loss] of history.losses.entries()) expect(Math.abs(again.losses[step] - loss)).toBeLessThan(1e-4);
});
