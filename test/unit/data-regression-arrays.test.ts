/** Numbers to predict from the arrays of a .npz file. */
import { describe, expect, test } from 'vitest';
import {
  arraysTask,
  preparationFrom,
  preparedFor,
  preparedRegressionArrays,
  readNPZ,
  regressionArraysDataset,
  type Standardisation,
  standardisationOf,
  type WritableArrays,
  writeNPZ,
} from '../../src/data/index.ts';

const COUNT = 10;
const x = { shape: [COUNT, 2], values: Float64Array.from({ length: 2 * COUNT }, (_, at) => at ** 2 / 3) };
const y = { values: Float64Array.from({ length: COUNT }, (_, row) => 1e12 + row / 4) };
const both = { shape: [COUNT, 2], values: Float32Array.from({ length: 2 * COUNT }, (_, at) => at / 8) };
const written = async (arrays: WritableArrays) => readNPZ(await writeNPZ(arrays));

describe('data sets for regression', () => {
  test('rows are held out at random, and each stays with its target', async () => {
    const { train, test: held, targetNames, preparation } = regressionArraysDataset(await written({ x, y }));
    expect([train.count, held.count, targetNames]).toEqual([8, 2, ['y']]);
    const { mean, deviation } = preparation.standardisation as Standardisation;
    for (const { inputs, targets, count } of [train, held]) {
      for (let row = 0; row < count; row++) {
        const place = 4 * (targets[row] - 1e12);
        for (const column of [0, 1]) {
          const value = inputs[2 * row + column] * deviation[column] + mean[column];
          expect(value).toBeCloseTo(x.values[2 * place + column], 4);
        }
      }
    }
    const again = regressionArraysDataset(await written({ x, y }), { seed: 1 });
    expect([...again.test.targets]).not.toEqual([...held.targets]);
  });

  test('parts of the file stay as they are, and are standardised by the first', async () => {
    const last = { shape: [1, 2], values: Float64Array.of(3, 5) };
    const target = { shape: [1, 2], values: Float64Array.of(0.5, -1) };
    const names = { values: ['price', 'rent'] };
    const parts = { x_train: x, y_train: both, x_test: last, y_test: target, target_names: names };
    const { train, test: held, targetNames } = regressionArraysDataset(await written(parts));
    expect(targetNames).toEqual(['price', 'rent']);
    expect([...train.targets]).toEqual([...both.values]);
    expect([...held.targets]).toEqual([0.5, -1]);
    const { mean, deviation } = standardisationOf({ inputs: x.values, count: COUNT, features: 2 });
    expect(held.inputs[1]).toBeCloseTo((5 - mean[1]) / deviation[1], 6);
    const { targetNames: numbered } = regressionArraysDataset(await written({ x, both }), { target: 'both' });
    expect(numbered).toEqual(['both[0]', 'both[1]']);
  });

  test('other rows are prepared as those of training, also by a stored preparation', async () => {
    const { preparation, train } = regressionArraysDataset(await written({ x, y }), { heldOut: 0 });
    const stored = preparationFrom(JSON.parse(JSON.stringify(preparation)));
    expect(stored).toEqual(preparation);
    const rows = preparedRegressionArrays(preparation, await written({ x, y }));
    expect([...rows.inputs].sort()).toEqual([...train.inputs].sort());
    expect([...(rows.targets ?? [])]).toEqual([...y.values]);
    const unknown = await preparedFor(stored, await writeNPZ({ x_test: x }));
    expect(unknown).toEqual({ inputs: rows.inputs, count: COUNT, features: 2 });
  });
});

describe('the task', () => {
  const integers = (different: number) => ({ values: Int32Array.from({ length: COUNT }, (_, row) => row % different) });
  const images = { shape: [COUNT, 2, 2], values: new Uint8Array(4 * COUNT) };
  test.each<[string, WritableArrays, string, string]>([
    ['decimals', { x, y: both }, 'regression', 'holds 2 numbers for each row'],
    ['decimals', { x, y: { values: both.values.slice(0, COUNT) } }, 'regression', 'holds decimal numbers'],
    ['texts', { x, y: { values: Array.from({ length: COUNT }, () => 'a') } }, 'classification', 'holds texts'],
    ['bools', { x, y: { type: 'bool', values: new Uint8Array(COUNT) } }, 'classification', 'holds bools'],
    ['few integers', { x, y: integers(3) }, 'classification', '3 different ones in 10 rows'],
    ['many integers', { x, y: integers(10) }, 'regression', '10 different ones in 10 rows'],
    ['classes of images', { x: images, y: integers(10) }, 'classification', 'of images'],
    ['named classes', { x, y: integers(10), class_names: { values: ['a'] } }, 'classification', 'of named classes'],
  ])('%s', async (_, arrays, task, reason) => {
    expect(arraysTask(await written(arrays))).toEqual({ task, reason: expect.stringContaining(reason) });
  });
});

describe('what cannot be used is named', () => {
  const gap = { values: y.values.map((value, row) => (row === 3 ? Number.NaN : value)) };
  test.each<[string, WritableArrays, string]>([
    ['no features', { a: x, y }, 'no array x or x_train of features'],
    ['no targets', { x }, 'target is missing: an array y must hold the numbers to predict for the rows in x'],
    ['the same target', { x, y: { values: new Float64Array(COUNT).fill(2.5) } }, 'the target is 2.5 in every row'],
    ['texts', { x, y: { values: ['a'] } }, 'array "y" holds 1 text; it must hold a number, or a row of them'],
    ['another number', { x, y: { values: Float64Array.of(1, 2) } }, 'for each of the 10 rows'],
    ['a missing target', { x, y: gap }, 'array "y": row 3 has NaN; targets must be finite'],
    ['too few names', { x, y: both, target_names: { values: ['a'] } }, '"target_names" has 1 names; there are 2'],
  ])('%s', async (_, arrays, message) => {
    const read = await written(arrays);
    expect(() => regressionArraysDataset(read)).toThrow(message);
  });

  test('rows and targets of another shape', async () => {
    const { preparation } = regressionArraysDataset(await written({ x, y }));
    const narrow = await written({ x: { ...x, shape: [2 * COUNT, 1] } });
    expect(() => preparedRegressionArrays(preparation, narrow)).toThrow('the model reads rows of [2]');
    const wide = await written({ x, y: both });
    expect(() => preparedRegressionArrays(preparation, wide)).toThrow('has 2 targets; the model predicts 1');
  });
});
