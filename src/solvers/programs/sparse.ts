/** Sparse matrices in compressed columns: how they are made, their transposes and their products. */
import { type Interruptible, runUninterrupted } from '../../backends/event-loop.ts';
import type { SparseMatrix } from './problem.ts';

/** The matrix with these entries, row by row. Zeros are left out. */
export function sparseFromRows(entries: ArrayLike<number>, rows: number, columns: number): SparseMatrix {
  let count = 0;
  for (let k = 0; k < rows * columns; k++) if (entries[k] !== 0) count++;
  const starts = new Int32Array(columns + 1);
  const indices = new Int32Array(count);
  const values = new Float64Array(count);
  let position = 0;
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) {
      const value = entries[i * columns + j];
      if (value === 0) continue;
      indices[position] = i;
      values[position++] = value;
    }
    starts[j + 1] = position;
  }
  return { rows, columns, starts, indices, values };
}

/** The matrix with value values[k] at row rowOf[k], column columnOf[k]. Values at the same place are added. */
export function sparseFromEntries(
  rowOf: ArrayLike<number>,
  columnOf: ArrayLike<number>,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
): SparseMatrix {
  return runUninterrupted(assembleSparse(rowOf, columnOf, values, rows, columns));
}

/** The same in turns, for a large matrix. */
export function* assembleSparse(
  rowOf: ArrayLike<number>,
  columnOf: ArrayLike<number>,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
): Interruptible<SparseMatrix> {
  const starts = new Int32Array(columns + 1);
  for (let k = 0; k < values.length; k++) starts[columnOf[k] + 1]++;
  for (let j = 0; j < columns; j++) starts[j + 1] += starts[j];
  const unsorted: SparseMatrix = {
    rows,
    columns,
    starts,
    indices: new Int32Array(values.length),
    values: new Float64Array(values.length),
  };
  const next = starts.slice();
  for (let k = 0; k < values.length; k++) {
    const position = next[columnOf[k]]++;
    unsorted.indices[position] = rowOf[k];
    unsorted.values[position] = values[k];
  }
  yield;
  const byRows = transpose(unsorted);
  yield;
  const sorted = transpose(byRows);
  yield;
  return withoutDuplicates(sorted);
}

/** The matrix whose entries are triples [row, column, value]. Values at the same place are added. */
export function sparseFromTriples(
  triples: readonly (readonly [number, number, number])[],
  rows: number,
  columns: number,
): SparseMatrix {
  const rowOf = new Int32Array(triples.length);
  const columnOf = new Int32Array(triples.length);
  const values = new Float64Array(triples.length);
  for (let k = 0; k < triples.length; k++) [rowOf[k], columnOf[k], values[k]] = triples[k];
  return sparseFromEntries(rowOf, columnOf, values, rows, columns);
}

/** Adds entries of the same column and row, which stand side by side, and leaves out zeros. */
function withoutDuplicates(matrix: SparseMatrix): SparseMatrix {
  const { rows, columns, starts, indices, values } = matrix;
  const ends = new Int32Array(columns + 1);
  let position = 0;
  for (let j = 0; j < columns; j++) {
    for (let k = starts[j]; k < starts[j + 1]; ) {
      const row = indices[k];
      let sum = 0;
      for (; k < starts[j + 1] && indices[k] === row; k++) sum += values[k];
      if (sum === 0) continue;
      indices[position] = row;
      values[position++] = sum;
    }
    ends[j + 1] = position;
  }
  return { rows, columns, starts: ends, indices: indices.slice(0, position), values: values.slice(0, position) };
}

/** Aᵀ, with ascending rows in each column. */
export function transpose({ rows, columns, starts, indices, values }: SparseMatrix): SparseMatrix {
  const result: SparseMatrix = {
    rows: columns,
    columns: rows,
    starts: new Int32Array(rows + 1),
    indices: new Int32Array(starts[columns]),
    values: new Float64Array(starts[columns]),
  };
  for (let k = 0; k < starts[columns]; k++) result.starts[indices[k] + 1]++;
  for (let i = 0; i < rows; i++) result.starts[i + 1] += result.starts[i];
  const next = result.starts.slice();
  for (let j = 0; j < columns; j++) {
    for (let k = starts[j]; k < starts[j + 1]; k++) {
      const position = next[indices[k]]++;
      result.indices[position] = j;
      result.values[position] = values[k];
    }
  }
  return result;
}

/** Ax */
export function multiply({ rows, columns, starts, indices, values }: SparseMatrix, x: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let j = 0; j < columns; j++) {
    const factor = x[j];
    if (factor === 0) continue;
    for (let k = starts[j]; k < starts[j + 1]; k++) result[indices[k]] += values[k] * factor;
  }
  return result;
}

/** Calls the function for each stored entry, column by column. */
export function eachEntry(
  { columns, starts, indices, values }: SparseMatrix,
  visit: (row: number, column: number, value: number, entry: number) => void,
): void {
  for (let column = 0; column < columns; column++) {
    for (let entry = starts[column]; entry < starts[column + 1]; entry++) {
      visit(indices[entry], column, values[entry], entry);
    }
  }
}

/** Keeps the rows for which `places` has their new place, which is −1 for the others. */
export function selectRows(matrix: SparseMatrix, places: Int32Array, rows: number): SparseMatrix {
  const starts = new Int32Array(matrix.columns + 1);
  let count = 0;
  for (const row of matrix.indices) if (places[row] >= 0) count++;
  const indices = new Int32Array(count);
  const values = new Float64Array(count);
  let position = 0;
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.starts[j]; k < matrix.starts[j + 1]; k++) {
      const place = places[matrix.indices[k]];
      if (place < 0) continue;
      indices[position] = place;
      values[position++] = matrix.values[k];
    }
    starts[j + 1] = position;
  }
  return { rows, columns: matrix.columns, starts, indices, values };
}

/** The matrix row by row. */
export function denseOf({ rows, columns, starts, indices, values }: SparseMatrix): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    for (let k = starts[j]; k < starts[j + 1]; k++) result[indices[k] * columns + j] = values[k];
  }
  return result;
}
