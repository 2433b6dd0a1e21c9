/** The reference problems on gpu.js over WebGL2, in a page without WebGPU. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenPage, openPage } from '../browser/harness.ts';
import type { Ask, Outcome } from '../reference/outcomes.ts';
import { lassoSuite, monotoneSuite } from '../reference/suites.ts';

describe('reference problems on gpujs over WebGL2', () => {
  let open: OpenPage;
  let url: string;
  beforeAll(async () => {
    open = await openPage({ removeWebGPU: true });
    url = await open.bundle(fileURLToPath(new URL('../browser/gpujs-page.ts', import.meta.url)));
  });
  afterAll(() => open?.close());

  const ask: Ask = (name, ...given) => open.call<Outcome<typeof name>>(url, 'ask', name, ...given);
  // Each Anderson acceleration waits for results, which is slow in a page; the parity cases have them with fewer units.
  monotoneSuite({ ask, precision: 'float32', without: (solver) => solver.startsWith('anderson') });
  lassoSuite({ ask, precision: 'float32', solvers: ['fista'] });

  test('the page had no errors and sent no requests elsewhere', () => {
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  });
});
