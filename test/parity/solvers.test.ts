import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import type { ParityCase } from './cases/index.ts';
import { passSolverCases, solverCases } from './cases/solvers.ts';

function suite(name: string, open: () => Promise<Backend>, cases: readonly ParityCase[]): void {
  describe(`solvers on ${name}`, () => {
    const reference = openCPU();
    let candidate: Backend;
    beforeAll(async () => {
      candidate = await open();
    });
    afterAll(() => candidate.close());
    for (const { name: what, run } of cases) it(what, () => run(reference, candidate));
  });
}

async function passByPass(): Promise<Backend> {
  return { ...(await openWebGPU({ kernelForms: 'tiled' })), widestIteration: 0 };
}

suite('wasm', openWasm, solverCases);
suite('gpujs', () => openGPUJS({ mode: 'webassembly' }), solverCases);
suite('webgpu', openWebGPU, solverCases);
suite('webgpu, pass by pass', passByPass, passSolverCases);
