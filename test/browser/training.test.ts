/** The same training steps from one seed in the browser over WebGPU, in Node over WebGPU, and in Node on the CPU. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openPage } from './harness.ts';
import { type TrainingRun, trainSteps } from './training.ts';

async function inBrowser(steps: number, width: number, batch: number): Promise<TrainingRun> {
  const open = await openPage();
  try {
    const url = await open.bundle(fileURLToPath(new URL('./page.ts', import.meta.url)));
    const run = await open.call<TrainingRun>(url, 'trainSteps', 'webgpu', steps, width, batch);
    expect(open.errors).toEqual([]);
    return run;
  } finally {
    await open.close();
  }
}

test('20 steps give the same losses everywhere', async () => {
  const oracle = await trainSteps('cpu', 20, 64, 32);
  const node = await trainSteps('webgpu', 20, 64, 32);
  const browser = await inBrowser(20, 64, 32);
  expect(oracle.losses).toHaveLength(20);
  expect(oracle.losses[19]).toBeLessThan(oracle.losses[0]);
  for (const run of [node, browser]) {
    expect(run.backend).toBe('webgpu');
    expect(Math.max(...run.losses.map((loss, step) => Math.abs(loss - oracle.losses[step])))).toBeLessThan(1e-3);
  }
});

test('live buffers and bytes are the same after step 5 and after step 200', async () => {
  const runs = [await trainSteps('webgpu', 200, 12, 24), await inBrowser(200, 12, 24)];
  for (const { memory, losses } of runs) {
    expect(losses).toHaveLength(200);
    expect(memory).toHaveLength(2);
    expect(memory[1]).toEqual(memory[0]);
  }
});
