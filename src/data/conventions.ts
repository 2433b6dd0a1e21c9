/**
 * Detects column by column how the numbers and dates of a table are written, and rewrites them in the one way that the
 * library reads.
 */
import { createArgumentCheck } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { type DateOrder, hasTwoOrders, isDateLike, readISODate } from './dates.ts';
import { DataError } from './limits.ts';
import { type Decimal, decimalShownBy, isNumberLike, readNumber, withPoint } from './numbers.ts';
import type { Separator } from './separator.ts';

export interface ConventionOptions {
  /**
   * The decimal mark of all numbers in the file; the other of point and comma separates thousands. By default each
   * column is examined: 3,75 and 1.234,5 and 1.234.567 show a decimal comma, 3.75 and 0.123 and 1,234.5 a decimal
   * point. A column that shows neither follows the other columns. A number that can still be read both ways is an error
   * where its column is used, except that 1.234 is read with a decimal point.
   */
  decimal?: Decimal;
  /**
   * Whether day or month comes first in dates such as 03/04/2020. By default a day above 12 in the column, or else in
   * another column, decides. If there is none, such a date is an error where its column is used. In dates with points,
   * as in 3.4.2020, the day always comes first.
   */
  dates?: DateOrder;
}

export const CONVENTION_OPTIONS: Checks<ConventionOptions> = {
  decimal: createArgumentCheck('a point or a comma', (value) => value === '.' || value === ','),
  dates: createArgumentCheck('day-first or month-first', (value) => value === 'day-first' || value === 'month-first'),
};

interface Cells {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
}

/** What is known of the cells of a column, apart from missing ones. */
interface Column {
  readonly index: number;
  /** 'plain': all cells are numbers that `readNumber` reads. 'numbers': some are written in another way. */
  kind: 'unknown' | 'plain' | 'numbers' | 'dates' | 'texts';
  /** The conventions that its cells show; 'either' where a cell can be read in both ways. */
  readonly shows: Set<Decimal | DateOrder | 'either'>;
}

/**
 * Rewrites numbers and dates in one way, wherever their convention is known.
 * @param isMissing whether the value of a cell is missing
 * @param separator the separator between cells
 * @returns the rows, and sentences about how ambiguous cells were understood
 */
export function rewriteUniformly(
  cells: Cells,
  { decimal, dates }: ConventionOptions,
  isMissing: (cell: string) => boolean,
  separator: Separator,
): { rows: Cells['rows']; assumed: string[] } {
  const columns = classifyColumns(cells, isMissing);
  for (const column of columns) collectShown(column, cells, isMissing);
  const shown = new Set(columns.flatMap(({ shows }) => [...shows]));
  const rewriters = new Map<number, (cell: string) => string | undefined>();
  const ambiguous: number[] = [];
  for (const { index, kind, shows } of columns) {
    if (kind === 'dates') {
      const order = chooseConvention(dates, shows, shown, ['day-first', 'month-first']);
      // Without ambiguous dates, the column reads the same in any order.
      if (order || !shows.has('either')) rewriters.set(index, (cell) => readISODate(cell, order ?? 'day-first'));
    } else if (kind === 'plain' || kind === 'numbers') {
      if (kind === 'plain' && decimal === ',') checkNoPoint(cells, index, isMissing);
      const mark = chooseConvention(decimal, shows, shown, ['.', ',']);
      // Plain numbers already have a decimal point, if any. With a decimal comma, their points separate thousands.
      if (mark && (kind === 'numbers' || mark === ',')) rewriters.set(index, (cell) => withPoint(cell, mark));
      else if (!mark && kind === 'numbers' && !shows.has('either'))
        rewriters.set(index, (cell) => withPoint(cell, '.'));
      else if (!mark && kind === 'plain' && shows.has('either')) ambiguous.push(index);
    }
  }
  const result = applyRewrites(cells, rewriters, isMissing);
  if (separator === ';' && ambiguous.length > 0) {
    const { rows, names } = cells;
    const example = rows.map((row) => row[ambiguous[0]]).find((cell) => decimalShownBy(cell) === 'either');
    result.assumed.push(`"${example}" has a decimal point, in ${listNames(ambiguous.map((index) => names[index]))}`);
  }
  return result;
}

/**
 * Chooses between two conventions for a column: the option if it is given, otherwise the one that the cells of the
 * column show, otherwise the one that the whole table shows. Undefined where nothing decides, or where the column shows
 * both.
 */
