/** What the web app asks about a table, and what it makes of the answers. */
import { describe, expect, test } from 'vitest';
import {
  countGaps,
  listTargets,
  mustAsk,
  suggestChoice,
  type TableChoice,
  withTarget,
} from '../../demo/tables/choice.ts';
import { inspectTable } from '../../demo/tables/facts.ts';
import { readData } from '../../demo/train/data.ts';

const CSV = `name,size,mixed,empty,price,place
a,1,1,,10.5,north
b,,2,,11.5,south
c,3,x,,12.5,north
d,4,4,,,south
e,5,5,,14.5,north
f,6,6,,15.5,south
`;
const file = new File([CSV], 'houses.csv');
const inspect = () => inspectTable({ file, form: {} });

describe('what a table holds', () => {
  test('the kind of each column, its gaps, and why it cannot be used as it is', async () => {
    const { rows, columns, gaps } = await inspect();
    expect(rows).toBe(6);
    expect(columns.map(({ kind }) => kind)).toEqual([
      'categories',
      'numbers',
      undefined,
      undefined,
      'numbers',
      'categories',
    ]);
    expect(columns.map(({ missing }) => missing)).toEqual([0, 1, 0, 6, 1, 0]);
    expect(columns[2].problem).toMatch(/^line 4, column "mixed": "x" is not a number/);
    expect(columns[3].problem).toMatch(/all values are missing/);
    expect(columns[0].examples).toEqual(['a', 'b', 'c', 'd']);
    expect(gaps).toEqual([
      { at: [3], rows: 4 },
      { at: [1, 3], rows: 1 },
      { at: [3, 4], rows: 1 },
    ]);
  });

  test('a file that is no table is refused by name', async () => {
    await expect(inspectTable({ file: new File(['a,b\n1\n'], 'broken.csv'), form: {} })).rejects.toThrow(
      /^broken\.csv: line 2/,
    );
  });

  test('it is read as its user says', async () => {
    const { header, columns } = await inspectTable({
      file: new File(['a;b\n1,5;2\n'], 'x.csv'),
      form: { header: false, separator: ';' },
    });
    expect([header, columns.map(({ name }) => name)]).toEqual([false, ['1', '2']]);
  });
});

describe('what is suggested', () => {
  test('the last column that can be the target; columns that cannot be used are left out, and the user is asked', async () => {
    const facts = await inspect();
    expect(listTargets(facts, 'numbers')).toEqual(['size', 'price']);
    const forNumbers = suggestChoice(facts, 'numbers');
    expect(forNumbers).toMatchObject({ target: 'price', ignore: ['mixed', 'empty'], missing: 'error' });
    expect(suggestChoice(facts, 'either').target).toBe('place');
    expect(mustAsk(facts, forNumbers)).toBe(true);
  });

  test('nothing is asked of a table that leaves nothing open', async () => {
    const facts = await inspectTable({ file: new File(['a,b\n1,x\n2,y\n'], 'x.csv'), form: {} });
    expect(mustAsk(facts, suggestChoice(facts, 'either'))).toBe(false);
    expect(mustAsk(facts, suggestChoice(facts, 'numbers'))).toBe(false); // a is explained by b
  });

  test('gaps count in the columns that are used', async () => {
    const facts = await inspect();
    expect(countGaps(facts, [])).toBe(6);
    expect(countGaps(facts, ['empty'])).toBe(2);
    expect(countGaps(facts, ['empty', 'size'])).toBe(1);
  });

  test('another target is used neither as a feature nor left out', () => {
    const choice: TableChoice = { target: 'a', ignore: ['b', 'c'], categorical: ['b'], missing: 'drop', form: {} };
    expect(withTarget(choice, 'b')).toEqual({ ...choice, target: 'b', ignore: ['c'], categorical: [] });
  });
});

describe('numbers or classes', () => {
  const read = (task?: 'classification' | 'regression') => {
    const rows = Array.from({ length: 30 }, (_, row) => `${row},${(row % 4) + 0.5},${row % 3}`);
    const file = new File([`size,price,kind\n${rows.join('\n')}\n`], 'houses.csv');
    return (target: string) =>
      readData({
        kind: 'table',
        file,
        choice: { target, ignore: [], categorical: [], missing: 'error', form: {}, task },
      });
  };

  test('decimal numbers are predicted as numbers, and few integers as classes, unless their user says otherwise', async () => {
    const { dataset, options } = await read()('price');
    expect(dataset).toMatchObject({ targetNames: ['price'], preparation: { kind: 'regression', targets: ['price'] } });
    expect(options).toMatchObject({ target: 'price', 'held-out': '0.2' });
    expect((await read()('kind')).dataset).toMatchObject({ classNames: ['0', '1', '2'] });
    expect((await read('regression')('kind')).dataset).toMatchObject({ targetNames: ['kind'] });
  });

  test('decimal numbers are refused as classes, with the place', async () => {
    await expect(read('classification')('price')).rejects.toThrow(
      /^houses\.csv: line 2, column "price": the class is 0\.5/,
    );
  });

  test('another target is predicted as its values suggest', () => {
    const choice: TableChoice = {
      target: 'a',
      ignore: [],
      categorical: [],
      missing: 'error',
      form: {},
      task: 'regression',
    };
    expect(withTarget(choice, 'b').task).toBeUndefined();
  });
});

test('the choice is stored as the options of the command line', async () => {
  const rows = Array.from({ length: 20 }, (_, row) => `${row},${row % 3},${row % 7 ? row : ''},${'xy'[row % 2]}`);
  const table = new File([`id,"part, kind",gap,class\n${rows.join('\n')}\n`], 'parts.csv');
  const choice: TableChoice = {
    target: 'class',
    ignore: ['id'],
    categorical: ['part, kind'],
    missing: 'drop',
    form: { separator: ',' },
  };
  const { dataset, options, remarks } = await readData({ kind: 'table', file: table, choice });
  expect(dataset.train.count + dataset.test.count).toBe(17);
  expect(remarks).toEqual(['3 rows with a missing value are left out']);
  expect(options).toEqual({
    target: 'class',
    'held-out': '0.2',
    ignore: 'id',
    categorical: '"part, kind"',
    missing: 'drop',
    standardise: 'yes',
    header: 'yes',
    separator: 'comma',
  });
});
