import { BOOLEAN, checkFor, isObject, TEXT } from '../arguments/check.ts';
import { nearestTo } from '../arguments/nearest.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { CSV_OPTIONS, type CSVOptions, recordsOf } from './csv.ts';
import { DataError } from './limits.ts';
import { type Source, textOf } from './source.ts';

/** A table of texts with named columns. */
export interface Table {
  /** Without a header, and where the header leaves a name empty, a column is named by its number from 1. */
  readonly columns: readonly string[];
  /** Whether the first line of the file held the names. */
  readonly header: boolean;
  /** The cells, as many in each row as there are columns. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file, counted from 1, where each row begins. */
  readonly lines: readonly number[];
}

export interface TableOptions extends CSVOptions {
  /**
   * Whether the first line holds names. Default: it does where none of its cells is a number. Where some are, and yet a
   * text stands above a column of numbers, nobody can tell, and that is an error.
   */
  header?: boolean;
}

export const TABLE_OPTIONS: Checks<TableOptions> = { ...CSV_OPTIONS, header: BOOLEAN };

/** Those that were made here, or looked at, need no further look. */
const known = new WeakSet<object>();

/** @throws RangeError unless it is what its type says that it is */
export const TABLE = checkFor('a table, as parseTable() gives it', (value) => {
  if (!isObject(value)) return false;
  if (known.has(value)) return true;
  const { columns, header, rows, lines } = value as Table;
  const areTexts = (cells: readonly unknown[]): boolean =>
    Array.isArray(cells) && cells.every((cell) => typeof cell === 'string');
  const isTable =
    areTexts(columns) &&
    typeof header === 'boolean' &&
    Array.isArray(rows) &&
    rows.length > 0 &&
    rows.every((row) => areTexts(row) && row.length === columns.length) &&
    Array.isArray(lines) &&
    lines.length === rows.length;
  if (isTable) known.add(value);
  return isTable;
});

/**
 * Reads a CSV file, plain or .gz; `parseCSV` says what it may look like.
 *
 * @param source the file, or its text
 * @throws DataError with the line number where the file is broken, two columns have one name, or a limit is exceeded
 */
export async function readTable(source: Source | string, given?: TableOptions): Promise<Table> {
  const options = readOptions('readTable', given, TABLE_OPTIONS);
  return tableOf(typeof source === 'string' ? source : await textOf(source, options), options);
}

/** As `readTable`, for text that is there. */
export function parseTable(text: string, options?: TableOptions): Table {
  TEXT('parseTable: text', text);
  return tableOf(text, readOptions('parseTable', options, TABLE_OPTIONS));
}

function tableOf(text: string, options: TableOptions): Table {
  const { records, lines } = recordsOf(text, options);
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
  const table = { columns, header, rows: records.slice(start), lines: lines.slice(start) };
  known.add(table);
  return table;
}

function hasHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = records;
  const isText = (cell: string): boolean => !isMissing(cell) && numberOf(cell) === undefined;
  if (!first.some((cell) => numberOf(cell) !== undefined)) return true;
  const above = first.findIndex(
    (cell, column) => isText(cell) && rest.length > 0 && rest.every((record) => !isText(record[column])),
  );
  if (above < 0) return false;
  throw new DataError(
    `line 1 could be a header or data: ${JSON.stringify(first[above])} stands above a column of numbers, and other cells of the line are numbers; say which by the option header`,
  );
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a cell holds, with a decimal point if any; undefined where it holds something else. */
export function numberOf(cell: string): number | undefined {
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Whether a cell says that its value is not known. */
export function isMissing(cell: string): boolean {
  return cell === '' || cell === 'NA' || cell === 'NaN' || cell === 'nan' || cell === '?';
}

/** @throws DataError that lists the columns and suggests the closest where there is none of that name */
export function columnIndex({ columns }: Table, name: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  // Fewer than half of its letters are to change.
  const closest = nearestTo(name, columns, Math.max(name.length, 2) / 2);
  const suggestion = closest === undefined ? '' : ` Did you mean ${JSON.stringify(closest)}?`;
  const listed =
    columns.length > 30 ? `${columns.slice(0, 30).join(', ')} and ${columns.length - 30} more` : columns.join(', ');
  throw new DataError(`there is no column ${JSON.stringify(name)}.${suggestion} The columns are ${listed}`);
}
