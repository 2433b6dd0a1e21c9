/** Reads matrices from nested lists of numbers, row by row. */
import { InputError } from './io.ts';
import { checkNumber, describeKind } from './json.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row by row. */
  readonly values: Float64Array;
}

/** Reads a non-empty list of rows of equal length. */
export function readMatrix(name: string, value: unknown): Matrix {
  const rows = checkList(name, value, 'a list of rows');
  const width = checkList(`${name}[0]`, rows[0], 'a list of numbers').length;
  const values = new Float64Array(rows.length * width);
  for (const [index, each] of rows.entries()) {
    const row = checkList(`${name}[${index}]`, each, 'a list of numbers');
    if (row.length !== width) {
      throw new InputError(
        `${name}[${index}]: it holds ${formatCount(row.length)}; it must hold ${width}, as ${name}[0] does`,
      );
    }
    for (const [column, entry] of row.entries()) {
      values[index * width + column] = checkNumber(
        `${name}[${index}][${column}]`,
        entry,
        'a finite number',
        Number.isFinite,
      );
    }
  }
  return { rows: rows.length, columns: width, values };
}

/** Reads a matrix batch × n. A flat list of numbers counts as one row. */
export function readBatch(name: string, value: unknown): Matrix {
  const flat = Array.isArray(value) && value.length > 0 && !value.some((each) => Array.isArray(each));
  if (!flat) return readMatrix(name, value);
  const values = readNumbers(name, value);
  return { rows: 1, columns: values.length, values: Float64Array.from(values) };
}

/** Reads a non-empty list of numbers. */
export function readNumbers(
  name: string,
  value: unknown,
  must = 'a finite number',
  allows: (value: number) => boolean = Number.isFinite,
): number[] {
  const numbers = checkList(name, value, 'a list of numbers');
  return numbers.map((each, index) => checkNumber(`${name}[${index}]`, each, must, allows));
}

export function readSquareMatrix(name: string, value: unknown): Matrix {
  const matrix = readMatrix(name, value);
  if (matrix.rows !== matrix.columns) {
    throw new InputError(`${name}: it is ${matrix.rows} × ${matrix.columns}; it must be square`);
  }
  return matrix;
}

/** Turns row-major values into lists nested to this shape. */
export function nest(values: ArrayLike<number>, shape: readonly number[]): Nested {
  const [extent, ...inner] = shape;
  if (extent === undefined) return values[0];
  const all = Array.from(values);
  const size = values.length / extent;
  return Array.from({ length: extent }, (_, index) => nest(all.slice(index * size, (index + 1) * size), inner));
}

export type Nested = number | readonly Nested[];

/** Turns row-major values into nested lists. JSON.stringify writes a number that is not finite as null. */
export function nestRows(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );
}

export function checkList(name: string, value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new InputError(`${name}: it is ${describeKind(value)}; it must be ${what}`);
  if (value.length === 0) throw new InputError(`${name}: it is empty; it must be ${what}, at least one`);
  return value;
}

/** Formats a count, such as "3 numbers". */
export function formatCount(numbers: number): string {
  return numbers === 1 ? '1 number' : `${numbers} numbers`;
}
