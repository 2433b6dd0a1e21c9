/** Products with sparse matrices in float64; those of residuals are summed with compensation. */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';

/** Mᵀ, whose columns are the rows of M. */
export function transposeSparse({ rows, columns, starts, indices, values }: SparseMatrix): SparseMatrix {
  const transposedStarts = new Int32Array(rows + 1);
  for (const row of indices) transposedStarts[row + 1]++;
  for (let row = 0; row < rows; row++) transposedStarts[row + 1] += transposedStarts[row];
  const next = transposedStarts.slice(0, rows);
  const transposedIndices = new Int32Array(indices.length);
  const transposedValues = new Float64Array(indices.length);
  for (let column = 0; column < columns; column++) {
    for (let entry = starts[column]; entry < starts[column + 1]; entry++) {
      const place = next[indices[entry]]++;
      transposedIndices[place] = column;
      transposedValues[place] = values[entry];
    }
  }
  return {
    rows: columns,
    columns: rows,
    starts: transposedStarts,
    indices: transposedIndices,
    values: transposedValues,
  };
}

/** Sums Σaᵢ·bᵢ for many places at once, each to about twice the precision of float64. */
export interface ExactSums {
  /** Adds a·b to the sum at a place. */
  add(place: number, a: number, b: number): void;
  /** The sums, rounded. */
  values(): Float64Array;
}

const SPLITTER = 2 ** 27 + 1;

/** The rounding error of the product a·b (Dekker 1971); 0 where the numbers are too large or too small for it. */
function productError(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [SPLITTER * a - (SPLITTER * a - a), SPLITTER * b - (SPLITTER * b - b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  const error = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return Number.isFinite(error) ? error : 0;
}

export function createExactSums(size: number): ExactSums {
  const high = new Float64Array(size);
  const low = new Float64Array(size);
  return {
    add(place, a, b) {
      const product = a * b;
      const before = high[place];
      const sum = before + product;
      const part = sum - before;
      // The rounding error of the sum (Knuth), and that of the product.
      low[place] += before - (sum - part) + (product - part) + productError(a, b, product);
      high[place] = sum;
    },
    values: () => high.map((value, place) => value + low[place]),
  };
}

/** Mx. */
export function multiplySparse(matrix: SparseMatrix, x: ArrayLike<number>): Float64Array {
  const sums = createExactSums(matrix.rows);
  eachEntry(matrix, (row, column, value) => sums.add(row, value, x[column]));
  return sums.values();
}

/** Mᵀy. */
export function multiplySparseTransposed(matrix: SparseMatrix, y: ArrayLike<number>): Float64Array {
  const sums = createExactSums(matrix.columns);
  eachEntry(matrix, (row, column, value) => sums.add(column, value, y[row]));
  return sums.values();
}

/** |M|·|x|. */
export function multiplySparseAbsolute(matrix: SparseMatrix, x: ArrayLike<number>): Float64Array {
  const result = new Float64Array(matrix.rows);
  eachEntry(matrix, (row, column, value) => {
    result[row] += Math.abs(value * x[column]);
  });
  return result;
}

/** |M|ᵀ·|y|. */
export function multiplySparseTransposedAbsolute(matrix: SparseMatrix, y: ArrayLike<number>): Float64Array {
  const result = new Float64Array(matrix.columns);
  eachEntry(matrix, (row, column, value) => {
    result[column] += Math.abs(value * y[row]);
  });
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

/** max |xᵢ|, 0 of nothing. */
export function largest(x: ArrayLike<number>): number {
  let size = 0;
  for (let i = 0; i < x.length; i++) size = Math.max(size, Math.abs(x[i]));
  return size;
}
