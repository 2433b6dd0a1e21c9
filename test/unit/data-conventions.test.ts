/** Tables as people save them: separators, decimals, thousands and dates of many countries. */
import { describe, expect, test } from 'vitest';
import {
  DataError,
  parseCSV,
  parseTable,
  preparationFrom,
  preparedFor,
  readTable,
  type TableOptions,
  tableDataset,
  tableRegression,
} from '../../src/data/index.ts';
import { normals } from '../support/numbers.ts';

/** A number in the notation of several countries. */
const PLACES: Readonly<Record<string, (value: number) => string>> = {
  plain: (value) => String(value),
  'decimal comma': (value) => String(value).replace('.', ','),
  German: (value) => value.toLocaleString('de-DE', { maximumFractionDigits: 6 }),
  English: (value) => value.toLocaleString('en-US', { maximumFractionDigits: 6 }),
  Swiss: (value) => value.toLocaleString('en-US', { maximumFractionDigits: 6 }).replaceAll(',', '’'),
  French: (value) => value.toLocaleString('fr-FR', { maximumFractionDigits: 6 }),
  'with spaces': (value) =>
    value.toLocaleString('en-US', { maximumFractionDigits: 6 }).replaceAll(',', ' ').replace('.', ','),
};
const SEPARATORS = [',', ';', '\t', '|'] as const;

const values = normals(60, 5, 3000).map((value) => Math.round(value * 100) / 100);
const rows = Array.from({ length: 20 }, (_, row) => values.slice(3 * row, 3 * row + 3));

function writeTable(separator: string, write: (value: number) => string, end = '\n', header = 'a,b,c'): string {
  const cell = (value: number): string => {
    const text = write(value);
    return text.includes(separator) ? `"${text}"` : text;
  };
  const lines = rows.map((row) => row.map(cell).join(separator));
  return [...(header ? [header.replaceAll(',', separator)] : []), ...lines].join(end);
}

