/** The cost of a support vector machine, tuned by the derivative of a criterion. */
import { afterAll, describe, expect, test } from 'vitest';
import { createClasses } from '../../bench/sparse-classes.ts';
import { foldMasks } from '../../src/data/folds.ts';
import {
  crossValidation,
  heldOut,
  supportVectorMachine,
  type Tensor,
  type TuneSupportVectorOptions,
  tuneSupportVectorMachine,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

const { fit, heldOut: rest } = createClasses(engine, { count: 60, heldOut: 60, features: 8, supportSize: 4 }, 3);
const numbersOf = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

/** The mean logistic loss of some rows, written down apart from the library. */
async function lossOf(
  rows: readonly number[],
  { X, y }: { X: Tensor; y: Tensor },
  options: { logC: number; rowWeights?: Tensor; intercept: boolean },
): Promise<number> {
  const solution = supportVectorMachine({ ...fit, ...options });
  const [w, [b], x, targets] = await Promise.all([solution.beta, solution.intercept, X, y].map(numbersOf));
  const losses = rows.map((row) => {
    const margin = w.reduce((sum, value, j) => sum + value * x[row * w.length + j], b);
    return Math.log1p(Math.exp(-targets[row] * margin));
  });
  return losses.reduce((a, b) => a + b) / rows.length;
}

describe.each([false, true])('intercept: %s', (intercept) => {
  const model = { ...fit, intercept } as const;

  test('the held-out loss has the value and the derivative of its definition', async () => {
    const { visited, value, logC, ended, bounds } = await tuneSupportVectorMachine({
      ...model,
      criterion: heldOut(rest),
    });
    const all = Array.from({ length: 60 }, (_, row) => row);
    expect(value).toBe(Math.min(...visited.map((one) => one.value)));
    expect(Math.abs(value - (await lossOf(all, rest, { logC, intercept })))).toBeLessThan(1e-9);
    expect([ended, bounds[1] - bounds[0]]).toEqual(['minimum', 12]);
    for (const one of visited) {
      if (one.logC === bounds[0]) continue;
      const h = 1e-6;
      const [above, below] = await Promise.all(
        [h, -h].map((step) => lossOf(all, rest, { logC: one.logC + step, intercept })),
      );
      expect(Math.abs((above - below) / (2 * h) - (one.slope as number))).toBeLessThan(1e-6);
    }
  });

  test('is at least as low as on a grid, in a tenth of the fits', async () => {
    const descent = await tuneSupportVectorMachine({ ...model, criterion: heldOut(rest), limit: 10 });
    const grid = await tuneSupportVectorMachine({ ...model, criterion: heldOut(rest), optimiser: 'grid', depth: 6 });
    expect([grid.solves, grid.visited.length, grid.ended]).toEqual([100, 100, 'grid']);
    expect(descent.solves).toBeLessThanOrEqual(10);
    expect(descent.value).toBeLessThan(grid.value * (1 + 1e-3));
  });

  test('cross-validation is the mean over the folds, with costs in proportion to their rows', async () => {
    const criterion = crossValidation({ folds: 4, seed: 1 });
    const { value, logC, solves, visited } = await tuneSupportVectorMachine({ ...model, criterion });
    const { heldOut: marks, training } = foldMasks(60, { folds: 4, seed: 1 });
    let sum = 0;
    for (let fold = 0; fold < 4; fold++) {
      const rows = Array.from({ length: 60 }, (_, row) => row).filter((row) => marks[fold * 60 + row] > 0);
      const rowWeights = engine.tensor(Float64Array.from(training.subarray(fold * 60, fold * 60 + 60)));
      const own = { logC: logC - Math.log(1 - rows.length / 60), rowWeights, intercept };
      sum += (await lossOf(rows, fit, own)) / 4;
    }
    expect(Math.abs(sum - value)).toBeLessThan(1e-9);
    expect(solves).toBe(4 * visited.length);
  });
});

test('a rough criterion: a shallow valley near the end of the range hides no deeper one', async () => {
  for (const seed of [3, 19, 32]) {
    const { fit: rows } = createClasses(engine, { count: 40, heldOut: 1, features: 5, supportSize: 3 }, seed);
    const options = { ...rows, intercept: true, criterion: crossValidation({ folds: 10 }) };
    const descent = await tuneSupportVectorMachine(options);
    const grid = await tuneSupportVectorMachine({ ...options, optimiser: 'grid', points: 30 });
    expect(descent.value).toBeLessThan(1.01 * grid.value);
    expect(descent.visited.length).toBeLessThanOrEqual(20);
  }
});

test('the ends of the range, the limit and the time', async () => {
  const opposite = heldOut({ X: rest.X, y: engine.tensor((await numbersOf(rest.y)).map((value) => -value)) });
  const { ended, logC, bounds } = await tuneSupportVectorMachine({ ...fit, criterion: opposite });
  expect([ended, logC]).toEqual(['lower end', bounds[0]]);
  const seen: number[] = [];
  const onProgress = ({ logC: at }: { logC: number }): void => void seen.push(at);
  const stopped = await tuneSupportVectorMachine({ ...fit, criterion: heldOut(rest), limit: 2, onProgress });
  expect([stopped.ended, seen]).toEqual(['limit', stopped.visited.map((one) => one.logC)]);
  const late = await tuneSupportVectorMachine({ ...fit, criterion: heldOut(rest), timeLimit: 1e-3 });
  expect([late.timedOut, late.visited.length]).toEqual([true, 1]);
});

test.each<[Partial<TuneSupportVectorOptions>, RegExp]>([
  [
    { criterion: heldOut({ X: engine.tensor([1, 2], [1, 2]), y: engine.tensor([1]) }) },
    /criterion: its X has 2 features; X has 8/,
  ],
  [{ y: engine.tensor(new Float64Array(60).fill(1)), intercept: true }, /w = 0 for every C/],
  [
    { criterion: heldOut({ X: rest.X, y: engine.tensor(new Float64Array(60).fill(3)) }) },
    /criterion: y\[0\]: it is 3; with a support vector machine each must be −1 or 1/,
  ],
  [{ optimiser: 'adam' as never }, /optimiser: it is "adam"/],
  [{ rowWeights: engine.tensor(new Float64Array(120).fill(1), [2, 60]) }, /rowWeights: they are for several problems/],
])('mistakes are named: %o', async (given, message) => {
  await expect(tuneSupportVectorMachine({ ...fit, criterion: heldOut(rest), ...given })).rejects.toThrow(message);
});
