import { BOOLEAN, createArgumentCheck, isList, isListOf, isObject, TEXT } from '../arguments/check.ts';
import { findNearestName } from '../arguments/nearest.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { CONVENTION_OPTIONS, type ConventionOptions, rewriteUniformly } from './conventions.ts';
import { CSV_OPTIONS, type CSVOptions, readRecords } from './csv.ts';
import { isDateLike } from './dates.ts';
import { DataError } from './limits.ts';
import { isNumberLike } from './numbers.ts';
import { SEPARATOR_NAMES } from './separator.ts';
import { readText, type Source } from './source.ts';

/** A table of texts with named columns. */
export interface Table {
  /** The names of the columns. A column without a name is named by its number, counted from 1. */
  readonly columns: readonly string[];
  /** Whether the first line of the file contained the names. */
  readonly header: boolean;
  /**
   * The cells, one per column in each row. Numbers and dates are rewritten in one way: 1,5 and 1.234,5 as 1.5 and
   * 1234.5, and 31.12.2020 as 2020-12-31.
   */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row begins, counted from 1. */
  readonly lines: readonly number[];
  /** Sentences about how ambiguous cells were understood; absent where there were none. */
  readonly assumed?: readonly string[];
}

/** Options of `readTable` and `parseTable`. */
export interface TableOptions extends CSVOptions, ConventionOptions {
  /**
   * Whether the first line contains the names of the columns. By default it does if none of its cells is a number. It
   * is an error if some cells are numbers and yet a text stands above a column of numbers.
   */
  header?: boolean;
}

export const TABLE_OPTIONS: Checks<TableOptions> = { ...CSV_OPTIONS, ...CONVENTION_OPTIONS, header: BOOLEAN };

/** Tables that were made here or have already been checked. */
const known = new WeakSet<object>();

/** @throws RangeError unless the value has the type Table */
export const TABLE = createArgumentCheck('a table, as parseTable() gives it', (value) => {
  if (!isObject(value)) return false;
  if (known.has(value)) return true;
  const { columns, header, rows, lines } = value as Table;
  const areTexts = (cells: readonly unknown[]): boolean => isListOf(cells, (cell) => typeof cell === 'string');
  const isTable =
    areTexts(columns) &&
    typeof header === 'boolean' &&
    isListOf(rows, (row: readonly unknown[]) => areTexts(row) && row.length === columns.length) &&
    rows.length > 0 &&
    isList(lines) &&
    lines.length === rows.length;
  if (isTable) known.add(value);
  return isTable;
});

/**
 * Reads a table from a CSV file, plain or .gz, in the format described at `parseCSV`.
 *
 * @param source the file, or its text
 * @throws DataError that names the line where the file is broken, two columns have the same name, or a limit is
 *   exceeded
 */
export async function readTable(source: Source | string, given?: TableOptions): Promise<Table> {
  const options = readOptions('readTable', given, TABLE_OPTIONS);
  return createTable(typeof source === 'string' ? source : await readText(source, options), options);
}

/** Like `readTable`, for a text in memory. */
export function parseTable(text: string, options?: TableOptions): Table {
  TEXT('parseTable: text', text);
  return createTable(text, readOptions('parseTable', options, TABLE_OPTIONS));
}

function createTable(text: string, options: TableOptions): Table {
  const { records, lines, separator } = readRecords(text, options);
  const header = options.header ?? hasHeader(records);
  const columns = records[0].map((name, index) => (header && name !== '' ? name : String(index + 1)));
  const twice = columns.findIndex((name, index) => columns.indexOf(name) < index);
  if (twice >= 0) {
    const name = columns[twice];
    throw new DataError(
      `line ${lines[0]}: columns ${columns.indexOf(name) + 1} and ${twice + 1} are both named ${JSON.stringify(name)}; a name may be used once`,
    );
  }
  const start = header ? 1 : 0;
  if (records.length === start) throw new DataError('the table has a header and no rows');
  const cells = { names: columns, rows: records.slice(start), lines: lines.slice(start) };
  const { rows, assumed } = rewriteUniformly(cells, options, isMissing, separator);
  if (!options.separator && (separator === ' ' || separator === '|')) {
    assumed.unshift(`${SEPARATOR_NAMES[separator]} separate the cells`);
  }
  const table = { columns, header, rows, lines: cells.lines, ...(assumed.length > 0 && { assumed }) };
  known.add(table);
  return table;
}

function hasHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = records;
  /** A date in the first line may be the name of a column. It is data only if all cells below it are dates, too. */
  const isDate = (cell: string, column: number): boolean =>
    isDateLike(cell) && rest.every((record) => isMissing(record[column]) || isDateLike(record[column]));
  const isValue = (cell: string, column: number): boolean => isNumberLike(cell) || isDate(cell, column);
  const isText = (cell: string): boolean => !isMissing(cell) && !isNumberLike(cell) && !isDateLike(cell);
  if (!first.some(isValue)) return true;
  const above = first.findIndex(
    (cell, column) => isText(cell) && rest.length > 0 && rest.every((record) => !isText(record[column])),
  );
  if (above < 0) return false;
  throw new DataError(
    `line 1 could be a header or data: ${JSON.stringify(first[above])} stands above a column of numbers, and other cells of the line are numbers; say which by the option header`,
  );
}

/** Whether the value of a cell is missing. */
export function isMissing(cell: string): boolean {
  return cell === '' || cell === 'NA' || cell === 'NaN' || cell === 'nan' || cell === '?';
}

/**
 * @param option that names the column, for the error
 * @throws DataError that lists the columns and suggests the closest name where no column has this name
 */
export function columnIndex({ columns }: Table, name: string, option?: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  // A suggestion may differ in fewer than half of the letters.
  const closest = findNearestName(name, columns, Math.max(name.length, 2) / 2);
  const suggestion = closest === undefined ? '' : ` Did you mean ${JSON.stringify(closest)}?`;
  const listed =
    columns.length > 30 ? `${columns.slice(0, 30).join(', ')} and ${columns.length - 30} more` : columns.join(', ');
  const asked = option === undefined ? '' : `${option}: `;
  throw new DataError(`${asked}there is no column ${JSON.stringify(name)}.${suggestion} The columns are ${listed}`);
}
