/** The loop of the splitting in one kernel call, compared with the loop of the Program that it replaces. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { STATE_ROWS, STATUS } from '../../src/backends/kernels.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { runPlain } from '../../src/solvers/iteration.ts';
import { initialState } from '../../src/solvers/monitor.ts';
import { batchProblem } from '../../src/solvers/programs/splitting/batch-problem.ts';
import { createSplitting } from '../../src/solvers/programs/splitting/iteration.ts';
import { equilibrateBatch } from '../../src/solvers/programs/splitting/scaling.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { relativeError } from '../support/numbers.ts';
import { plantBatch } from '../support/program-batches.ts';
import { withoutWholeLoops } from '../support/whole-loops.ts';

interface Choice {
  readonly batch: number;
  readonly n: number;
  readonly inequalities: number;
  readonly equalities: number;
  readonly isShared: boolean;
  readonly limit: number;
}

const USUAL: Choice = { batch: 9, n: 6, inequalities: 9, equalities: 1, isShared: true, limit: 200 };

/** s and the state after the loop, from zeros to a residual of 10⁻⁴. */
async function runLoop(engine: Engine, choice: Choice): Promise<{ s: number[]; state: number[] }> {
  const { batch, n, isShared, limit, ...rows } = choice;
  const { values, m } = plantBatch({ batch, isShared, n, ...rows, seed: 5 });
  const inputs = values.map(([numbers, shape]) => engine.tensor(numbers, shape));
  const outputs = engine.run(`loop ${JSON.stringify(choice)}`, inputs, ([P, q, A, l, u], context) => {
    const scaled = equilibrateBatch(batchProblem({ P, q, A, l, u }));
    const fill = (value: number, shape: number[]) => context.constant({ kind: 'fill', value }, shape);
    const weights = { sigma: 1e-3, rows: fill(0.3, isShared ? [m] : [batch, m]) };
    const begun = createSplitting(context, scaled, weights).begin(fill(0, [batch, n + m]));
    expect(begun.whole !== undefined).toBe(engine.widestIteration > 0);
    const stopping = { tolerance: fill(1e-4, [batch]), floor: fill(1e-7, [batch]), limit, giveUp: false };
    const { x, state } = runPlain(context, begun, stopping, initialState(context, batch, 1000));
    return [x, state];
  });
  const [s, state] = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return { s, state };
}

const CASES: Readonly<Record<string, Partial<Choice>>> = {
  'P and A that all samples share': {},
  'P and A of each sample': { isShared: false },
  'a width that is a multiple of four': { inequalities: 13 },
  'one variable and one row': { n: 1, inequalities: 1, equalities: 0 },
  'a limit that most samples reach': { limit: 7 },
};

/** The CPU with its kind changed to that of a device: its kernel is the oracle of the others. */
const BACKENDS: Readonly<Record<string, { open: () => Promise<Backend>; apart: number; error: number }>> = {
  cpu: { open: async () => ({ ...openCPU(), name: 'webgpu', widestIteration: 1000 }), apart: 0, error: 1e-9 },
  webgpu: { open: openWebGPU, apart: 1, error: 2e-4 },
};

describe.each(Object.entries(BACKENDS))(
  'on %s the loop in one call agrees with the loop of the Program',
  (_, { open, apart, error }) => {
    let whole: Backend;
    beforeAll(async () => {
      whole = await open();
    });
    afterAll(() => whole.close());

    test.each(Object.entries(CASES))('%s', async (name, change) => {
      const choice = { ...USUAL, ...change };
      const { batch } = choice;
      const expected = await runLoop(new Engine(withoutWholeLoops(whole)), choice);
      const found = await runLoop(new Engine(whole), choice);
      const row = ({ state }: typeof found, index: number): number[] => state.slice(index * batch, (index + 1) * batch);
      const [counts, others] = [expected, found].map((end) => row(end, STATE_ROWS.remaining));
      for (const [sample, count] of counts.entries())
        expect(Math.abs(count - others[sample])).toBeLessThanOrEqual(apart);
      expect(row(found, STATE_ROWS.status)).toEqual(row(expected, STATE_ROWS.status));
      expect(relativeError(found.s, expected.s)).toBeLessThan(error);
      if (choice.limit === 7) expect(row(found, STATE_ROWS.status)).toContain(STATUS.running);
      if (name === 'P and A that all samples share') expect(new Set(counts).size).toBeGreaterThan(3);
    });
  },
);
