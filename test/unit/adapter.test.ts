import { expect, test } from 'vitest';
import { create } from 'webgpu';

test('Node has a WebGPU adapter, and it is the one asked for', async () => {
  const adapter = await create([]).requestAdapter();
  if (process.env.EQUILIBRA_TEST_ADAPTER === 'hardware') expect(adapter?.info.architecture).not.toBe('swiftshader');
  else expect(adapter?.info.architecture).toBe('swiftshader');
  expect(adapter).toBeTruthy();
});
