/** The penalty of a sparse model, tuned by the derivative of a criterion. */
import { afterAll, describe, expect, test } from 'vitest';
import { createClasses } from '../../bench/sparse-classes.ts';
import { foldMasks } from '../../src/data/folds.ts';
import {
  crossValidation,
  heldOut,
  sparseModel,
  sure,
  type Tensor,
  type TuneSparseOptions,
  tune,
  tuneSparseModel,
} from '../../src/index.ts';
import { type SearchPoint, searchLine } from '../../src/train/tune/sparse/search.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

const { fit, heldOut: rest } = createClasses(engine, { count: 60, heldOut: 60, features: 120, supportSize: 4 }, 3);
const model = { ...fit, loss: 'logistic', intercept: true } as const;
const numbersOf = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

/** The mean logistic loss of some rows, written down apart from the library. */
async function lossOf(
  rows: readonly number[],
  { X, y }: { X: Tensor; y: Tensor },
  logLambda: number,
  rowWeights?: Tensor,
): Promise<number> {
  const solution = sparseModel({ ...model, logLambda, ...(rowWeights && { rowWeights }) });
  const [beta, [b0], x, targets] = await Promise.all([solution.beta, solution.intercept, X, y].map(numbersOf));
  const width = beta.length;
  const losses = rows.map((row) => {
    const margin = beta.reduce((sum, value, j) => sum + value * x[row * width + j], b0);
    return Math.log1p(Math.exp(-targets[row] * margin));
  });
  return losses.reduce((a, b) => a + b) / rows.length;
}

describe('the held-out loss', () => {
  test('has the value and the derivative of its definition', async () => {
    const { visited, value, logLambda } = await tuneSparseModel({ ...model, criterion: heldOut(rest) });
    const all = Array.from({ length: 60 }, (_, row) => row);
    expect(value).toBe(Math.min(...visited.map((one) => one.value)));
    expect(Math.abs(value - (await lossOf(all, rest, logLambda)))).toBeLessThan(1e-5);
    const inside = visited.slice(2);
    for (const one of inside) {
      const h = 1e-4;
      const [above, below] = [await lossOf(all, rest, one.logLambda + h), await lossOf(all, rest, one.logLambda - h)];
      expect(Math.abs((above - below) / (2 * h) - (one.slope as number))).toBeLessThan(1e-3);
    }
    expect(inside.length).toBeGreaterThan(0);
  });

  test('is at least as low as on a grid, in a tenth of the fits', async () => {
    const descent = await tuneSparseModel({ ...model, criterion: heldOut(rest), limit: 10 });
    const grid = await tuneSparseModel({ ...model, criterion: heldOut(rest), optimiser: 'grid', depth: 4 });
    expect([grid.solves, grid.visited.length, grid.ended]).toEqual([100, 100, 'grid']);
    expect(descent.solves).toBeLessThanOrEqual(10);
    expect(descent.value).toBeLessThan(grid.value * (1 + 1e-4));
    expect(descent.certificate.status).toBe('certified');
  });
});

test('cross-validation is the mean over the folds, with penalties in proportion to their rows', async () => {
  const { value, logLambda, solves, visited } = await tuneSparseModel({
    ...model,
    criterion: crossValidation({ folds: 4, seed: 1 }),
  });
  const { heldOut: marks, training } = foldMasks(60, { folds: 4, seed: 1 });
  let sum = 0;
  for (let fold = 0; fold < 4; fold++) {
    const rows = Array.from({ length: 60 }, (_, row) => row).filter((row) => marks[fold * 60 + row] > 0);
    const weights = engine.tensor(Float64Array.from(training.subarray(fold * 60, fold * 60 + 60)));
    sum += (await lossOf(rows, fit, logLambda + Math.log(1 - rows.length / 60), weights)) / 4;
  }
  expect(Math.abs(sum - value)).toBeLessThan(1e-5);
  expect(solves).toBe(4 * visited.length);
});

