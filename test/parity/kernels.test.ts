import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWebGPU, type WebGPUOptions } from '../../src/backends/webgpu/index.ts';
import { formCases, iterateCases, type ParityCase, parityCases } from './cases/index.ts';

function suite(name: string, options: WebGPUOptions, cases: readonly ParityCase[]): void {
  describe(name, () => {
    const reference = openCPU();
    let candidate: Backend;
    beforeAll(async () => {
      candidate = await openWebGPU(options);
    });
    afterAll(() => candidate.close());
    for (const { name: what, run } of cases) it(what, () => run(reference, candidate));
  });
}

suite('webgpu, forms for this adapter', {}, [...parityCases, ...iterateCases]);
suite('webgpu, forms with shared memory', { kernelForms: 'tiled' }, formCases);
suite('webgpu, forms in registers', { kernelForms: 'register' }, formCases);
