/** Every solver as a whole on every backend, against the CPU. */
import type { Backend } from '../../src/backends/backend.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { passSolverCases, solverCases } from './cases/solvers.ts';
import { suite } from './suite.ts';

async function passByPass(): Promise<Backend> {
  return Object.assign(await openWebGPU({ kernelForms: 'tiled' }), { widestIteration: 0 });
}

suite('solvers on wasm', openWasm, solverCases);
suite('solvers on gpujs', () => openGPUJS({ mode: 'webassembly' }), solverCases);
suite('solvers on webgpu', openWebGPU, solverCases);
suite('solvers on webgpu, pass by pass', passByPass, passSolverCases);