test('with the square loss it finds the penalty that tune finds for the Lasso', async () => {
  const [data, criterion] = [{ X: fit.X, y: fit.y, intercept: true }, heldOut(rest)];
  const expected = await tune({ ...data, criterion });
  const found = await tuneSparseModel({ ...data, criterion, tolerance: 1e-3 });
  // `tune` has the mean of squares, twice the loss here.
  expect(Math.abs(2 * found.value - expected.value)).toBeLessThan(1e-4 * expected.value);
});

test('several tasks and several classes', async () => {
  const [X, y] = await Promise.all([fit.X, fit.y].map(numbersOf));
  const wide = engine.tensor(
    y.flatMap((value, row) => [value, X[row * 120]]),
    [60, 2],
  );
  const labels = engine.tensor(y.map((value, row) => (value > 0 ? 0 : X[row * 120] > 0 ? 1 : 2)));
  const tasks = await tuneSparseModel({ X: fit.X, y: wide, criterion: crossValidation({ folds: 3 }) });
  expect([tasks.beta.length, tasks.intercept.length, tasks.ended]).toEqual([240, 2, 'minimum']);
  const classes = await tuneSparseModel({
    X: fit.X,
    y: labels,
    loss: 'multinomial',
    classes: 3,
    intercept: true,
    criterion: crossValidation({ folds: 3 }),
  });
  expect([classes.beta.length, classes.intercept.length]).toEqual([360, 3]);
  expect(classes.visited.every(({ value }) => value > 0)).toBe(true);
});

describe('the ends of the range', () => {
  test('where no feature helps, the null model is chosen', async () => {
    const y = engine.tensor(Array.from({ length: 60 }, (_, row) => ((row * 7) % 11 > 5 ? 1 : -1)));
    const opposite = engine.tensor((await numbersOf(y)).map((value) => -value));
    const { ended, logLambda, bounds } = await tuneSparseModel({
      ...model,
      y,
      criterion: heldOut({ X: fit.X, y: opposite }),
    });
    expect(ended).toBe('upper end');
    expect(logLambda).toBeGreaterThan(bounds[1] - 1e-2);
  });
  test('where every penalty harms, the lower end', async () => {
    const narrow = {
      X: engine.tensor((await numbersOf(fit.X)).slice(0, 120), [60, 2]),
      y: engine.tensor(Array.from({ length: 60 }, (_, row) => row)),
    };
    const { ended, logLambda, bounds } = await tuneSparseModel({ ...narrow, criterion: heldOut(narrow), depth: 3 });
    expect([ended, logLambda]).toEqual(['lower end', bounds[0]]);
  });
  test('the limit, the time, and progress', async () => {
    const seen: number[] = [];
    const stopped = await tuneSparseModel({
      ...model,
      criterion: heldOut(rest),
      limit: 2,
      onProgress: ({ logLambda }) => void seen.push(logLambda),
    });
    expect([stopped.ended, stopped.timedOut]).toEqual(['limit', false]);
    expect(seen).toEqual(stopped.visited.map(({ logLambda }) => logLambda));
    const late = await tuneSparseModel({ ...model, criterion: heldOut(rest), timeLimit: 1e-3 });
    expect([late.ended, late.timedOut, late.visited.length]).toEqual(['limit', true, 1]);
  });
});

