/** Every parity case on gpu.js in Node, where it runs as WebAssembly. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { parityCases } from './cases/index.ts';
import { solverCases } from './cases/solvers.ts';

describe('gpujs in WebAssembly', () => {
  const reference = openCPU();
  let candidate: Backend;
  beforeAll(async () => {
    candidate = await openGPUJS({ mode: 'webassembly' });
  });
  afterAll(() => candidate.close());
  for (const { name, run } of [...parityCases, ...solverCases]) it(name, () => run(reference, candidate));
});
