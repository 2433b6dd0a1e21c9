import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { descentCases } from './cases/descent.ts';
import { homotopyCases } from './cases/homotopy.ts';
import { acceleratedCases, formCases, iterateCases, type ParityCase, parityCases } from './cases/index.ts';
import { invertCases } from './cases/invert.ts';
import { largePassCases, passCases } from './cases/pass.ts';
import { tunedProductCases, wideProductCases } from './cases/product.ts';
import { proximalGradientCases } from './cases/proximal-gradient.ts';

function suite(name: string, open: () => Promise<Backend>, cases: readonly ParityCase[]): void {
  describe(name, () => {
    const reference = openCPU();
    let candidate: Backend;
    beforeAll(async () => {
      candidate = await open();
    });
    afterAll(() => candidate.close());
    for (const { name: what, run } of cases) it(what, () => run(reference, candidate));
  });
}

suite('wasm', openWasm, [...parityCases, ...iterateCases, ...descentCases, ...homotopyCases, ...invertCases]);
suite('gpujs, as WebAssembly', () => openGPUJS({ mode: 'webassembly' }), parityCases);
suite('cpu', async () => openCPU(), passCases);
suite('webgpu, forms for this adapter', openWebGPU, [
  ...parityCases,
  ...iterateCases,
  ...proximalGradientCases,
  ...acceleratedCases,
]);
suite('webgpu, forms with shared memory', () => openWebGPU({ kernelForms: 'tiled' }), [
  ...formCases,
  ...passCases,
  ...largePassCases,
]);
suite('webgpu, forms in registers', () => openWebGPU({ kernelForms: 'register' }), formCases);
suite('webgpu, wide products', () => openWebGPU({ kernelForms: 'wide' }), wideProductCases);
suite('webgpu, products timed', () => openWebGPU({ kernelForms: 'tiled', tuneFrom: 0 }), tunedProductCases);
