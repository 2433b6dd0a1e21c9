import { listNames } from './conventions.ts';
import { hasTwoOrders, isDateLike, isShortDate, readDays, readISODate } from './dates.ts';
import { checkLimit, DataError, type LimitOptions, limitsOf } from './limits.ts';
import { decimalShownBy, isNumberLike, readNumber, withPoint } from './numbers.ts';
import { columnIndex, isMissing, type Table } from './table.ts';

/**
 * A column of a table that is used for features. Numbers become one feature. Dates become one feature, in days since
 * 1 January 1970. Categories become one feature each, which is 1 in rows of that category and 0 elsewhere.
 */
export type FeatureColumn =
  | {
      /** The name of the column. */
      readonly name: string;
      /** What its cells hold. */
      readonly kind: 'numbers' | 'dates';
    }
  | {
      /** The name of the column. */
      readonly name: string;
      /** Its cells hold texts, or numbers that stand for categories. */
      readonly kind: 'categories';
      /** All texts of the column, in order. */
      readonly categories: readonly string[];
    };

/** The roles of the columns of a table. */
interface ColumnRoles {
  /** Columns that are something else than features: targets, and weights. */
  readonly targets: readonly string[];
  /** Columns that are not used as features. Default: none. */
  readonly ignore?: readonly string[];
  /** Columns to be read as categories although they hold numbers. Default: none. */
  readonly categorical?: readonly string[];
}

/**
 * The names of the columns to use for features: all except the targets and the ignored ones.
 *
 * @throws DataError where a named column does not exist, a target is ignored, or no column remains
 */
export function featureColumnNames(table: Table, { targets, ignore = [], categorical = [] }: ColumnRoles): string[] {
  for (const [option, names] of Object.entries({ target: targets, ignore, categorical })) {
    for (const name of names) columnIndex(table, name, option);
  }
  const ignored = targets.find((name) => ignore.includes(name));
  if (ignored !== undefined)
    throw new DataError(`column ${JSON.stringify(ignored)} is the target and cannot be ignored`);
  const names = table.columns.filter((name) => !targets.includes(name) && !ignore.includes(name));
  if (names.length === 0) throw new DataError('there is no column besides the target to learn from');
  return names;
}

/**
 * Decides the kind of each column. A column holds categories if it is listed in `categorical` or no cell is a number or
 * a date; otherwise it holds numbers or dates.
 *
 * @throws DataError where an unlisted column mixes numbers, dates and texts, or can be read in several ways; where all
 *   cells of a column are missing; or where there are more categories or features than the limits allow
 */
