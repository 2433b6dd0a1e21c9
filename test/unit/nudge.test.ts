/** In Firefox the queue is asked repeatedly whether the work is done; in other browsers it is not. */
import { expect, test } from 'vitest';
import { awaitWithNudges } from '../../src/backends/webgpu/nudge.ts';

function createCountingDevice(): { device: GPUDevice; submits: () => number } {
  let submits = 0;
  const queue = {
    submit: (buffers: unknown[]) => {
      expect(buffers).toEqual([]);
      submits += 1;
    },
  };
  return { device: { queue } as unknown as GPUDevice, submits: () => submits };
}

const doneAfter = (milliseconds: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve('done'), milliseconds));

test('where it is needed, the queue is nudged until the answer comes or fails', async () => {
  const { device, submits } = counted();
  expect(await awaitWithNudges(device, after(50), true)).toBe('done');
  const failing = after(20).then(() => Promise.reject(new Error('lost')));
  await expect(awaitWithNudges(device, failing, true)).rejects.toThrow('lost');
  const so = submits();
  expect(so).toBeGreaterThan(1);
  await doneAfter(20);
  expect(submits()).toBe(so);
});

test('elsewhere the awaited promise is returned unchanged', async () => {
  const { device, submits } = counted();
  const awaited = after(20);
  expect(awaitWithNudges(device, awaited)).toBe(awaited);
  await awaited;
  expect(submits()).toBe(0);
});
