/** The loop of FISTA and ISTA in one kernel call, compared with the Program that it replaces on the same backend. */
import { expect } from 'vitest';
import { runPlain } from '../../src/solvers/iteration.ts';
import { type Design, designOf } from '../../src/solvers/lasso/design.ts';
import { proximalGradient } from '../../src/solvers/lasso/fista.ts';
import { momentOf } from '../../src/solvers/lasso/problem.ts';
import { initialState } from '../../src/solvers/monitor.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { normals } from '../support/numbers.ts';
import { describeWholeLoops } from '../support/whole-loops.ts';

interface Problems {
  readonly rows: number;
  readonly features: number;
  readonly batch: number;
  readonly groups: number;
  readonly ridge: number;
  readonly intercept: boolean;
  readonly limit: number;
  readonly accelerated: boolean;
}

const USUAL: Problems = {
  rows: 24,
  features: 10,
  batch: 9,
  groups: 1,
  ridge: 0,
  intercept: false,
  limit: 200,
  accelerated: true,
};

/** Columns that resemble one another, so that momentum overshoots; a path of λ; weights of 0, 1 and 2. */
function numbersOf({ rows, features, batch, groups, ridge }: Problems): Record<string, [number[], number[]]> {
  const common = normals(rows, 2);
  const X = normals(rows * features, 1).map((value, at) => 0.4 * value + common[Math.floor(at / features)]);
  const weights = Array.from({ length: features }, (_, j) => j % 3);
  const y = normals(rows, 3, 2).map((value, row) => value + X[row * features] - 2 * X[row * features + features - 1]);
  return {
    X: [X, [rows, features]],
    y: [Array.from({ length: batch }, () => y).flat(), [batch, rows]],
    penalty: [
      Array.from({ length: batch }, (_, sample) => weights.map((weight) => weight * 8 * 0.5 ** sample)).flat(),
      [batch, features],
    ],
    ridge: [Array.from({ length: batch }, (_, sample) => ridge * (1 + (sample % 2))), [batch]],
    masks: [Array.from({ length: groups * rows }, (_, at) => (at % (groups + 2) === 0 ? 0.25 : 1)), [groups, rows]],
  };
}

/** β and the state after the loop, from zeros to a residual of 10⁻⁴. */
async function runLoop(engine: Engine, problems: Problems): Promise<{ samples: number[]; state: number[] }> {
  const { batch, features, groups, intercept, limit, accelerated } = problems;
  const given = Object.entries(numbersOf(problems));
  const inputs = given.map(([, [values, shape]]) => engine.tensor(values, shape));
  const outputs = engine.run(`loop ${JSON.stringify(problems)}`, inputs, ([X, y, penalty, ridge, masks], context) => {
    const design: Design = designOf(X, groups > 1 ? masks : undefined, { intercept, gram: true });
    const problem = { design, y, penalty, ridge, nonNegative: false, isRidged: true };
    const fill = (value: number, shape: number[]) => context.constant({ kind: 'fill', value }, shape);
    const begun = proximalGradient(context, problem, momentOf(problem), { accelerated })(fill(0, [batch, features]));
    expect(begun.whole !== undefined).toBe(engine.widestIteration > 0);
    const stopping = { tolerance: fill(1e-4, [batch]), floor: fill(1e-7, [batch]), limit, giveUp: false };
    const { x, state } = runPlain(context, begun, stopping, initialState(context, batch, 1000));
    return [x, state];
  });
  const [samples, state] = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return { samples, state };
}

const CASES: Readonly<Record<string, Partial<Problems>>> = {
  FISTA: {},
  ISTA: { accelerated: false },
  'an intercept and ridges': { intercept: true, ridge: 0.5, batch: 6 },
  'masks in groups, whose samples no workgroup shares': { groups: 3, batch: 15, intercept: true, ridge: 0.1 },
  'a width that is a multiple of four': { features: 12, batch: 4 },
  'one feature': { features: 1, batch: 5 },
  'a limit that most samples reach': { limit: 7 },
};

describeWholeLoops({
  usual: USUAL,
  cases: CASES,
  run: runLoop,
  errors: { cpu: 1e-12, webgpu: 2e-4 },
  varied: 'FISTA',
  short: 7,
});
