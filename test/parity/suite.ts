/** Turns parity cases into tests of one backend, which is opened once for all of them. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import type { ParityCase } from './cases/index.ts';

export function describeParity(name: string, open: () => Promise<Backend>, cases: readonly ParityCase[]): void {
  describe(name, () => {
    const reference = openCPU();
    let candidate: Backend;
    beforeAll(async () => {
      candidate = await open();
    });
    afterAll(() => candidate.close());
    for (const { name: what, run } of cases) it(what, () => run(reference, candidate));
  });
}
