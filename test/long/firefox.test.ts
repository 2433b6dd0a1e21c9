/**
 * Every parity case in every variant of the kernels, the reference problems and training in Firefox, whose WebGPU
 * (wgpu) compiles WGSL with naga.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenPage, openPage } from '../browser/harness.ts';
import { type TrainingRun, trainSteps } from '../browser/training.ts';
import { solverCases } from '../parity/cases/solvers.ts';
import { webgpuSuites } from '../parity/cases/webgpu.ts';
import type { Ask, Outcome } from '../reference/outcomes.ts';
import { lassoSuite, monotoneSuite } from '../reference/suites.ts';
import { find } from './programs.ts';

const entry = fileURLToPath(new URL('../browser/page.ts', import.meta.url));
const kernelsEntry = fileURLToPath(new URL('./kernels.ts', import.meta.url));

describe('WebGPU of Firefox', () => {
  let open: OpenPage;
  let url: string;
  let kernelsURL: string;
  beforeAll(async () => {
    open = await openPage({ firefox: find('firefox') });
    url = await open.bundle(entry);
    kernelsURL = await open.bundle(kernelsEntry);
  });
  afterAll(() => open?.close());

  describe.each(webgpuSuites)('$name', ({ name: suite, cases }) => {
    test.each(cases.map(({ name }) => name))('%s', async (name) => {
      expect(await open.call<string>(kernelsURL, 'runKernelCase', suite, name)).toBe('');
    });
  });

  describe('solvers', () => {
    test.each(solverCases.map(({ name }) => name))('%s', async (name) => {
      expect(await open.call<string>(url, 'runCase', 'webgpu', name)).toBe('');
    });
  });

  describe('reference problems', () => {
    const ask: Ask = (name, ...given) => open.call<Outcome<typeof name>>(url, 'ask', name, ...given);
    // The parity cases cover Anderson acceleration, at sizes that a software adapter can bear.
    monotoneSuite({ ask, precision: 'float32', without: (solver) => solver.startsWith('anderson') });
    lassoSuite({ ask, precision: 'float32', solvers: ['fista'] });
  });

  test('20 steps of training have the losses of the CPU, and leak nothing', async () => {
    const run = [20, 64, 32, 1e-4] as const;
    const oracle = await trainSteps('cpu', ...run);
    const { backend, losses, memory } = await open.call<TrainingRun>(url, 'trainSteps', 'webgpu', ...run);
    expect(backend).toBe('webgpu');
    expect(losses).toHaveLength(20);
    expect(losses[19]).toBeLessThan(losses[0]);
    expect(Math.max(...losses.map((loss, step) => Math.abs(loss - oracle.losses[step])))).toBeLessThan(1e-3);
    expect(memory[1]).toEqual(memory[0]);
  });

  test('the page had no errors and sent no requests elsewhere', () => {
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  });
});
