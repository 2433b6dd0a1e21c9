/** A browser without WebGPU gets a clear message, and WebAssembly. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenPage, openPage } from './harness.ts';

let open: OpenPage;
let url: string;
beforeAll(async () => {
  open = await openPage({ removeWebGPU: true });
  url = await open.bundle(fileURLToPath(new URL('./page.ts', import.meta.url)));
});
afterAll(() => open?.close());

test('a missing backend that is requested by name is an error that says what to do', async () => {
  expect(await open.call<string>(url, 'openError', 'webgpu')).toContain(
    'this browser does not offer it; use a current Chrome',
  );
});

test('open() falls back to WebAssembly, which trains', async () => {
  const { backend, losses } = await open.call<{ backend: string; losses: number[] }>(
    url,
    'trainSteps',
    undefined,
    8,
    12,
    32,
    1e-3,
  );
  expect(backend).toBe('wasm');
  expect(losses[7]).toBeLessThan(losses[0]);
  expect(open.errors).toEqual([]);
});
