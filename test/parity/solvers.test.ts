/** Every solver as a whole on every backend, against the CPU. */
import type { Backend } from '../../src/backends/backend.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { passSolverCases, solverCases } from './cases/solvers.ts';
import { describeParity } from './suite.ts';

async function passByPass(): Promise<Backend> {
  return Object.assign(await openWebGPU({ kernelForms: 'tiled' }), { widestIteration: 0 });
}

describeParity('solvers on wasm', openWasm, solverCases);
describeParity('solvers on gpujs', () => openGPUJS({ mode: 'webassembly' }), solverCases);
describeParity('solvers on webgpu', openWebGPU, solverCases);
describeParity('solvers on webgpu, pass by pass', passByPass, passSolverCases);
