/** The loop of the splitting in one kernel call, compared with the loop of the Program that it replaces. */
import { expect } from 'vitest';
import { runPlain } from '../../src/solvers/iteration.ts';
import { initialState } from '../../src/solvers/monitor.ts';
import { batchProblem } from '../../src/solvers/programs/splitting/box.ts';
import { createSplitting } from '../../src/solvers/programs/splitting/iteration.ts';
import { equilibrateBatch } from '../../src/solvers/programs/splitting/scaling.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { plantBatch } from '../support/program-batches.ts';
import { describeWholeLoops } from '../support/whole-loops.ts';

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
async function runLoop(engine: Engine, choice: Choice): Promise<{ samples: number[]; state: number[] }> {
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
  const [samples, state] = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return { samples, state };
}

const CASES: Readonly<Record<string, Partial<Choice>>> = {
  'P and A that all samples share': {},
  'P and A of each sample': { isShared: false },
  'a width that is a multiple of four': { inequalities: 13 },
  'one variable and one row': { n: 1, inequalities: 1, equalities: 0 },
  'a limit that most samples reach': { limit: 7 },
};

describeWholeLoops({
  usual: USUAL,
  cases: CASES,
  run: runLoop,
  errors: { cpu: 1e-9, webgpu: 2e-4 },
  varied: 'P and A that all samples share',
  short: 7,
});
