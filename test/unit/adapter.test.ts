import { expect, test } from 'vitest';
import { create } from 'webgpu';
import { describeAdapter as description } from '../../src/backends/webgpu/device.ts';

test('Node has a WebGPU adapter of the requested kind', async () => {
  const adapter = await create([]).requestAdapter();
  if (process.env.EQUILIBRA_TEST_ADAPTER === 'hardware') expect(adapter?.info.architecture).not.toBe('swiftshader');
  else expect(adapter?.info.architecture).toBe('swiftshader');
  expect(adapter).toBeTruthy();
});

test.each([
  [{ description: 'Acme One', device: '0x1' }, 'Acme One'],
  [{ description: '', device: '0x1' }, '0x1'],
  [{ description: '', device: '' }, 'acme one'],
  [{ description: '', device: '', vendor: '', architecture: '' }, 'unnamed adapter'],
])('an adapter %j is called %s', (info, name) => {
  const given = { vendor: 'acme', architecture: 'one', isFallbackAdapter: false, ...info } as GPUAdapterInfo;
  expect(description(given).description).toBe(name);
});
