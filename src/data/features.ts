import { checkLimit, DataError, type LimitOptions, limitsOf } from './limits.ts';
import { columnIndex, isMissing, numberOf, type Table } from './table.ts';

/** A column of numbers gives one feature; one of categories gives a feature for each, 1 where it is that one and else 0. */
export type FeatureColumn =
  | { readonly name: string; readonly kind: 'numbers' }
  | { readonly name: string; readonly kind: 'categories'; readonly categories: readonly string[] };

/** Which columns of a table are what. */
export interface ColumnRoles {
  readonly target: string;
  /** Columns that are no features. Default none. */
  readonly ignore?: readonly string[];
  /** Columns of categories although they hold numbers. Default none. */
  readonly categorical?: readonly string[];
}

/**
 * The columns that features come from: all but the target and those that are ignored.
 *
 * @throws DataError where there is no column of one of the names, the target is ignored, or no column is left
 */
export function featureColumnNames(table: Table, { target, ignore = [], categorical = [] }: ColumnRoles): string[] {
  for (const name of [target, ...ignore, ...categorical]) columnIndex(table, name);
  if (ignore.includes(target))
    throw new DataError(`column ${JSON.stringify(target)} is the target and cannot be ignored`);
  const names = table.columns.filter((name) => name !== target && !ignore.includes(name));
  if (names.length === 0) throw new DataError('there is no column besides the target to learn from');
  return names;
}

/**
 * What kind each of the columns is: categories where it is listed in `categorical` or no cell is a number, else numbers.
 *
 * @throws DataError where numbers and texts are mixed in a column that is not listed, all its cells are missing, or there
 *   are more categories or features than the limits allow
 */
export function featureColumns(
  table: Table,
  names: readonly string[],
  categorical: readonly string[] = [],
  options: LimitOptions = {},
): FeatureColumn[] {
  const limits = limitsOf(options);
  const indices = names.map((name) => columnIndex(table, name));
  const found = contents(table, indices);
  const columns = names.map((name, at): FeatureColumn => {
    if (!categorical.includes(name) && isNumeric(table, name, found[at])) return { name, kind: 'numbers' };
    const texts = new Set(table.rows.map((row) => row[indices[at]]).filter((cell) => !isMissing(cell)));
    const what = `column ${JSON.stringify(name)} has ${texts.size} different texts`;
    checkLimit(limits, 'categories', texts.size, what, 'leave it out by the option ignore');
    return { name, kind: 'categories', categories: [...texts].sort() };
  });
  const features = featureNames(columns).length;
  checkLimit(limits, 'columns', features, `the columns give ${features} features`);
  checkLimit(
    limits,
    'values',
    features * table.rows.length,
    `${table.rows.length} rows × ${features} features are many`,
  );
  return columns;
}

/** How many cells of a column are numbers, and the first row with a text: −1 where there is none. */
interface Contents {
  numbers: number;
  text: number;
}

/** Row by row, as the table lies in memory: column by column is several times slower. */
function contents({ rows }: Table, indices: readonly number[]): Contents[] {
  const found = indices.map((): Contents => ({ numbers: 0, text: -1 }));
  for (let row = 0; row < rows.length; row++) {
    for (let at = 0; at < indices.length; at++) {
      const cell = rows[row][indices[at]];
      if (isMissing(cell)) continue;
      if (numberOf(cell) !== undefined) found[at].numbers++;
      else if (found[at].text < 0) found[at].text = row;
    }
  }
  return found;
}

function isNumeric(table: Table, name: string, { numbers, text }: Contents): boolean {
  if (numbers === 0 && text < 0) {
    throw new DataError(`column ${JSON.stringify(name)}: all values are missing; leave it out by the option ignore`);
  }
  if (text < 0) return true;
  if (numbers === 0) return false;
  const cell = table.rows[text][columnIndex(table, name)];
  throw new DataError(
    `${place(table, text, name)}: ${JSON.stringify(cell)} is not a number, as ${numbers} of the ${table.rows.length} values are; correct it, or list the column in the option categorical`,
  );
}

/** How an error tells where a cell is. */
export function place({ lines }: Table, row: number, column: string): string {
  return `line ${lines[row]}, column ${JSON.stringify(column)}`;
}

/** The name of each feature: that of its column, with `=category` where there is one for each. */
export function featureNames(columns: readonly FeatureColumn[]): string[] {
  return columns.flatMap((column) =>
    column.kind === 'numbers' ? [column.name] : column.categories.map((category) => `${column.name}=${category}`),
  );
}

/**
 * The features of all rows, rows × features, in float64: a large offset, as dates have, must survive until the mean is
 * taken off. NaN where a value is missing.
 *
 * @throws DataError that names the line and the column of a value that is no number, too large, or a category not known
 */
export function encoded(table: Table, columns: readonly FeatureColumn[]): Float64Array {
  const { rows } = table;
  const features = featureNames(columns).length;
  const values = new Float64Array(rows.length * features);
  const plans = columns.map((column) => ({
    name: column.name,
    index: columnIndex(table, column.name),
    positions: column.kind === 'numbers' ? undefined : new Map(column.categories.map((name, at) => [name, at])),
  }));
  let at = 0;
  for (let row = 0; row < rows.length; row++) {
    for (const { name, index, positions } of plans) {
      const cell = rows[row][index];
      const width = positions?.size ?? 1;
      if (isMissing(cell)) values.fill(Number.NaN, at, at + width);
      else if (positions) values[at + position(table, row, name, cell, positions)] = 1;
      else values[at] = numberIn(table, row, name, cell);
      at += width;
    }
  }
  return values;
}

/** The number in the cell at that place. @throws DataError that names the place where it is none, or one too large */
export function numberIn(table: Table, row: number, name: string, cell: string): number {
  const value = numberOf(cell);
  if (value !== undefined && Number.isFinite(Math.fround(value))) return value;
  const fault = value === undefined ? 'is not a number' : 'is too large for float32, which ends at 3.4e38';
  throw new DataError(`${place(table, row, name)}: ${JSON.stringify(cell)} ${fault}`);
}

function position(
  table: Table,
  row: number,
  name: string,
  cell: string,
  positions: ReadonlyMap<string, number>,
): number {
  const found = positions.get(cell);
  if (found !== undefined) return found;
  const known = [...positions.keys()];
  const listed =
    known.length > 20 ? `${known.slice(0, 20).join(', ')} and ${known.length - 20} more` : known.join(', ');
  throw new DataError(
    `${place(table, row, name)}: ${JSON.stringify(cell)} is not a known category; these are ${listed}`,
  );
}
