import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { chooseFastest } from '../../src/backends/fastest.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWithoutAdapter } from '../../src/backends/open.ts';

/** The CPU, with a pause in each download. */
async function openSlowly(): Promise<Backend> {
  const inner = openCPU();
  return {
    ...inner,
    download: async (storage) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return inner.download(storage);
    },
  };
}

const slow = { name: 'slow', open: openSlowly };
const fast = { name: 'fast', open: async () => openCPU() };
const missing = { name: 'missing', open: () => Promise.reject(new Error('not here')) };

describe('the fastest of several backends', () => {
  test('is the one that finishes first', async () => {
    const { candidate, backend, reason } = await chooseFastest([missing, slow, fast]);
    expect(candidate).toBe(fast);
    expect(backend.memory().buffers).toBe(0);
    backend.close();
    expect(reason).toMatch(/^the fastest of those measured: fast [\d.]+ ms, slow [\d.]+ ms$/);
  });

  test('is the only one that can be opened', async () => {
    const { candidate, reason } = await chooseFastest([missing, slow]);
    expect(candidate).toBe(slow);
    expect(reason).toBe('of missing, slow only slow works here');
  });

  test('is an error where none can be opened', async () => {
    await expect(chooseFastest([missing])).rejects.toThrow('open: none of missing can be opened here');
  });

  test('is found among real ones, and the others are closed', async () => {
    const opened: Backend[] = [];
    const record = (name: string, open: () => Promise<Backend>) => ({
      name,
      open: async () => {
        opened.push(await open());
        return opened[opened.length - 1];
      },
    });
    const candidates = [
      record('gpujs', () => openGPUJS({ mode: 'webassembly' })),
      record('cpu', async () => openCPU()),
    ];
    const { candidate, backend: chosen } = await chooseFastest(candidates);
    expect(candidates).toContain(candidate);
    expect(opened).toHaveLength(2);
    for (const backend of opened.filter((each) => each !== chosen)) expect(() => backend.upload([1])).toThrow('closed');
    expect(opened).toContain(chosen);
    chosen.release(chosen.upload([1]));
    chosen.close();
  });
});

test('without an adapter the reason is given', async () => {
  const { backend, reason } = await openWithoutAdapter({}, 'there is no adapter');
  expect(backend.name).toBe('wasm');
  expect(reason).toBe('there is no adapter');
  backend.close();
});