function chooseConvention<Convention extends string>(
  option: Convention | undefined,
  shownByColumn: ReadonlySet<string>,
  shownByTable: ReadonlySet<string>,
  [first, second]: readonly [Convention, Convention],
): Convention | undefined {
  if (option) return option;
  for (const shown of [shownByColumn, shownByTable]) {
    if (shown.has(first) && shown.has(second)) return undefined;
    if (shown.has(first)) return first;
    if (shown.has(second)) return second;
  }
  return undefined;
}

/** Goes row by row, in the order of memory. Once a column holds texts, its further cells are skipped. */
function classifyColumns({ names, rows }: Cells, isMissing: (cell: string) => boolean): Column[] {
  const columns = names.map((_, index): Column => ({ index, kind: 'unknown', shows: new Set() }));
  for (const row of rows) {
    for (const column of columns) {
      const cell = row[column.index];
      if (column.kind === 'texts' || isMissing(cell)) continue;
      const kind = classifyByConvention(cell);
      if (column.kind === 'unknown' || column.kind === kind) column.kind = kind;
      else {
        const areNumbers = [column.kind, kind].every((each) => each === 'plain' || each === 'numbers');
        column.kind = areNumbers ? 'numbers' : 'texts';
      }
    }
  }
  return columns;
}

function classifyByConvention(cell: string): 'plain' | 'numbers' | 'dates' | 'texts' {
  if (readNumber(cell) !== undefined) return 'plain';
  if (isDateLike(cell)) return 'dates';
  return isNumberLike(cell) ? 'numbers' : 'texts';
}

function collectShown({ index, kind, shows }: Column, { rows }: Cells, isMissing: (cell: string) => boolean): void {
  if (kind === 'unknown' || kind === 'texts') return;
  for (const row of rows) {
    const cell = row[index];
    if (isMissing(cell)) continue;
    if (kind === 'dates') {
      const [day, month] = [readISODate(cell, 'day-first'), readISODate(cell, 'month-first')];
      if (hasTwoOrders(cell)) shows.add('either');
      else if (day !== month) shows.add(day === undefined ? 'month-first' : 'day-first');
    } else if (cell.includes('.') || kind === 'numbers') {
      const shown = decimalShownBy(cell);
      if (shown) shows.add(shown);
    }
  }
}

/** @throws DataError where a number has a decimal point although the option `decimal` is a comma */
function checkNoPoint({ names, rows, lines }: Cells, index: number, isMissing: (cell: string) => boolean): void {
  const at = rows.findIndex((row) => !isMissing(row[index]) && withPoint(row[index], ',') === undefined);
  if (at < 0) return;
  throw new DataError(
    `line ${lines[at]}, column ${JSON.stringify(names[index])}: ${JSON.stringify(rows[at][index])} has a decimal point; the option decimal says that decimals follow a comma`,
  );
}

/** Rewrites whole columns. A column in which any cell cannot be rewritten stays unchanged. */
function applyRewrites(
  { names, rows }: Cells,
  rewriters: ReadonlyMap<number, (cell: string) => string | undefined>,
  isMissing: (cell: string) => boolean,
): { rows: Cells['rows']; assumed: string[] } {
  const columns = new Map<number, string[]>();
  const changes = new Map<string, { readonly example: string; readonly names: string[] }>();
  for (const [index, rewrite] of rewriters) {
    const written = rows.map((row) => (isMissing(row[index]) ? row[index] : rewrite(row[index])));
    if (written.includes(undefined)) continue;
    const texts = written as string[];
    const changed = rows.findIndex((row, at) => row[index] !== texts[at]);
    if (changed < 0) continue;
    columns.set(index, texts);
    const before = rows[changed][index];
    const change = classifyChange(before, texts[changed]);
    const known = changes.get(change);
    if (known) known.names.push(names[index]);
    else changes.set(change, { example: `"${before}" is ${texts[changed]}`, names: [names[index]] });
  }
  const assumed = [...changes].map(
    ([change, { example, names: where }]) => `${change}: ${example}, in ${listNames(where)}`,
  );
  if (columns.size === 0) return { rows, assumed };
  return { rows: rows.map((row, at) => row.map((cell, index) => columns.get(index)?.[at] ?? cell)), assumed };
}

/** The kind of rewriting, as it is named to the user. */
function classifyChange(before: string, after: string): string {
  if (isDateLike(before)) return 'dates';
  const decimals = /\.(\d*)/.exec(after)?.[1];
  const hasComma = decimals !== undefined && before.replace(/e.*$/i, '').endsWith(`,${decimals.replace(/e.*$/i, '')}`);
  return hasComma ? 'decimal commas' : 'thousands';
}

/** The first names of columns, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const limit = 8;
  const shown = names.slice(0, limit).map((name) => JSON.stringify(name));
  return `${shown.join(', ')}${names.length > limit ? ` and ${names.length - limit} more` : ''}`;
}