describe('numbers', () => {
  for (const [place, write] of Object.entries(PLACES)) {
    test.each(SEPARATORS)(`${place}, between %j`, async (separator) => {
      for (const end of ['\n', '\r\n', '\r']) {
        for (const mark of ['', '\ufeff']) {
          for (const header of ['a,b,c', '']) {
            const table = await readTable(new TextEncoder().encode(mark + writeTable(separator, write, end, header)));
            expect(table.rows.map((row) => row.map(Number))).toEqual(rows);
            expect(table.header).toBe(header !== '');
          }
        }
      }
    });
  }

  test.each(['plain', 'decimal comma'])('%s, in aligned columns', (place) => {
    const write = PLACES[place];
    const lines = rows.map((row) => ` ${row.map((value) => write(value).padStart(10)).join('')}   "car no. ${row[0]}"`);
    const table = parseTable(lines.join('\n'));
    expect(table.rows.map((row) => row.slice(0, 3).map(Number))).toEqual(rows);
    expect(table.rows[0][3]).toBe(`car no. ${rows[0][0]}`);
    expect(table.assumed?.[0]).toBe('spaces separate the cells');
    // As in auto-mpg: a tab before the last column.
    const tabbed = rows.map((row) => `${row.map((value) => write(value).padEnd(12)).join('')}\t"car no. ${row[0]}"`);
    expect(parseTable(tabbed.join('\n')).rows).toEqual(table.rows);
  });

  test('states the interpretation', () => {
    expect(parseTable('x;y\n1,5;a\n2,5;b\n').assumed).toEqual(['decimal commas: "1,5" is 1.5, in "x"']);
    expect(parseTable('x;y\n1.234,5;a\n2;b\n').assumed).toEqual(['decimal commas: "1.234,5" is 1234.5, in "x"']);
    expect(parseTable('x\ty\n1,234.5\t1,000\n2\t3\n').assumed).toEqual(['thousands: "1,234.5" is 1234.5, in "x", "y"']);
    expect(parseTable('x;y\n1 234,5;a\n2;b\n').assumed).toEqual(['decimal commas: "1 234,5" is 1234.5, in "x"']);
    expect(parseTable('x|y\n1|a\n').assumed).toEqual(['bars separate the cells']);
    expect(parseTable('x;y\n1.234;a\n5;b\n').assumed).toEqual(['"1.234" has a decimal point, in "x"']);
    expect(parseTable('x;y\n1;a\n').assumed).toBeUndefined();
    expect(parseTable('x,y\n1.234,a\n').assumed).toBeUndefined();
    const data = tableRegression(parseTable('x;y;z\n1,5;2,5;3\n2,5;3,5;4\n4,5;1,5;0\n'), { target: 'y' });
    expect(data.assumed).toEqual(['decimal commas: "1,5" is 1.5, in "x", "y"']);
    expect(Array.from(data.X)).toEqual([1.5, 3, 2.5, 4, 4.5, 0]);
  });

  test('a first line without names is data: "1,5;2,5"', () => {
    const table = parseTable('1,5;2,5\n3,5;4,5\n');
    expect(table).toMatchObject({
      header: false,
      columns: ['1', '2'],
      rows: [
        ['1.5', '2.5'],
        ['3.5', '4.5'],
      ],
    });
    expect(parseTable('1,5;2,5').rows).toEqual([['1.5', '2.5']]);
    expect(parseTable('1,5 2,5\n3,5 4,5\n').rows).toEqual([
      ['1.5', '2.5'],
      ['3.5', '4.5'],
    ]);
  });

  test('one unambiguous column decides for the ambiguous ones', () => {
    expect(parseTable('x;y\n1.234;0,5\n2.500;1,5\n').rows).toEqual([
      ['1234', '0.5'],
      ['2500', '1.5'],
    ]);
    expect(parseTable('x;y\n1,234;0.5\n2,500;1.5\n').rows).toEqual([
      ['1234', '0.5'],
      ['2500', '1.5'],
    ]);
    expect(parseTable('x;y\n1,234;2.345.678\n5;6\n').rows).toEqual([
      ['1.234', '2345678'],
      ['5', '6'],
    ]);
    // Each column is read by its own convention where the columns differ.
    expect(parseTable('x;y\n1,5;2.5\n2,5;3.75\n').rows).toEqual([
      ['1.5', '2.5'],
      ['2.5', '3.75'],
    ]);
    expect(parseTable('x;y\n0,125;1\n2,500;3\n').rows).toEqual([
      ['0.125', '1'],
      ['2.500', '3'],
    ]);
  });

  test('the option decimal decides, and contradictions are refused', () => {
    const text = 'x;y\n1,234;a\n2,500;b\n';
    expect(parseTable(text, { decimal: ',' }).rows.map(([x]) => x)).toEqual(['1.234', '2.500']);
    expect(parseTable(text, { decimal: '.' }).rows.map(([x]) => x)).toEqual(['1234', '2500']);
    expect(parseTable('x;y\n1.234;a\n', { decimal: ',' }).rows[0][0]).toBe('1234');
    expect(() => parseTable('x;y\n1.5;a\n', { decimal: ',' })).toThrow(
      'line 2, column "x": "1.5" has a decimal point; the option decimal says that decimals follow a comma',
    );
  });

  const regression = (text: string, options: TableOptions = {}) =>
    tableRegression(parseTable(text, options), { target: 'y' });
  test.each<[string, string, TableOptions, string]>([
    [
      '1,234 alone',
      'x;y\n1,234;1\n2,500;2\n',
      {},
      'line 2, column "x": "1,234" could be 1234 or 1.234; say by the option decimal',
    ],
    [
      '1,234 among integers',
      'x;y\n987;1\n2,500;2\n',
      {},
      'line 3, column "x": "2,500" could be 2500 or 2.500; say by the option',
    ],
    [
      '"1,234" between commas',
      'x,y\n"1,234",1\n"2,500",2\n',
      {},
      '"1,234" could be 1234 or 1.234; say by the option decimal',
    ],
    [
      'in the target',
      'x;y\n1;1,234\n2;5\n',
      {},
      'line 2, column "y": "1,234" could be 1234 or 1.234; say by the option decimal',
    ],
    ['both in one column', 'x;y\n1,5;1\n2.5;2\n', {}, 'line 2, column "x": "1,5" has a decimal comma, unlike others'],
    [
      'a comma against the option',
      'x;y\n3,75;1\n2,5;2\n',
      { decimal: '.' },
      '"3,75" has a decimal comma, unlike others, or against',
    ],
    [
      'a text among decimal commas',
      'x;y\n1,5;1\nn/a;2\n2,5;3\n',
      {},
      'line 3, column "x": "n/a" is not a number, as 2 of the 3',
    ],
  ])('refuses %s', (_, text, options, message) => {
    expect(() => regression(text, options)).toThrow(DataError);
    expect(() => regression(text, options)).toThrow(message);
  });

  test('an ambiguous column is harmless where it is not used as numbers', () => {
    const table = parseTable('id;x;y\n1,234;1;2\n2,500;2;3\n3,100;4;1\n');
    expect(tableRegression(table, { target: 'y', ignore: ['id'] }).featureNames).toEqual(['x']);
    expect(tableRegression(table, { target: 'y', categorical: ['id'] }).features).toBe(4);
  });
});

