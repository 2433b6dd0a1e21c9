import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { acceleratedCases, iterateCases } from '../parity/cases/index.ts';
import { passCases } from '../parity/cases/pass.ts';
import { proximalGradientCases } from '../parity/cases/proximal-gradient.ts';
import { suite } from '../parity/suite.ts';

suite('wasm', openWasm, iterateCases);
suite('cpu', async () => openCPU(), passCases);
suite('webgpu', openWebGPU, [...iterateCases, ...acceleratedCases, ...proximalGradientCases]);
suite('webgpu tiled', () => openWebGPU({ kernelForms: 'tiled' }), passCases);