export function featureColumns(
  table: Table,
  names: readonly string[],
  categorical: readonly string[] = [],
  options: LimitOptions = {},
): FeatureColumn[] {
  const limits = limitsOf(options);
  const indices = names.map((name) => columnIndex(table, name));
  const found = countContents(table, indices);
  const columns = names.map((name, at): FeatureColumn => {
    const kind = categorical.includes(name) ? 'categories' : chooseKind(table, name, found[at]);
    if (kind !== 'categories') return { name, kind };
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
    `${table.rows.length} rows × ${features} features are ${features * table.rows.length} values`,
  );
  return columns;
}

/** The sorts of cells that are not missing: readable numbers and dates, cells that only look like one, and texts. */
type Sort = 'numbers' | 'dates' | 'numberLike' | 'dateLike' | 'texts';

/** The number of cells of each sort in a column, and the first row with such a cell. */
type Contents = Readonly<Record<Sort, { count: number; first: number }>>;

/** Goes row by row, in the order of memory; column by column is several times slower. */
function countContents({ rows }: Table, indices: readonly number[]): Contents[] {
  const none = () => ({ count: 0, first: -1 });
  const found = indices.map(
    (): Contents => ({ numbers: none(), dates: none(), numberLike: none(), dateLike: none(), texts: none() }),
  );
  for (let row = 0; row < rows.length; row++) {
    for (let at = 0; at < indices.length; at++) {
      const cell = rows[row][indices[at]];
      if (isMissing(cell)) continue;
      const known = found[at][classifyCell(cell)];
      if (known.count++ === 0) known.first = row;
    }
  }
  return found;
}

function classifyCell(cell: string): Sort {
  if (readNumber(cell) !== undefined) return 'numbers';
  if (readDays(cell) !== undefined) return 'dates';
  if (isDateLike(cell) || isShortDate(cell)) return 'dateLike';
  return isNumberLike(cell) ? 'numberLike' : 'texts';
}

function chooseKind(table: Table, name: string, found: Contents): FeatureColumn['kind'] {
  const { numbers, dates, numberLike, dateLike } = found;
  const counts = Object.values(found).map(({ count }) => count);
  const known = counts.reduce((sum, count) => sum + count, 0);
  if (known === 0) {
    throw new DataError(`column ${JSON.stringify(name)}: all values are missing; leave it out by the option ignore`);
  }
  if (numbers.count === known) return 'numbers';
  if (dates.count === known) return 'dates';
  const [areNumbers, areDates] = [numbers.count + numberLike.count, dates.count + dateLike.count];
  // Some cells that look like dates do not turn a column of texts into one of dates.
  if (areNumbers === 0 && 2 * areDates <= known) return 'categories';
  throw createMixtureError(table, name, found);
}

/** The error for a column that mixes numbers, dates and texts. It names a cell that does not fit the majority. */
function createMixtureError(table: Table, name: string, found: Contents): DataError {
  const { numbers, dates, numberLike, dateLike, texts } = found;
  const [areNumbers, areDates] = [numbers.count + numberLike.count, dates.count + dateLike.count];
  const isOfDates = areDates > areNumbers;
  const others = isOfDates ? [numbers, numberLike, dateLike] : [dates, dateLike, numberLike];
  const sort = [texts, ...others].find(({ count }) => count > 0) as Contents[Sort];
  const at = columnIndex(table, name);
  // A date such as 01/01/2020 is the same in both orders, so it is no example of a doubtful one.
  const doubtful = sort === dateLike ? table.rows.findIndex((cells) => isDoubtfulDate(cells[at])) : -1;
  const row = doubtful < 0 ? sort.first : doubtful;
  const cell = table.rows[row][at];
  const what = isOfDates ? 'a date' : 'a number';
  const share = `as ${isOfDates ? areDates : areNumbers} of the ${table.rows.length} values are; correct it`;
  const doubt = isOfDates || sort !== dateLike ? describeDoubt(cell) : undefined;
  return new DataError(
    `${describePlace(table, row, name)}: ${JSON.stringify(cell)} ${doubt ?? `is not ${what}, ${share}`}, or list the column in the option categorical`,
  );
}

/** Whether a cell looks like a date but is none, or is not the same date in both orders. */
function isDoubtfulDate(cell: string): boolean {
  if (!isDateLike(cell)) return isShortDate(cell);
  const date = readISODate(cell, 'day-first');
  return date === undefined || date !== readISODate(cell, 'month-first');
}

/** Explains why a cell that looks like a number or a date cannot be read; undefined where it looks like neither. */
function describeDoubt(cell: string): string | undefined {
  if (hasTwoOrders(cell)) {
    const [day, month] = [readISODate(cell, 'day-first'), readISODate(cell, 'month-first')];
    return `could be ${day} or ${month}; say by the option dates whether the day stands first`;
  }
  if (isShortDate(cell)) return 'is a date with two digits for the year; write four';
  if (isDateLike(cell) && isDoubtfulDate(cell)) {
    return readISODate(cell, 'day-first') === readISODate(cell, 'month-first')
      ? 'is no date of the calendar; correct it'
      : 'is not written as the other dates are, or the option dates says; correct the date or the option';
  }
  if (readNumber(cell) !== undefined || !isNumberLike(cell)) return undefined;
  if (decimalShownBy(cell) !== 'either') {
    const mark = withPoint(cell, ',') === undefined ? 'point' : 'comma';
    return `has a decimal ${mark}, unlike others, or against the option decimal; correct the number or the option`;
  }
  const [point, comma] = [withPoint(cell, '.'), withPoint(cell, ',')];
  return `could be ${point} or ${comma}; say by the option decimal whether a point or a comma stands before the decimals`;
}

/** Columns with fewer categories than this cause no warning. */
const WARNING_COUNT = 10;

/**
 * Warnings about columns of texts that become many features, because most texts contain numbers (with a unit, for
 * example) or are different from each other (such as names). Columns that are listed in `categorical` cause no warning.
 */
export function warnOfCategories(
  table: Table,
  columns: readonly FeatureColumn[],
  categorical: readonly string[] = [],
): string[] {
  return columns.flatMap((column) => {
    if (column.kind !== 'categories' || categorical.includes(column.name)) return [];
    const { name, categories } = column;
    const holding = categories.filter((text) => /^[^\p{L}]{0,4}\d/u.test(text));
    const holdNumbers = 2 * holding.length > categories.length;
    if (categories.length < WARNING_COUNT || !(holdNumbers || 2 * categories.length > table.rows.length)) return [];
    const [example] = holdNumbers ? holding : categories;
    const remedy = holdNumbers ? 'write numbers alone, without a unit' : 'leave it out by the option ignore';
    return [
      `column ${JSON.stringify(name)} holds ${categories.length} different texts, such as ${JSON.stringify(example)}, each of which becomes a feature: ${remedy}, or list the column in the option categorical`,
    ];
  });
}

/** Sentences about how ambiguous cells of the table, and its dates, were understood. */
export function listAssumptions(table: Table, columns: readonly FeatureColumn[]): string[] {
  const dates = columns.filter(({ kind }) => kind === 'dates').map(({ name }) => name);
  return [
    ...(table.assumed ?? []),
    ...(dates.length > 0 ? [`dates count in days since 1970-01-01, in ${listNames(dates)}`] : []),
  ];
}

/** The place of a cell, as errors name it. */
export function describePlace({ lines }: Table, row: number, column: string): string {
  return `line ${lines[row]}, column ${JSON.stringify(column)}`;
}

/** The name of each feature: the name of its column, followed by `=category` for a category. */
export function featureNames(columns: readonly FeatureColumn[]): string[] {
  return columns.flatMap((column) =>
    column.kind === 'categories' ? column.categories.map((category) => `${column.name}=${category}`) : [column.name],
  );
}

/** The name of the column of each feature. */
export function columnsOfFeatures(columns: readonly FeatureColumn[]): string[] {
  return columns.flatMap((column) =>
    column.kind === 'categories' ? column.categories.map(() => column.name) : [column.name],
  );
}

/**
 * The features of all rows, rows × features, with NaN for missing values. They are in float64, since numbers with a
 * large offset, such as dates, would lose their differences in float32 before the mean is subtracted.
 *
 * @throws DataError that names the line and the column of a value that is no number or too large, or of an unknown
 *   category
 */
export function encodeFeatures(table: Table, columns: readonly FeatureColumn[]): Float64Array {
  const { rows } = table;
  const features = featureNames(columns).length;
  const values = new Float64Array(rows.length * features);
  const plans = columns.map((column) => ({
    name: column.name,
    index: columnIndex(table, column.name),
    isDate: column.kind === 'dates',
    positions: column.kind === 'categories' ? new Map(column.categories.map((name, at) => [name, at])) : undefined,
  }));
  let at = 0;
  for (let row = 0; row < rows.length; row++) {
    for (const { name, index, isDate, positions } of plans) {
      const cell = rows[row][index];
      const width = positions?.size ?? 1;
      if (isMissing(cell)) values.fill(Number.NaN, at, at + width);
      else if (positions) values[at + findCategory(table, row, name, cell, positions)] = 1;
      else values[at] = isDate ? readDayAt(table, row, name, cell) : readNumberAt(table, row, name, cell);
      at += width;
    }
  }
  return values;
}

/** Reads the number in a cell. @throws DataError that names the place where the cell is no number, or one too large */
export function readNumberAt(table: Table, row: number, name: string, cell: string): number {
  const value = readNumber(cell);
  if (value !== undefined && Number.isFinite(Math.fround(value))) return value;
  const fault =
    value === undefined ? (describeDoubt(cell) ?? 'is not a number') : 'is too large for float32, which ends at 3.4e38';
  throw new DataError(`${describePlace(table, row, name)}: ${JSON.stringify(cell)} ${fault}`);
}

function readDayAt(table: Table, row: number, name: string, cell: string): number {
  const days = readDays(cell);
  if (days !== undefined) return days;
  throw new DataError(
    `${describePlace(table, row, name)}: ${JSON.stringify(cell)} ${describeDoubt(cell) ?? 'is not a date'}`,
  );
}

function findCategory(
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
    `${describePlace(table, row, name)}: ${JSON.stringify(cell)} is not a known category; these are ${listed}`,
  );
}
