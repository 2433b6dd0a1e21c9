/** What the web app says of a checkpoint over other data, and of a run that went wrong. */
import { describe, expect, test } from 'vitest';
import type { DataSummary } from '../../demo/model/protocol.ts';
import { countOf } from '../../demo/page/words.ts';
import { adviseOnLoss, explainFailure } from '../../demo/train/advice.ts';
import { RunHistory } from '../../demo/train/history.ts';
import { DEFAULTS } from '../../demo/train/settings.ts';
import { compareData, describeOrigin, warnOfOtherData } from '../../demo/train/trained-on.ts';
import { parseTable, tableDataset } from '../../src/data/index.ts';

function summaryOf(csv: string, name: string): DataSummary {
  const table = parseTable(csv);
  const {
    classNames,
    preparation,
    featureShape,
    featureNames,
    train,
    test: held,
  } = tableDataset(table, { target: 'c', name });
  return {
    name,
    kind: 'table',
    classNames,
    targets: [],
    features: train.features,
    featureShape,
    trainCount: train.count,
    testCount: held.count,
    columns: table.columns,
    target: 'c',
    featureNames,
    remarks: [],
    preparation,
    shown: { inputs: held.inputs, labels: held.labels, targets: new Float64Array(), count: held.count },
  };
}

const rows = (shift: number): string =>
  Array.from({ length: 10 }, (_, row) => `${row + shift},${'xy'[row % 2]}`).join('\n');
const own = summaryOf(`a,c\n${rows(0)}\n`, 'own.csv');

describe('data of a checkpoint', () => {
  const origin = describeOrigin(own);
  // A checkpoint stores JSON, whose keys may be in another order.
  const { kind, ...others } = own.preparation;
  const stored = { ...origin, preparation: JSON.parse(JSON.stringify({ ...others, kind })) };

  test('the same rows are known, under any name', () => {
    expect(compareData(stored, own)).toBe('same');
    expect(warnOfOtherData(stored, { ...own, name: 'renamed.csv' })).toBeUndefined();
  });

  test.each([
    [
      'other rows of the same columns',
      `a,c\n${rows(5)}\n`,
      'alike',
      /not on exactly the data here, which are new\.csv/,
    ],
    [
      'another column',
      `b,c\n${rows(0)}\n`,
      'other',
      /cannot be used on the data here, which are new\.csv: it takes 1 number for each row/,
    ],
    ['other classes', `a,c\n${rows(0)}\n9,z\n8,z\n`, 'other', /tells 2 classes apart/],
  ])('%s', (_, csv, likeness, warning) => {
    const now = summaryOf(csv, 'new.csv');
    expect(compareData(stored, now)).toBe(likeness);
    expect(warnOfOtherData(stored, now)).toMatch(warning);
    expect(warnOfOtherData(stored, now)).toMatch(/^This model was trained on own\.csv/);
  });
});

describe('a run that went wrong', () => {
  const fast = { ...DEFAULTS, rate: 1000 };

  test('the rate is named before what the library says, if it is to blame', () => {
    expect(explainFailure('ConvergenceError', 'not solved', fast)).toMatch(
      /^A rate of 1000 is too high for Adam; try 0\.01\..*not solved$/,
    );
    expect(explainFailure('ConvergenceError', 'not solved', DEFAULTS)).toBe('not solved');
    expect(explainFailure('RangeError', 'width is 0', fast)).toBe('width is 0');
  });

  test('a loss that rose is said to have risen', () => {
    const history = new RunHistory();
    history.restore([2.3, 1, 2000], []);
    expect(adviseOnLoss(history, fast)).toBe(
      'The loss rose from 2.30 to 2.00e+3. A rate of 1000 is too high for Adam; try 0.01.',
    );
    expect(adviseOnLoss(history, DEFAULTS)).toMatch(/Try a rate below 0\.01\.$/);
    history.restore([2.3, 1, 0.1], []);
    expect(adviseOnLoss(history, fast)).toBeUndefined();
  });
});

test('one is not many', () => {
  expect([countOf(1, 'epoch'), countOf(0, 'epoch'), countOf(1234, 'class', 'classes')]).toEqual([
    '1 epoch',
    '0 epochs',
    '1,234 classes',
  ]);
});
