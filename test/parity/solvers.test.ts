import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { solverCases } from './cases/solvers.ts';

describe.each([
  ['wasm', openWasm],
  ['gpujs', () => openGPUJS({ mode: 'webassembly' })],
  ['webgpu', openWebGPU],
])('solvers on %s', (_, open) => {
  const reference = openCPU();
  let candidate: Backend;
  beforeAll(async () => {
    candidate = await open();
  });
  afterAll(() => candidate.close());
  for (const { name, run } of solverCases) it(name, () => run(reference, candidate));
});
