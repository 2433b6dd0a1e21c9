/** Firefox is asked again and again whether the work is done; other implementations never. */
import { expect, test } from 'vitest';
import { awaitWithNudges } from '../../src/backends/webgpu/nudge.ts';

function counted(): { device: GPUDevice; submits: () => number } {
  let submits = 0;
  const queue = {
    submit: (buffers: unknown[]) => {
      expect(buffers).toEqual([]);
      submits += 1;
    },
  };
  return { device: { queue } as unknown as GPUDevice, submits: () => submits };
}

const after = (milliseconds: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve('done'), milliseconds));

test('where it is needed, until the answer comes or fails', async () => {
  const { device, submits } = counted();
  expect(await awaitWithNudges(device, after(50), true)).toBe('done');
  const failing = after(20).then(() => Promise.reject(new Error('lost')));
  await expect(awaitWithNudges(device, failing, true)).rejects.toThrow('lost');
  const so = submits();
  expect(so).toBeGreaterThan(1);
  await after(20);
  expect(submits()).toBe(so);
});

test('elsewhere what is awaited is handed on as it is', async () => {
  const { device, submits } = counted();
  const awaited = after(20);
  expect(awaitWithNudges(device, awaited)).toBe(awaited);
  await awaited;
  expect(submits()).toBe(0);
});
