import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { solverCases } from './cases/solvers.ts';

describe('solvers on webgpu', () => {
  const reference = openCPU();
  let candidate: Backend;
  beforeAll(async () => {
    candidate = await openWebGPU();
  });
  afterAll(() => candidate.close());
  for (const { name, run } of solverCases) it(name, () => run(reference, candidate));
});