describe('separators', () => {
  test.each(SEPARATORS)('a first line such as sep=%s', (separator) => {
    const text = `sep=${separator}\r\na${separator}b\r\n1${separator}"x, y;z"\r\n`;
    const { separator: found, records, lines } = parseCSV(text);
    expect({ found, records, lines }).toEqual({
      found: separator,
      records: [
        ['a', 'b'],
        ['1', 'x, y;z'],
      ],
      lines: [2, 3],
    });
    expect(parseTable(`\ufeff"sep=${separator}"\n1${separator}2\n`).rows).toEqual([['1', '2']]);
  });

  test.each([
    ['bars', 'a|b,c\n1|2\n', '|'],
    ['semicolons around commas in a name', 'price, EUR;n\n1,5;2\n2,5;3\n', ';'],
    ['commas around semicolons', 'a,b;c\n1,x;y\n2,z;w\n', ','],
    ['the one that all lines have equally many of', 'a;b|c;d\n1|2\n3|4\n', '|'],
    ['spaces', 'x y\n1 2\n3 4\n', ' '],
    ['spaces and tabs', ' x \t y\n 1   2\n\t3\t 4\n', ' '],
    ['tabs around words', 'city\tn\nNew York\t5\nLos Angeles\t7\n', '\t'],
    ['tabs around grouped numbers', 'a\tb\n12 345\t1\n23 456\t2\n', '\t'],
    ['commas with blanks', 'x, y\n1, 2\n', ','],
    ['one column of words', 'name\nAnn Lee\nBob Ray\n', ','],
  ])('detects %s', (_, text, separator) => {
    expect(parseCSV(text).separator).toBe(separator);
  });

  test('of a ragged file are reported', () => {
    expect(() => parseCSV('a,b\n1,2\n1,2,3\n')).toThrow(
      'line 3 has 3 cells; it must have 2, as line 1 has (it is the last one: the file may be cut short); commas are taken to separate cells, unless the option separator says otherwise',
    );
    expect(() => parseCSV('sep=:\na:b\n')).toThrow('line 1: the separator is ":"; it must be a comma, a semicolon');
  });

  test('a line of too many cells is refused before it is cut', () => {
    const commas = ','.repeat(5e7);
    const start = performance.now();
    expect(() => parseCSV(commas)).toThrow('line 1 has 50000001 columns; at most 10000 are read');
    expect(performance.now() - start).toBeLessThan(5000);
    expect(() => parseCSV(`${','.repeat(90)}\n`.repeat(200), { limits: { values: 5000 } })).toThrow(
      'the table has more than 5000 cells; at most 5000 are read: raise limits.values',
    );
  });
});

