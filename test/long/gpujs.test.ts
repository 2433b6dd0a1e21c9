/** gpu.js over WebGL2 in a page without WebGPU: every parity case, and training. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Choice, DigitsRun } from '../browser/gpujs-page.ts';
import { type OpenPage, openPage } from '../browser/harness.ts';
import { parityCases } from '../parity/cases/index.ts';
import { solverCases } from '../parity/cases/solvers.ts';

describe('gpujs in the browser, over WebGL2 unless another mode is given', () => {
  let open: OpenPage;
  let url: string;
  beforeAll(async () => {
    open = await openPage({ removeWebGPU: true });
    url = await open.bundle(fileURLToPath(new URL('../browser/gpujs-page.ts', import.meta.url)));
  });
  afterAll(() => open?.close());

  for (const { name } of [...parityCases, ...solverCases]) {
    test(name, async () => {
      expect(await open.call<string>(url, 'runCase', name)).toBe('');
    });
  }

  test.each([
    ['WebGL2', 'webgl2'],
    ['WebAssembly', 'webassembly'],
  ])('over %s 40 steps on the digits classify most of them, and memory does not grow', async (_, mode) => {
    const run = await open.call<DigitsRun>(url, 'trainDigits', mode, 40, 24, 32, 1e-2);
    expect(run.backend).toBe('gpujs');
    expect(run.reason).toBe('it was asked for');
    expect(run.losses).toHaveLength(40);
    expect(run.accuracy).toBeGreaterThan(0.75);
    expect(run.memory[1]).toEqual(run.memory[0]);
  });

  test('a tensor that is too large is refused with the reason', async () => {
    expect(await open.call<string>(url, 'errorOfLarge', 2 ** 24 + 1)).toBe(
      'gpujs: a tensor of 16777217 numbers is too large for gpu.js, which counts to 16777216; split it, or choose another backend',
    );
  });

  test('if WebAssembly is missing too, open() measures the other backends once, and reports the result', async () => {
    const choices = await open.call<readonly Choice[]>(url, 'chosenWithoutWebAssembly');
    const [{ backend, reason, sum }, again] = choices;
    expect(['gpujs', 'cpu']).toContain(backend);
    expect(reason).toMatch(/^webgpu is not available; the fastest of those measured: /);
    expect(reason).toMatch(/gpujs \(webgl2\) [\d.]+ ms/);
    expect(reason).toMatch(/cpu [\d.]+ ms/);
    expect(sum).toBe(6);
    expect(again).toEqual({ backend, reason, sum }); // the same figures: the second call measured nothing
  });

  test('the page had no errors and sent no requests elsewhere', () => {
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  });
});
