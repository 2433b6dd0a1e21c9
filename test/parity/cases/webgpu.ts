/** The suites for implementations of WebGPU: every kernel, in the variants for software and for hardware adapters. */
import type { WebGPUOptions } from '../../../src/backends/webgpu/index.ts';
import { coneCases, simpleConeCases } from './cones.ts';
import { factorCases } from './factorisations.ts';
import { acceleratedCases, iterateCases, type ParityCase, parityCases, variantCases } from './index.ts';
import { largePassCases, passCases } from './pass.ts';
import { tunedProductCases, wideProductCases } from './product.ts';
import { proximalGradientCases } from './proximal-gradient.ts';
import { splittingCases } from './splitting.ts';

interface WebGPUSuite {
  readonly name: string;
  readonly options: WebGPUOptions;
  readonly cases: readonly ParityCase[];
}

export const webgpuSuites: readonly WebGPUSuite[] = [
  {
    name: 'variants for this adapter',
    options: {},
    cases: [
      ...parityCases,
      ...iterateCases,
      ...proximalGradientCases,
      ...splittingCases,
      ...acceleratedCases,
      ...factorCases,
      ...simpleConeCases,
      ...coneCases,
    ],
  },
  {
    name: 'variants with shared memory',
    options: { kernelForms: 'tiled' },
    cases: [...variantCases, ...factorCases, ...passCases, ...largePassCases],
  },
  { name: 'variants in registers', options: { kernelForms: 'register' }, cases: variantCases },
  { name: 'wide products', options: { kernelForms: 'wide' }, cases: wideProductCases },
  { name: 'timed products', options: { kernelForms: 'tiled', tuneFrom: 0 }, cases: tunedProductCases },
];
