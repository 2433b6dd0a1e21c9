/** Reads matrices that may be sparse, and prints gradients in the form of their matrix. */
import { symmetrise } from '../implicit/programs/symmetry.ts';
import type { MatrixRows, SparseEntries } from '../index.ts';
import { sparseFromTriples } from '../solvers/programs/sparse.ts';
import { asInputError, InputError } from './io.ts';
import { checkKeys, checkNumber, checkObject, describeKind } from './json.ts';
import { nestRows, readMatrix } from './matrix.ts';

/** A matrix as it was given: rows of numbers, or entries. */
export type GivenMatrix =
  | { readonly rows: number; readonly columns: number; readonly dense: MatrixRows }
  | { readonly rows: number; readonly columns: number; readonly sparse: SparseEntries };

/**
 * Reads a matrix of the given size: a list of rows, or an object with rows, columns and entries.
 * @param rows the number of rows; undefined where the matrix decides it
 * @param linear the field that has a number for each column
 */
export function readGivenMatrix(
  name: string,
  value: unknown,
  rows: number | undefined,
  columns: number,
  linear: string,
): GivenMatrix {
  const matrix = isNested(value) ? readDense(name, value, columns) : readEntries(name, value);
  if (matrix.columns !== columns || (rows !== undefined && matrix.rows !== rows)) {
    const must = rows === undefined ? `${columns} columns, one for each number of ${linear}` : `${rows} × ${columns}`;
    throw new InputError(`${name}: it is ${matrix.rows} × ${matrix.columns}; it must be ${must}`);
  }
  return matrix;
}

/** Reads a matrix n × n that is symmetric but for rounding. */
export function readSymmetric(name: string, value: unknown, n: number, linear: string): GivenMatrix {
  const matrix = readGivenMatrix(name, value, n, n, linear);
  const entries =
    'dense' in matrix
      ? matrix.dense.flatMap((row, i) => Array.from(row, (each, j) => [i, j, each] as const))
      : matrix.sparse.entries;
  asInputError(() => symmetrise(name, sparseFromTriples(entries, n, n), Number.EPSILON));
  return matrix;
}

/** What the library takes. */
export function asProgramMatrix(matrix: GivenMatrix): MatrixRows | SparseEntries {
  return 'dense' in matrix ? matrix.dense : matrix.sparse;
}

/** A gradient in the form in which its matrix was given. */
export type MatrixAnswer = readonly (readonly number[])[] | SparseEntries;

/** @param gradient the numbers row by row, or one for each entry of a sparse matrix */
export function formatGradient(matrix: GivenMatrix, gradient: Float64Array): MatrixAnswer {
  if ('dense' in matrix) return nestRows(gradient, matrix.columns);
  const { rows, columns, entries } = matrix.sparse;
  return { rows, columns, entries: entries.map(([row, column], index) => [row, column, gradient[index]] as const) };
}

function isNested(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function readDense(name: string, value: readonly unknown[], columns: number): GivenMatrix {
  if (value.length === 0) return { rows: 0, columns, dense: [] };
  const { rows, columns: width, values } = readMatrix(name, value);
  const dense = Array.from({ length: rows }, (_, row) => values.subarray(row * width, (row + 1) * width));
  return { rows, columns: width, dense };
}

function readEntries(name: string, value: unknown): GivenMatrix {
  if (value === null || typeof value !== 'object') {
    throw new InputError(
      `${name}: it is ${describeKind(value)}; it must be a list of rows, or {"rows", "columns", "entries"}`,
    );
  }
  const object = checkObject(name, value);
  checkKeys(object, `${name}, where it is an object,`, ['rows', 'columns', 'entries'], []);
  const extent = (key: 'rows' | 'columns'): number =>
    checkNumber(`${name}.${key}`, object[key], 'an integer from 0', isIndex);
  const [rows, columns] = [extent('rows'), extent('columns')];
  if (!Array.isArray(object.entries)) {
    throw new InputError(
      `${name}.entries: it is ${describeKind(object.entries)}; it must be a list of [row, column, value]`,
    );
  }
  const entries = object.entries.map((entry: unknown, index) => {
    const place = `${name}.entries[${index}]`;
    if (!Array.isArray(entry) || entry.length !== 3) {
      throw new InputError(`${place}: it is ${describeKind(entry)}; it must be [row, column, value]`);
    }
    const below = (extent: number): [must: string, allows: (value: number) => boolean] => [
      `an integer from 0 to ${extent - 1}`,
      (at) => isIndex(at) && at < extent,
    ];
    return [
      checkNumber(`${place}[0]`, entry[0], ...below(rows)),
      checkNumber(`${place}[1]`, entry[1], ...below(columns)),
      checkNumber(`${place}[2]`, entry[2], 'a finite number', Number.isFinite),
    ] as const;
  });
  return { rows, columns, sparse: { rows, columns, entries } };
}

const isIndex = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
