import { describePlace, readNumberAt } from './features.ts';
import { checkLimit, DataError, type LimitOptions, limitsOf } from './limits.ts';
import { readNumber } from './numbers.ts';
import { columnIndex, isMissing, type Table } from './table.ts';

/**
 * Reads the names of the classes in the target column. If all are integers, they are sorted as numbers, and 1, 1.0 and
 * 01 are the same class; otherwise they are sorted as texts.
 *
 * @throws DataError where a value is missing, where a number is not an integer, or where there are fewer than two
 *   classes or more than the limit
 */
export function readClassNames(table: Table, target: string, options: LimitOptions = {}): string[] {
  const index = columnIndex(table, target);
  const missing = table.rows.findIndex((row) => isMissing(row[index]));
  if (missing >= 0) {
    throw new DataError(`${describePlace(table, missing, target)}: the class is missing; complete it, or drop the row`);
  }
  const cells = table.rows.map((row) => row[index]);
  const numeric = cells.every((cell) => readNumber(cell) !== undefined);
  const fraction = numeric ? cells.findIndex((cell) => !Number.isSafeInteger(readNumber(cell))) : -1;
  if (fraction >= 0) {
    throw new DataError(
      `${describePlace(table, fraction, target)}: the class is ${cells[fraction]}; classes are texts or integers (a column of measurements cannot be the target)`,
    );
  }
  const names = [...new Set(numeric ? cells.map((cell) => String(readNumber(cell))) : cells)];
  const column = `column ${JSON.stringify(target)}`;
  if (names.length < 2)
    throw new DataError(`${column}: all rows are of the class ${names[0]}; at least two are needed`);
  checkLimit(
    limitsOf(options),
    'classes',
    names.length,
    `${column} has ${names.length} classes`,
    'choose another target',
  );
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}

/** Reads the class number of each row. @throws DataError that names the line of an unknown class */
export function readClassNumbers(table: Table, target: string, classNames: readonly string[]): Int32Array {
  const index = columnIndex(table, target);
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  return Int32Array.from(table.rows, (record, row) => {
    const cell = record[index];
    const label = numbers.get(cell) ?? numbers.get(String(readNumber(cell)));
    if (label !== undefined) return label;
    throw new DataError(
      `${describePlace(table, row, target)}: ${JSON.stringify(cell)} is not a known class; these are ${classNames.join(', ')}`,
    );
  });
}

/**
 * Reads the target of a regression.
 *
 * @throws DataError that names the line and the column of a value that is missing or no number, or the column where all
 *   values are the same
 */
export function readTargets(table: Table, target: string): Float64Array {
  const values = readTargetNumbers(table, target);
  if (values.some((value) => value !== values[0])) return values;
  throw new DataError(
    `column ${JSON.stringify(target)}: the target is ${values[0]} in every row; there is nothing to explain`,
  );
}

function readTargetNumbers(table: Table, target: string): Float64Array {
  const index = columnIndex(table, target);
  return Float64Array.from(table.rows, (record, row) => {
    if (!isMissing(record[index])) return readNumberAt(table, row, target, record[index]);
    throw new DataError(`${describePlace(table, row, target)}: the target is missing; complete it, or drop the row`);
  });
}

/**
 * Reads several targets: rows × targets, row-major.
 *
 * @param mayBeConstant whether a target may be the same in all rows, as it may where nothing is learned from it
 * @throws DataError as `readTargets` does
 */
export function readTargetMatrix(table: Table, targets: readonly string[], mayBeConstant = false): Float64Array {
  const columns = targets.map((target) => (mayBeConstant ? readTargetNumbers : readTargets)(table, target));
  return Float64Array.from({ length: table.rows.length * targets.length }, (_, at) => {
    return columns[at % targets.length][Math.floor(at / targets.length)];
  });
}

/**
 * Reads the weights of the rows.
 *
 * @throws DataError that names the line and the column of a value that is missing, no number or negative, or the column
 *   where all are 0
 */
export function readWeights(table: Table, column: string): Float64Array {
  const index = columnIndex(table, column, 'weights');
  const weights = Float64Array.from(table.rows, (record, row) => {
    const place = describePlace(table, row, column);
    if (isMissing(record[index])) throw new DataError(`${place}: the weight is missing; complete it, or drop the row`);
    const weight = readNumberAt(table, row, column, record[index]);
    if (weight < 0) throw new DataError(`${place}: the weight is ${record[index]}; it must be a number ≥ 0`);
    return weight;
  });
  if (weights.some((weight) => weight > 0)) return weights;
  throw new DataError(`column ${JSON.stringify(column)}: all weights are 0; at least one must be > 0`);
}