describe('dates', () => {
  const days = (text: string): number => Date.parse(`${text}Z`) / 86_400_000;
  const read = (cells: readonly string[], options: TableOptions = {}) => {
    const table = parseTable(`when;y\n${cells.map((cell, row) => `${cell};${row}`).join('\n')}`, options);
    return { table, data: tableRegression(table, { target: 'y' }) };
  };

  test.each<[string, string[], string[], TableOptions?]>([
    ['ISO', ['2020-12-31', '2021-01-01'], ['2020-12-31', '2021-01-01']],
    ['ISO with a time', ['2020-12-31T12:30', '2021-01-01 06:00:30'], ['2020-12-31T12:30', '2021-01-01T06:00:30']],
    ['days first, by points', ['1.2.2020', '03.04.2021'], ['2020-02-01', '2021-04-03']],
    ['days first, by a day above 12', ['31/12/2020', '03/04/2021'], ['2020-12-31', '2021-04-03']],
    ['months first, by a day above 12', ['12/31/2020', '03/04/2021'], ['2020-12-31', '2021-03-04']],
    ['with the option', ['05/06/2020', '03/04/2021'], ['2020-06-05', '2021-04-03'], { dates: 'day-first' }],
    ['with the other', ['05/06/2020', '03/04/2021'], ['2020-05-06', '2021-03-04'], { dates: 'month-first' }],
    ['of twelve hours', ['1/31/2020 12:00 AM', '1/31/2020 1:30 pm'], ['2020-01-31T00:00', '2020-01-31T13:30']],
    ['years first', ['2020/12/31', '2021/1/1'], ['2020-12-31', '2021-01-01']],
  ])('%s', (_, cells, expected, options) => {
    const { data } = read(cells, options);
    expect(Array.from(data.X)).toEqual(expected.map(days));
    expect(data.featureNames).toEqual(['when']);
    expect(data.assumed.at(-1)).toBe('dates count in days since 1970-01-01, in "when"');
  });

  test('state the interpretation', () => {
    expect(read(['31/12/2020', '03/04/2021']).data.assumed[0]).toBe('dates: "31/12/2020" is 2020-12-31, in "when"');
  });

  test('another column decides whether day or month comes first', () => {
    const table = parseTable('a,b,y\n03/04/2020,31/12/2020,1\n05/06/2020,30/12/2020,2\n');
    expect(table.rows[0].slice(0, 2)).toEqual(['2020-04-03', '2020-12-31']);
  });

  test.each<[string, string[], TableOptions, string]>([
    [
      'either order',
      ['03/04/2020', '05/06/2020'],
      {},
      '"03/04/2020" could be 2020-04-03 or 2020-03-04; say by the option dates',
    ],
    [
      'either order, but for the first',
      ['01/01/2020', '03/04/2020'],
      {},
      '"03/04/2020" could be 2020-04-03 or 2020-03-04; say by the option dates',
    ],
    ['among numbers', ['5', '01/01/2020', '6'], {}, '"01/01/2020" is not a number, as 2 of the 3 values are'],
    ['both orders', ['13/04/2020', '05/16/2020'], {}, 'is not written as the other dates are'],
    ['against the option', ['31/12/2020', '30/12/2020'], { dates: 'month-first' }, 'or the option dates says'],
    ['of no calendar', ['2020-02-30', '2020-02-28'], {}, '"2020-02-30" is no date of the calendar'],
    [
      'of two digits for the year',
      ['31.12.20', '30.12.20'],
      {},
      '"31.12.20" is a date with two digits for the year; write four',
    ],
    ['with a text', ['2020-12-31', 'soon', '2020-12-30'], {}, '"soon" is not a date, as 2 of the 3 values are'],
    ['with a number', ['2020-12-31', '5', '2020-12-30'], {}, '"5" is not a date, as 2 of the 3 values are'],
  ])('refuses %s', (_, cells, options, message) => {
    expect(() => read(cells, options)).toThrow(message);
  });

  test('in a header are names', () => {
    expect(parseTable('city,2020-01-01,2020-01-02\nRome,5,6\nOslo,1,2\n')).toMatchObject({ header: true });
    expect(parseTable('2020-01-01,a\n2020-01-02,b\n')).toMatchObject({ header: false });
  });

  test('are read as in training', async () => {
    const text = 'when;class\n2020-12-31;a\n01.01.2021;b\n03.01.2021;a\n05.01.2021;b\n';
    const table = parseTable(text.replace('2020-12-31', '31.12.2020'));
    const { preparation } = tableDataset(table, { target: 'class', heldOut: 0, standardise: false });
    const stored = preparationFrom(JSON.parse(JSON.stringify(preparation)));
    const { inputs, assumed } = await preparedFor(stored, 'when;class\n02.01.2021;\n');
    expect(Array.from(inputs)).toEqual([days('2021-01-02')]);
    expect(assumed).toEqual(['dates: "02.01.2021" is 2021-01-02, in "when"']);
    await expect(preparedFor(stored, 'when;class\n18000;\n')).rejects.toThrow('"18000" is not a date');
  });
});

describe('columns that become many features', () => {
  const table = (cell: (row: number) => string) =>
    parseTable(`w,y\n${Array.from({ length: 30 }, (_, row) => `${cell(row)},${row % 7}`).join('\n')}`);

  test.each([
    [
      'numbers with a unit',
      (row: number) => `${row} kg`,
      'holds 30 different texts, such as "0 kg", each of which becomes a feature: write numbers alone, without a unit, or list',
    ],
    ['amounts', (row: number) => `$${row % 12}`, 'holds 12 different texts, such as "$0"'],
    [
      'names',
      (row: number) => `name ${String.fromCharCode(65 + (row % 25))}`,
      'such as "name A", each of which becomes a feature: leave it out by the option ignore',
    ],
  ])('warns of %s', (_, cell, message) => {
    const { warnings } = tableRegression(table(cell), { target: 'y' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(message);
    expect(tableDataset(table(cell), { target: 'y' }).warnings).toEqual(warnings);
    expect(tableRegression(table(cell), { target: 'y', categorical: ['w'] }).warnings).toEqual([]);
    expect(
      tableRegression(
        table((row) => 'abc'[row % 3]),
        { target: 'y' },
      ).warnings,
    ).toEqual([]);
  });
});
