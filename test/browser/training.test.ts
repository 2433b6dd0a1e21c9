/** The same training steps from one seed: in the browser on WebGPU, in Node on WebGPU, and in Node on the CPU. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openPage } from './harness.ts';
import { type TrainingRun, trainSteps } from './training.ts';

type Run = Parameters<typeof trainSteps>;

async function inBrowser(...run: Run): Promise<TrainingRun> {
  const open = await openPage();
  try {
    const url = await open.bundle(fileURLToPath(new URL('./page.ts', import.meta.url)));
    const result = await open.call<TrainingRun>(url, 'trainSteps', ...run);
    expect(open.errors).toEqual([]);
    return result;
  } finally {
    await open.close();
  }
}

/** A software adapter is slow when other work runs beside it. */
const TIMEOUT = 600_000;

test(
  '20 steps give the same losses everywhere',
  async () => {
    const run = [20, 64, 32, 1e-4] as const;
    const oracle = await trainSteps('cpu', ...run);
    expect(oracle.losses).toHaveLength(20);
    expect(oracle.losses[19]).toBeLessThan(oracle.losses[0]);
    for (const { backend, losses } of [await trainSteps('webgpu', ...run), await inBrowser('webgpu', ...run)]) {
      expect(backend).toBe('webgpu');
      expect(Math.max(...losses.map((loss, step) => Math.abs(loss - oracle.losses[step])))).toBeLessThan(1e-3);
    }
  },
  TIMEOUT,
);

test(
  'live buffers and bytes are the same after step 5 and after step 200',
  async () => {
    // The last batch of an epoch is smaller than the others: its Programs come after step 5.
    const run = ['webgpu', 200, 8, 24, 1e-2] as const;
    for (const { memory, losses } of [await trainSteps(...run), await inBrowser(...run)]) {
      expect(losses).toHaveLength(200);
      expect(memory).toHaveLength(2);
      expect(memory[1]).toEqual(memory[0]);
    }
  },
  TIMEOUT,
);
