import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  diabetes,
  parseTable,
  type RegressionData,
  regressionRows,
  standardisedRegression,
  tableRegression,
  unstandardisedModel,
} from '../../src/data/index.ts';
import { loadLasso } from '../fixtures/load.ts';
import { normals, relativeError } from '../support/numbers.ts';

const FEATURES = ['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'];

/** Row `row` of X. */
function rowOf({ X, features }: RegressionData, row: number): number[] {
  return [...X.subarray(row * features, (row + 1) * features)];
}

describe('diabetes', () => {
  let data: RegressionData;
  beforeAll(async () => {
    data = await diabetes();
  });

  test('has the rows of the file', () => {
    const lines = readFileSync(new URL('../../src/data/diabetes/diabetes.csv', import.meta.url), 'utf8').split('\n');
    expect([data.name, data.count, data.features, data.target]).toEqual(['diabetes', 442, 10, 'target']);
    expect(data.featureNames).toEqual(FEATURES);
    expect([data.X.length, data.y.length]).toEqual([4420, 442]);
    for (const row of [0, 200, 441]) {
      expect([...rowOf(data, row), data.y[row]]).toEqual(lines[row + 1].split(',').map(Number));
    }
  });

  test('when standardised, equals the data of the reference problem', () => {
    const standard = standardisedRegression(data);
    const { X_train, y_train, X_val, y_val } = loadLasso('diabetes');
    // The reference keeps the order of the rows in both parts: each row is the next one of either part.
    let [train, held] = [0, 0];
    for (let row = 0; row < standard.count; row++) {
      const found = [...rowOf(standard, row), standard.y[row]];
      const isTrain = train < 310 && relativeError(found, [...X_train[train], y_train[train]]) < 1e-12;
      if (isTrain) train++;
      else expect(relativeError(found, [...X_val[held], y_val[held++]])).toBeLessThan(1e-12);
    }
    expect([train, held]).toEqual([310, 132]);
  });
});

describe('tableRegression', () => {
  const rows = ['length,kind,constant,yield', '1.5,a,3,10', '2.5,b,3,20.5', '4,a,3,-1e1'];
  const read = (lines: readonly string[], options = {}, table = {}) =>
    tableRegression(parseTable(lines.join('\n'), table), { target: 'yield', ...options });

  test('takes numbers as they are and encodes categories, a pair of them by the second alone', () => {
    const data = read(rows, { name: 'crops' });
    expect([data.name, data.count, data.features, data.target]).toEqual(['crops', 3, 3, 'yield']);
    expect(data.featureNames).toEqual(['length', 'kind=b', 'constant']);
    expect([0, 1, 2].map((row) => rowOf(data, row))).toEqual([
      [1.5, 0, 3],
      [2.5, 1, 3],
      [4, 0, 3],
    ]);
    const three = read([rows[0], rows[1], rows[2], '4,c,3,-10']);
    expect(three.featureNames).toEqual(['length', 'kind=a', 'kind=b', 'kind=c', 'constant']);
    expect(rowOf(three, 2)).toEqual([4, 0, 0, 1, 3]);
    expect([...data.y]).toEqual([10, 20.5, -10]);
    expect(data.constant).toEqual(['constant']);
    expect(data.lines).toEqual([2, 3, 4]);
  });

  test('keeps float64: an offset such as that of dates survives', () => {
    const data = read(['day,yield', '1700000000.25,1', '1700000000.5,2']);
    expect([...data.X]).toEqual([1700000000.25, 1700000000.5]);
  });

  test('ignores columns on request', () => {
    expect(read(rows, { ignore: ['kind', 'constant'] }).featureNames).toEqual(['length']);
    expect(read(rows, { categorical: ['constant'], ignore: ['kind'] }).featureNames).toEqual(['length', 'constant=3']);
  });

  test.each([
    ['a feature that is NaN', '2.5,b,NaN,20.5', 'line 3, column "constant": the value is missing ("NaN")'],
    ['a feature that is empty', ',b,3,20.5', 'line 3, column "length": the value is missing'],
    ['a target that is NaN', '2.5,b,3,NaN', 'line 3, column "yield": the value is missing ("NaN")'],
    ['a target that is no number', '2.5,b,3,high', 'line 3, column "yield": "high" is not a number'],
    ['a target that is infinite', '2.5,b,3,1e999', 'line 3, column "yield": "1e999" is too large for float32'],
    ['a feature that is infinite', '-inf,b,3,2', 'line 3, column "length": "-inf" is not a number'],
  ])('refuses %s', (_, row, message) => {
    expect(() => read([rows[0], rows[1], row, rows[3]], {}, { header: true })).toThrow(message);
  });

  test('fills or drops missing values on request', () => {
    const holed = [rows[0], rows[1], ',b,3,20.5', rows[3]];
    expect(rowOf(read(holed, { missing: 'mean' }), 1)).toEqual([2.75, 1, 3]);
    const dropped = read(holed, { missing: 'drop' });
    expect([dropped.count, dropped.dropped]).toEqual([2, 1]);
    expect(dropped.lines).toEqual([2, 4]);
    const untold = [rows[0], rows[1], '2.5,b,3,', rows[3]];
    expect(() => read(untold, { missing: 'mean' })).toThrow('line 3, column "yield": the target is missing');
    expect([...read(untold, { missing: 'drop' }).y]).toEqual([10, -10]);
  });

  test('refuses a target that is missing, ignored, alone or constant', () => {
    expect(() => read(rows, { target: 'yeild' })).toThrow(
      'there is no column "yeild". Did you mean "yield"? The columns are length, kind, constant, yield',
    );
    expect(() => read(rows, { ignore: ['yield'] })).toThrow('column "yield" is the target and cannot be ignored');
    expect(() => read(['yield', '1', '2'])).toThrow('there is no column besides the target');
    expect(() => read(rows, { target: 'constant' })).toThrow(
      'column "constant": the target is 3 in every row; there is nothing to explain',
    );
  });
});

