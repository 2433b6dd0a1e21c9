import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError, parseCSV, parseTable, readTable } from '../../src/data/index.ts';
import { gzipped, writeCSV } from '../support/files.ts';

const cell = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', ',', ';', '\t', '\n', '\r', ' ', 'a', 'é', '1'), maxLength: 6 }),
);

const records = fc
  .integer({ min: 2, max: 5 })
  .chain((columns) =>
    fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }),
  );

describe('parseCSV', () => {
  test('restores any table written according to RFC 4180', () => {
    fc.assert(
      fc.property(
        records,
        fc.record({
          separator: fc.constantFrom(',', ';', '\t'),
          lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
          quoteAll: fc.boolean(),
        }),
        fc.boolean(),
        (table, style, mark) => {
          const text = (mark ? '\ufeff' : '') + writeCSV(table, style);
          const separator = style.separator as ',' | ';' | '\t';
          expect(parseCSV(text, { separator }).records).toEqual(table);
          expect(parseCSV(text.slice(0, -style.lineEnd.length), { separator }).records).toEqual(table);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any text results in a table or an error with a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', '1'), maxLength: 20 }), (text) => {
        try {
          const { records: found, lines } = parseCSV(text);
          expect(new Set(found.map((record) => record.length)).size).toBe(1);
          expect(lines).toHaveLength(found.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^line \d+|^the table is empty$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['comma', 'a,b;c\n', ','],
    ['semicolon', 'a;b;c,d\n1;2;3,4\n', ';'],
    ['tab', 'a\tb\n1,2\t3,4\n', '\t'],
    ['what stands outside quotes', '"a,b,c";d\n', ';'],
    ['a comma where there is none', 'a\n', ','],
  ])('detects the separator: %s', (_, text, separator) => {
    expect(parseCSV(text).separator).toBe(separator);
  });

  test('strips spaces around cells, and keeps those within quotes', () => {
    expect(parseCSV(' 1 ,\t2,  " a " , b c \n').records).toEqual([['1', '2', ' a ', 'b c']]);
  });

  test('knows the line on which each record begins', () => {
    expect(parseCSV('a,b\r\n"1\r\n2",3\r\n4,"5\n\n6"\r\n7,8\r\n\r\n\r\n').lines).toEqual([1, 2, 4, 7]);
  });

  test.each([
    ['nothing', '', 'the table is empty'],
    ['empty lines', '\n\r\n\n', 'the table is empty'],
    ['too few cells', 'a,b\n1,2\n3\n4,5\n', 'line 3 has 1 cell; it must have 2, as line 1 has'],
    ['too many cells', 'a,b\n1,"x\ny"\n1,2,3\n4,5', 'line 4 has 3 cells; it must have 2'],
    [
      'a last line that is cut',
      'a,b,c\n1,2,3\n4,5',
      'line 3 has 2 cells; it must have 3, as line 1 has (it is the last one',
    ],
    ['an empty line inside', 'a,b\n\n1,2\n', 'line 2 is empty; it must have 2'],
    ['a quote that is not closed', 'a,b\n1,2\n"3,4\n5,6\n', 'line 3: the quote that opens here is never closed'],
    ['a quote inside a cell', 'a,b\n5",6\n', 'line 2: a quote stands inside the cell "5\\"";'],
    ['text after a closing quote', 'a,b\n"x"y,6\n', 'line 2: "y" follows a closing quote'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseCSV(text)).toThrow(message);
  });

  test('keeps to its limits', () => {
    expect(() => parseCSV('a,b,c\n', { limits: { columns: 2 } })).toThrow(
      'line 1 has 3 columns; at most 2 are read: raise limits.columns',
    );
    expect(() => parseCSV('a\n1\n2\n3\n', { limits: { rows: 2 } })).toThrow(
      'the table has more than 2 rows; at most 2',
    );
    expect(parseCSV('a\n1\n2\n', { limits: { rows: 2 } }).records).toHaveLength(3);
    expect(() => parseCSV('a', { separator: ':' as ',' })).toThrow('separator is ":"; it must be');
  });
});

describe('readTable', () => {
  const expected = { columns: ['a', 'é'], header: true, rows: [['1', '2']], lines: [2] };

  test.each([
    ['text', 'a,é\n1,2\n'],
    ['UTF-8', new TextEncoder().encode('a,é\n1,2\n')],
    ['UTF-8 with a mark', new TextEncoder().encode('\ufeffa,é\n1,2\n')],
    ['UTF-16', new Uint8Array(Buffer.from('\ufeffa\té\r\n1\t2\r\n', 'utf16le'))],
    ['.gz', gzipped('a;é\r1;2')],
  ])('reads %s', async (_, source) => {
    expect(await readTable(source)).toEqual(expected);
  });

  test('refuses content that is not text', async () => {
    await expect(readTable(Uint8Array.from([0x61, 0xff, 0x62]))).rejects.toThrow('not text in UTF-8; save it as UTF-8');
  });

  test('stops a .gz bomb', async () => {
    const limits = { decompressedBytes: 1000 };
    await expect(readTable(gzipped('1,'.repeat(2 ** 20)), { limits })).rejects.toThrow(
      'raise limits.decompressedBytes',
    );
  });
});

describe('the header', () => {
  test('exists where no cell of the first line is a number', () => {
    expect(parseTable('x,y\n1,2\n')).toMatchObject({ columns: ['x', 'y'], header: true, lines: [2] });
    expect(parseTable('x,y\na,b\n')).toMatchObject({ header: true });
  });

  test('does not exist where one is; columns then have numbers for names', () => {
    expect(parseTable('5.1,setosa\n4.9,virginica\n')).toMatchObject({
      columns: ['1', '2'],
      header: false,
      lines: [1, 2],
    });
    expect(parseTable('5.1,?\n4.9,7\n')).toMatchObject({ header: false });
  });

  test('needs an option where the first line is ambiguous', () => {
    const text = 'label,0,1\n5,1,2\n';
    expect(() => parseTable(text)).toThrow(
      'line 1 could be a header or data: "label" stands above a column of numbers, and other cells of the line are numbers; say which by the option header',
    );
    expect(parseTable(text, { header: true }).columns).toEqual(['label', '0', '1']);
    expect(parseTable(text, { header: false }).rows).toHaveLength(2);
  });

  test('may have empty names, but no repeated ones', () => {
    expect(parseTable(',x\n0,1\n').columns).toEqual(['1', 'x']);
    expect(() => parseTable('x,y,x\n1,2,3\n')).toThrow(
      'line 1: columns 1 and 3 are both named "x"; a name may be used once',
    );
    expect(() => parseTable('x,y\n')).toThrow('the table has a header and no rows');
  });
});
