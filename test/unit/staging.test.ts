/** Buffers for reading back: few are kept, and all are counted. */
import { expect, test } from 'vitest';
import { openDevice } from '../../src/backends/webgpu/device.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { Staging } from '../../src/backends/webgpu/staging.ts';

const MEGABYTE = 2 ** 20;

test('of many different sizes the last ones are kept, up to a number of bytes', async () => {
  const { device, release } = await openDevice({});
  try {
    const staging = new Staging(device);
    const taken = Array.from({ length: 40 }, (_, index) => staging.take(MEGABYTE + 256 * index));
    expect(staging).toMatchObject({ count: 40 });
    expect(staging.bytes).toBe(taken.reduce((sum, { size }) => sum + size, 0));
    for (const buffer of taken) staging.giveBack(buffer);
    expect(staging.count).toBe(15);
    expect(staging.bytes).toBeLessThanOrEqual(16 * MEGABYTE);
    expect(staging.take(MEGABYTE + 256 * 39)).toBe(taken[39]);
    expect(staging.count).toBe(15);
    const large = staging.take(17 * MEGABYTE);
    staging.giveBack(large);
    expect(staging.count).toBe(15);
  } finally {
    release();
  }
});

test('their bytes are included in the figures of the backend', async () => {
  const backend = await openWebGPU();
  try {
    const storage = backend.upload(new Float32Array(1000));
    const { pooledBuffers, pooledBytes } = backend.memory();
    await backend.download(storage);
    expect(backend.memory()).toMatchObject({ pooledBuffers: pooledBuffers + 1, pooledBytes: pooledBytes + 4096 });
  } finally {
    backend.close();
  }
  expect(backend.memory().pooledBytes).toBe(0);
});