describe('standardisedRegression', () => {
  const [count, features] = [50, 3];
  const data: RegressionData = {
    name: 'random',
    count,
    features,
    X: Float64Array.from(normals(count * features, 5), (x, at) => (at % features === 2 ? 7 : 10 * x + 1e6)),
    y: Float64Array.from(normals(count, 6), (x) => x + 100),
    featureNames: ['a', 'b', 'c'],
    target: 'y',
  };

  test('transforms features to mean 0 and deviation 1, the target to mean 0, and constants to 0', () => {
    const { X, y, standardisation, targetMean } = standardisedRegression(data);
    for (let feature = 0; feature < features; feature++) {
      const column = X.filter((_, at) => at % features === feature);
      expect(column.reduce((sum, x) => sum + x, 0) / count).toBeCloseTo(0, 9);
      expect(column.reduce((sum, x) => sum + x * x, 0) / count).toBeCloseTo(feature === 2 ? 0 : 1, 9);
    }
    expect(y.reduce((sum, value) => sum + value, 0) / count).toBeCloseTo(0, 12);
    expect(targetMean).toBeCloseTo(100, 0);
    expect(standardisation.constant).toEqual([2]);
  });

  test('is fitted to the given rows only', () => {
    const half = Array.from({ length: 25 }, (_, row) => 2 * row);
    const fitted = standardisedRegression(data, half);
    const alone = standardisedRegression(regressionRows(data, half));
    expect(fitted.standardisation).toEqual(alone.standardisation);
    expect(fitted.targetMean).toBe(alone.targetMean);
    expect([...regressionRows(fitted, half).X]).toEqual([...alone.X]);
    expect(fitted.count).toBe(count);
  });

  test('can be undone: the model for the original data predicts the same', () => {
    const standard = standardisedRegression(data);
    const beta = [3, -2, 0];
    const { intercept, coefficients } = unstandardisedModel(standard, beta);
    for (const row of [0, 17, 49]) {
      const dot = (x: number[], b: ArrayLike<number>): number => x.reduce((sum, value, at) => sum + value * b[at], 0);
      const expected = dot(rowOf(standard, row), beta) + standard.targetMean;
      expect(intercept + dot(rowOf(data, row), coefficients)).toBeCloseTo(expected, 8);
    }
    expect(() => unstandardisedModel(standard, [1])).toThrow('there are 1 coefficients; there must be 3');
  });

  test('refuses rows that do not exist', () => {
    expect(() => regressionRows(data, [0, 50])).toThrow('row index 1 is 50; it must be an integer from 0 to 49');
    expect(() => standardisedRegression(data, [])).toThrow('there are no row indices');
  });
});
