/** The parity cases inside a real browser: on its WebGPU, and on its WebAssembly with threads. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factorCases } from '../parity/cases/factorisations.ts';
import { parityCases } from '../parity/cases/index.ts';
import { browserSolverCases } from '../parity/cases/solvers.ts';
import { type OpenPage, openPage, type PageOptions } from './harness.ts';

const CANDIDATES: readonly [string, PageOptions][] = [
  ['webgpu', {}],
  ['wasm', { isolated: true }],
];

describe.each(CANDIDATES)('%s in the browser', (backend, options) => {
  let open: OpenPage;
  let url: string;
  beforeAll(async () => {
    open = await openPage(options);
    url = await open.bundle(fileURLToPath(new URL('./page.ts', import.meta.url)));
  });
  afterAll(() => open?.close());
  for (const { name } of [...parityCases, ...factorCases, ...browserSolverCases]) {
    test(name, async () => {
      expect(await open.call<string>(url, 'runCase', backend, name)).toBe('');
    });
  }
  test('the page had no errors and sent no requests elsewhere', () => {
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  });
});

describe('threads of wasm', () => {
  test.each([
    ['an isolated page', true, '2 threads'],
    ['any other page', false, 'one thread'],
  ])('%s', async (_, isolated, expected) => {
    const open = await openPage({ isolated });
    try {
      const url = await open.bundle(fileURLToPath(new URL('./page.ts', import.meta.url)));
      expect(await open.call<string>(url, 'description', 'wasm', expected)).toContain(expected);
      expect(open.errors).toEqual([]);
    } finally {
      await open.close();
    }
  });
});
