/** Products with sparse matrices in float64, summed with compensation, and the sizes of their terms. */
import { Sums } from '../../solvers/programs/compensated.ts';
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';

/** Mx. */
export function multiplySparse(matrix: SparseMatrix, x: Float64Array): Float64Array {
  return new Sums(matrix.rows).addProduct(matrix, x).round();
}

/** Mᵀy. */
export function multiplySparseTransposed(matrix: SparseMatrix, y: Float64Array): Float64Array {
  return new Sums(matrix.columns).addTransposedProduct(matrix, y).round();
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
