/** Every kernel of WebGPU over Dawn, in the forms for software and for hardware adapters, against the CPU. */
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { factorCases } from './cases/factorisations.ts';
import { acceleratedCases, formCases, iterateCases, parityCases } from './cases/index.ts';
import { largePassCases, passCases } from './cases/pass.ts';
import { tunedProductCases, wideProductCases } from './cases/product.ts';
import { proximalGradientCases } from './cases/proximal-gradient.ts';
import { suite } from './suite.ts';

suite('webgpu, forms for this adapter', openWebGPU, [
  ...parityCases,
  ...iterateCases,
  ...proximalGradientCases,
  ...acceleratedCases,
  ...factorCases,
]);
suite('webgpu, forms with shared memory', () => openWebGPU({ kernelForms: 'tiled' }), [
  ...formCases,
  ...factorCases,
  ...passCases,
  ...largePassCases,
]);
suite('webgpu, forms in registers', () => openWebGPU({ kernelForms: 'register' }), formCases);
suite('webgpu, wide products', () => openWebGPU({ kernelForms: 'wide' }), wideProductCases);
suite('webgpu, products timed', () => openWebGPU({ kernelForms: 'tiled', tuneFrom: 0 }), tunedProductCases);
