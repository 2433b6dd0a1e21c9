/** Training in a real Web Worker, on both backends. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dense, monotone, open, sequential, train } from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';
import { type OpenPage, openPage } from './harness.ts';
import type { Job } from './worker.ts';
import type { Report } from './worker-page.ts';

let opened: OpenPage;
let page: string;
let worker: string;
beforeAll(async () => {
  opened = await openPage();
  page = await opened.bundle(fileURLToPath(new URL('./worker-page.ts', import.meta.url)));
  worker = await opened.bundle(fileURLToPath(new URL('./worker.ts', import.meta.url)));
});
afterAll(() => opened?.close());

const trainThere = (job: Job, stopAt?: number): Promise<Report> =>
  opened.call(page, 'trainThere', worker, job, ...(stopAt === undefined ? [] : [stopAt]));

async function trainHere(epochs: number): Promise<readonly number[]> {
  const engine = await open({ backend: 'cpu' });
  const model = sequential(monotone({ inputs: 2, width: 4 }), dense({ inputs: 4, outputs: 3 }));
  const { losses } = await train(engine, model, clouds(20), { epochs, batch: 10 });
  engine.close();
  return losses;
}

test('on the CPU, a run that is stopped and resumed has the losses of an uninterrupted run, to the last bit', async () => {
  const { losses, error, stopped, checkpoint } = await trainThere({ backend: 'cpu', epochs: 600 }, 2);
  expect([error, stopped]).toEqual([undefined, true]);
  expect(losses).toEqual((await trainThere({ backend: 'cpu', epochs: 600 })).losses);
  // Math.exp may differ between JavaScript engines in the last bit.
  for (const [step, loss] of (await trainHere(5)).entries()) expect(Math.abs(losses[step] - loss)).toBeLessThan(1e-12);
  expect(checkpoint).toEqual({ reason: 'finished', steps: 1200, extras: { classes: ['a', 'b', 'c'] } });
  expect(opened.errors).toEqual([]);
});

test('on WebGPU', async () => {
  const { losses, kinds, error } = await trainThere({ backend: 'webgpu', epochs: 2 });
  expect(error).toBeUndefined();
  expect(kinds).toEqual(['step', 'step', 'epoch', 'step', 'step', 'epoch']);
  for (const [step, loss] of (await trainHere(2)).entries()) expect(Math.abs(losses[step] - loss)).toBeLessThan(1e-3);
  expect(opened.errors).toEqual([]);
});

test('ConvergenceError comes over with its report', async () => {
  const { error } = await trainThere({ backend: 'cpu', epochs: 1, limit: 1 });
  expect(error).toMatchObject({ name: 'ConvergenceError', samples: 10 });
});

test('a worker whose script is missing', async () => {
  const before = opened.errors.length;
  const { error } = await opened.call<Report>(page, 'trainThere', `${opened.url}/nowhere.js`, {
    backend: 'cpu',
    epochs: 1,
  });
  expect(error?.message).toContain('trainInWorker: the worker failed');
  opened.errors.splice(before); // the 404 that the test provoked
});

test('a checkpoint is offered as a download', async () => {
  const saved = await opened.call(page, 'download', [1, 2, 255], 'model.equilibra');
  expect(saved).toEqual({ name: 'model.equilibra', bytes: [1, 2, 255] });
});
