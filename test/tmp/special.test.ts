import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { specialCases } from '../parity/cases/special.ts';
import { suite } from '../parity/suite.ts';

suite('wasm', openWasm, specialCases);
suite('gpujs, as WebAssembly', () => openGPUJS({ mode: 'webassembly' }), specialCases);
for (const kernelForms of ['tiled', 'register'] as const)
  suite(`webgpu ${kernelForms}`, () => openWebGPU({ kernelForms }), specialCases);
