/** Weights of rows in what is fitted before training: a row of weight 2 counts as two rows. */
import { describe, expect, test } from 'vitest';
import { parseTable, regressionDataset, standardisationOf, tableDataset } from '../../src/data/index.ts';
import { fitScale } from '../../src/train/regression/scale.ts';

const ROWS = [
  { x: 1.5, y: -2, weight: 2 },
  { x: Number.NaN, y: 7, weight: 1 },
  { x: 4, y: 0.25, weight: 3 },
  { x: 1e9, y: -1e9, weight: 0 },
];
const REPEATED = ROWS.flatMap((row) => Array.from({ length: row.weight }, () => row));
const WEIGHTS = ROWS.map(({ weight }) => weight);

describe('a row of weight k counts as k rows, one of weight 0 not at all', () => {
  test('in means and deviations of features, where values are missing', () => {
    const rowsOf = (rows: typeof ROWS) => ({
      inputs: rows.flatMap(({ x, y }) => [x, y, 5]),
      count: rows.length,
      features: 3,
    });
    const found = standardisationOf({ ...rowsOf(ROWS), weights: WEIGHTS });
    const wanted = standardisationOf(rowsOf(REPEATED));
    expect(found.constant).toEqual([2]);
    for (const feature of [0, 1, 2]) {
      expect(found.mean[feature]).toBeCloseTo(wanted.mean[feature], 12);
      expect(found.deviation[feature]).toBeCloseTo(wanted.deviation[feature], 12);
    }
    const distinct = standardisationOf({ inputs: [3, 8], count: 2, features: 1, weights: [1, 0] });
    expect(distinct).toEqual({ mean: [3], deviation: [1], constant: [0] });
  });

  test('in the scale of targets', () => {
    const samplesOf = (rows: typeof ROWS) => ({
      inputs: new Float32Array(rows.length),
      targets: Float64Array.from(rows.flatMap(({ y, weight }) => [y, weight === 0 ? 9 : 4])),
      count: rows.length,
      features: 1,
    });
    const found = fitScale({ ...samplesOf(ROWS), weights: Float64Array.from(WEIGHTS) });
    const wanted = fitScale(samplesOf(REPEATED));
    expect(found.mean[0]).toBeCloseTo(wanted.mean[0], 12);
    expect(found.deviation[0]).toBeCloseTo(wanted.deviation[0], 12);
    expect([found.mean[1], found.deviation[1]]).toEqual([4, 1]);
  });

  test('in data sets from tables, which fill missing values by the mean', () => {
    const cell = (value: number): string => (Number.isNaN(value) ? '' : String(value));
    const csv = (rows: typeof ROWS): string =>
      `x,y,weight\n${rows.map(({ x, y, weight }) => `${cell(x)},${y},${weight}\n`).join('')}`;
    const options = { target: 'y', weights: 'weight', missing: 'mean', heldOut: 0 } as const;
    const { preparation } = regressionDataset(parseTable(csv(ROWS)), options);
    expect(preparation.means[0]).toBeCloseTo((2 * 1.5 + 3 * 4) / 5, 12);
    expect(preparation.standardisation?.mean[0]).toBeCloseTo(3, 12);
  });
});

test.each([1e-200, 1e200])('numbers of size %d have a deviation, although their squares have none', (size) => {
  const inputs = [size, 2 * size, 4 * size];
  const { deviation } = standardisationOf({ inputs, count: 3, features: 1 });
  expect(deviation[0] / size).toBeCloseTo(Math.sqrt(14 / 9), 12);
  const targets = { inputs: new Float32Array(3), targets: Float64Array.from(inputs), count: 3, features: 1 };
  expect(fitScale(targets).deviation[0] / size).toBeCloseTo(Math.sqrt(14 / 9), 12);
});

test.each([
  [[1, -1], 'weights[1] is -1; it must be a finite number ≥ 0'],
  [[0, 0], 'all weights are 0'],
  [[1], 'count weights where there are some'],
])('standardisationOf refuses the weights %j', (weights, message) => {
  expect(() => standardisationOf({ inputs: [1, 2], count: 2, features: 1, weights })).toThrow(message);
});

test.each([
  [[0, 1], 'all weights of the held-out part are 0'],
  [[2, 3], 'all weights of the training part are 0'],
])('a part without weight is refused: rows %j held out', (heldOut, message) => {
  const table = parseTable('x,y,weight\n1,a,0\n2,b,0\n3,a,1\n4,b,1\n');
  expect(() => tableDataset(table, { target: 'y', weights: 'weight', heldOut })).toThrow(message);
});
