/** gpu.js over WebGL2 in a page without WebGPU: every parity case, and training. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parityCases } from '../parity/cases/index.ts';
import { solverCases } from '../parity/cases/solvers.ts';
import { type OpenPage, openPage } from './harness.ts';

describe('gpujs over WebGL2 in the browser', () => {
  let open: OpenPage;
  let url: string;
  beforeAll(async () => {
    open = await openPage({ removeWebGPU: true });
    url = await open.bundle(fileURLToPath(new URL('./gpujs-page.ts', import.meta.url)));
  });
  afterAll(() => open?.close());

  for (const { name } of [...parityCases, ...solverCases]) {
    test(name, async () => {
      expect(await open.call<string>(url, 'runCase', name)).toBe('');
    });
  }

  test('nothing went wrong in the page, and it asked nobody else', () => {
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  });
});
