/** Dense linear systems in float64, factorised in turns. Matrices are row-major. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseMatrix } from '../programs/problem.ts';

/** Multiplications after which a factorisation may be interrupted: some milliseconds. */
const WORK_PER_TURN = 1e6;

/** The factorisation of a square matrix with row exchanges, by Gaussian elimination. */
export class LuFactorisation {
  private readonly n: number;
  private readonly matrix: Float64Array;
  private readonly order: Int32Array;

  private constructor(n: number, matrix: Float64Array) {
    this.n = n;
    this.matrix = matrix;
    this.order = Int32Array.from({ length: n }, (_, i) => i);
  }

  /**
   * @param matrix n × n, overwritten
   * @returns undefined for a matrix with a pivot that is 0 or not finite
   */
  static *of(n: number, matrix: Float64Array): Interruptible<LuFactorisation | undefined> {
    const factors = new LuFactorisation(n, matrix);
    let spent = 0;
    for (let k = 0; k < n; k++) {
      if (!factors.exchange(k)) return undefined;
      spent += factors.eliminate(k);
      if (spent > WORK_PER_TURN) {
        spent = 0;
        yield;
      }
    }
    return factors;
  }

  /** Brings the row with the largest entry of column k to place k. */
  private exchange(k: number): boolean {
    const { n, matrix, order } = this;
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(matrix[i * n + k]) > Math.abs(matrix[best * n + k])) best = i;
    const pivot = matrix[best * n + k];
    if (pivot === 0 || !Number.isFinite(pivot)) return false;
    if (best !== k) {
      const row = matrix.slice(k * n, k * n + n);
      matrix.copyWithin(k * n, best * n, best * n + n);
      matrix.set(row, best * n);
      [order[k], order[best]] = [order[best], order[k]];
    }
    return true;
  }

  private eliminate(k: number): number {
    const { n, matrix } = this;
    const inverse = 1 / matrix[k * n + k];
    const top = matrix.subarray(k * n, k * n + n);
    let spent = 0;
    for (let i = k + 1; i < n; i++) {
      const row = matrix.subarray(i * n, i * n + n);
      if (row[k] === 0) continue;
      const factor = row[k] * inverse;
      row[k] = factor;
      for (let j = k + 1; j < n; j++) row[j] -= factor * top[j];
      spent += n - k;
    }
    return spent;
  }

  /** The solution for a right-hand side. */
  solve(right: Float64Array): Float64Array {
    const { n, matrix, order } = this;
    const x = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = right[order[i]];
      for (let j = 0; j < i; j++) sum -= matrix[i * n + j] * x[j];
      x[i] = sum;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[i];
      for (let j = i + 1; j < n; j++) sum -= matrix[i * n + j] * x[j];
      x[i] = sum / matrix[i * n + i];
    }
    return x;
  }
}

/** The factorisation LLᵀ of a symmetric positive definite matrix. */
export class CholeskyFactorisation {
  private readonly n: number;
  private readonly matrix: Float64Array;

  private constructor(n: number, matrix: Float64Array) {
    this.n = n;
    this.matrix = matrix;
  }

  /**
   * @param matrix n × n, overwritten; its lower triangle is read
   * @returns undefined for a matrix that is not positive definite
   */
  static *of(n: number, matrix: Float64Array): Interruptible<CholeskyFactorisation | undefined> {
    let spent = 0;
    for (let i = 0; i < n; i++) {
      const row = matrix.subarray(i * n, i * n + n);
      for (let j = 0; j <= i; j++) {
        const other = matrix.subarray(j * n, j * n + n);
        let sum = row[j];
        for (let k = 0; k < j; k++) sum -= row[k] * other[k];
        if (j < i) row[j] = sum / other[j];
        else if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) return undefined;
        else row[j] = Math.sqrt(sum);
        spent += j;
      }
      if (spent > WORK_PER_TURN) {
        spent = 0;
        yield;
      }
    }
    return new CholeskyFactorisation(n, matrix);
  }

  /** Solves in place. */
  solve(x: Float64Array): Float64Array {
    const { n, matrix } = this;
    for (let i = 0; i < n; i++) {
      let sum = x[i];
      for (let k = 0; k < i; k++) sum -= matrix[i * n + k] * x[k];
      x[i] = sum / matrix[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      const value = x[i] / matrix[i * n + i];
      x[i] = value;
      for (let k = 0; k < i; k++) x[k] -= matrix[i * n + k] * value;
    }
    return x;
  }
}

/** The matrix row by row. */
export function denseOf({ rows, columns, starts, indices, values }: SparseMatrix): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    for (let k = starts[j]; k < starts[j + 1]; k++) result[indices[k] * columns + j] = values[k];
  }
  return result;
}