describe('mistakes are named', () => {
  test.each<[Partial<TuneSparseOptions>, RegExp]>([
    [
      { criterion: sure({ deviation: 1 }) },
      /criterion: it is "Stein's unbiased risk estimate"; it must be heldOut or crossValidation/,
    ],
    [
      { criterion: heldOut({ X: engine.tensor([1, 2], [1, 2]), y: engine.tensor([1]) }) },
      /criterion: its X has 2 features; X has 120/,
    ],
    [{ weights: engine.tensor(new Float64Array(120)), loss: 'square' }, /the penalised coefficients are 0 for every λ/],
    [{ optimiser: 'adam' as never }, /optimiser: it is "adam"/],
    [
      { rowWeights: engine.tensor(new Float64Array(120).fill(1), [2, 60]) },
      /rowWeights: they are for several problems/,
    ],
  ])('%o', async (given, message) => {
    await expect(tuneSparseModel({ ...model, criterion: heldOut(rest), ...given })).rejects.toThrow(message);
  });
  test('a fold of one class has no intercept', async () => {
    const y = engine.tensor(Array.from({ length: 60 }, (_, row) => (row === 0 ? 1 : -1)));
    const failed = tuneSparseModel({ ...model, y, criterion: crossValidation({ folds: 5 }) });
    await expect(failed).rejects.toThrow(/separate the classes of fold \d, so that it has no fit/);
  });
  test('tune has no use for held-out rows of several tasks', async () => {
    const criterion = heldOut({ X: rest.X, y: engine.tensor(new Float64Array(120), [60, 2]) });
    await expect(tune({ X: fit.X, y: fit.y, criterion })).rejects.toThrow(
      /heldOut: y has shape \[60, 2\]; tune takes one target/,
    );
  });
});

describe('the search along a line', () => {
  const near = { reach: 0, spacing: Number.POSITIVE_INFINITY };
  const options = { low: -12, high: 0, start: -1, step: 1, tolerance: 1e-3, decrease: 1e-9, limit: 60, ...near };
  const search = async (value: (x: number) => number, slope: (x: number) => number, given = options) => {
    const seen: SearchPoint[] = [];
    const ended = await searchLine(async (at) => {
      seen.push({ at, value: value(at), slope: slope(at) });
      return seen.at(-1) as SearchPoint;
    }, given);
    return { ended, least: seen.reduce((a, b) => (b.value < a.value ? b : a)), seen };
  };
  test('finds a smooth minimum in a few points', async () => {
    const { ended, least, seen } = await search(
      (x) => (x + 4.3) ** 2 + 0.1 * (x + 4.3) ** 4,
      (x) => 2 * (x + 4.3) + 0.4 * (x + 4.3) ** 3,
    );
    expect(ended).toBe('minimum');
    expect(Math.abs(least.at + 4.3)).toBeLessThan(1e-3);
    expect(seen.length).toBeLessThan(12);
  });
  test('looks beyond a shallow valley where it is told to', async () => {
    // A valley at −1.8, in which the search would stop, and a deeper one at −4.
    const value = (x: number): number => 0.1 * Math.abs(x + 1.8) - 0.5 * Math.exp(-((x + 4) ** 2));
    const slope = (x: number): number => 0.1 * Math.sign(x + 1.8) + (x + 4) * Math.exp(-((x + 4) ** 2));
    const [nearby, further] = [
      await search(value, slope),
      await search(value, slope, { ...options, reach: 2, spacing: 1 }),
    ];
    expect(Math.abs(nearby.least.at + 1.8)).toBeLessThan(0.1);
    expect(Math.abs(further.least.at + 4)).toBeLessThan(0.15);
  });
  test('finds a minimum at a kink, where no slope vanishes', async () => {
    const { ended, least } = await search(
      (x) => Math.max(-(x + 2.4), 3 * (x + 2.4)),
      (x) => (x < -2.4 ? -1 : 3),
    );
    expect(ended).toBe('minimum');
    expect(Math.abs(least.at + 2.4)).toBeLessThan(2e-3);
  });
  test('stops at the ends and at its limit', async () => {
    expect(
      (
        await search(
          (x) => x,
          () => 1,
        )
      ).least.at,
    ).toBe(-12);
    expect(
      (
        await search(
          (x) => x,
          () => 1,
        )
      ).ended,
    ).toBe('lower end');
    expect(
      (
        await search(
          (x) => -x,
          () => -1,
        )
      ).ended,
    ).toBe('upper end');
    const { seen, ended } = await search(
      (x) => (x + 4) ** 2,
      (x) => 2 * (x + 4),
      { ...options, limit: 3 },
    );
    expect([seen.length, ended]).toEqual([3, 'limit']);
  });
});
