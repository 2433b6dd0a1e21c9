/**
 * Small dense linear algebra in float64. Matrices are n × n, row-major. Functions that take n³ operations can be
 * interrupted.
 */
import type { Interruptible } from '../backends/event-loop.ts';

/** From this order on, n³ operations may be interrupted; below it they take a tenth of a millisecond. */
export const WIDE = 48;

/** The factorisation P·B = L·U with unit lower triangular L, by partial pivoting. */
export interface Factorisation {
  readonly n: number;
  /** U on and above the diagonal, L below it. */
  readonly factors: Float64Array;
  /** Row i of P·B is row rows[i] of B. */
  readonly rows: Int32Array;
  /** det P. */
  readonly parity: 1 | -1;
}

/** Factorises B; a pivot of a singular B may be 0. */
export function* factorise(matrix: ArrayLike<number>, n: number): Interruptible<Factorisation> {
  const factors = Float64Array.from(matrix);
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  let parity: 1 | -1 = 1;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(factors[i * n + column]) > Math.abs(factors[pivot * n + column])) pivot = i;
    }
    if (pivot !== column) {
      for (let j = 0; j < n; j++) {
        const entry = factors[column * n + j];
        factors[column * n + j] = factors[pivot * n + j];
        factors[pivot * n + j] = entry;
      }
      [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
      parity = parity === 1 ? -1 : 1;
    }
    // Where the pivot is 0, the column is 0 from here down, and so is the diagonal entry of U.
    if (factors[column * n + column] !== 0) eliminateBelow(factors, n, column);
    if (n >= WIDE) yield;
  }
  return { n, factors, rows, parity };
}

function eliminateBelow(factors: Float64Array, n: number, column: number): void {
  const head = factors[column * n + column];
  for (let i = column + 1; i < n; i++) {
    const factor = factors[i * n + column] / head;
    factors[i * n + column] = factor;
    if (factor === 0) continue;
    for (let j = column + 1; j < n; j++) factors[i * n + j] -= factor * factors[column * n + j];
  }
}

/** The sign of det PᵀLU; 0 where a pivot is 0. */
export function determinantSign({ n, factors, parity }: Factorisation): -1 | 0 | 1 {
  let sign: number = parity;
  for (let i = 0; i < n; i++) sign *= Math.sign(factors[i * n + i]);
  return sign > 0 ? 1 : sign < 0 ? -1 : 0;
}

/** x with B·x = right; not finite where a pivot is 0. */
export function solve({ n, factors, rows }: Factorisation, right: ArrayLike<number>): Float64Array {
  const x = Float64Array.from({ length: n }, (_, i) => right[rows[i]]);
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) x[i] -= factors[i * n + j] * x[j];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i] -= factors[i * n + j] * x[j];
    x[i] /= factors[i * n + i];
  }
  return x;
}

/** x with Bᵀ·x = right: Uᵀ(Lᵀ(P·x)) = right. */
export function solveTransposed({ n, factors, rows }: Factorisation, right: ArrayLike<number>): Float64Array {
  const y = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    y[i] /= factors[i * n + i];
    for (let j = i + 1; j < n; j++) y[j] -= factors[i * n + j] * y[i];
  }
  for (let i = n - 1; i > 0; i--) {
    for (let j = 0; j < i; j++) y[j] -= factors[i * n + j] * y[i];
  }
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) x[rows[i]] = y[i];
  return x;
}

/** B⁻¹, column by column. */
export function* inverse(factorisation: Factorisation): Interruptible<Float64Array> {
  const { n } = factorisation;
  const result = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    unit[j] = 1;
    const column = solve(factorisation, unit);
    unit[j] = 0;
    for (let i = 0; i < n; i++) result[i * n + j] = column[i];
    if (n >= WIDE) yield;
  }
  return result;
}

/** Multiplications after which a Cholesky factorisation may be interrupted: some milliseconds. */
const WORK_PER_TURN = 1e6;

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

/** Whether a symmetric matrix, of which the lower triangle is read, has a Cholesky factor in floating point. */
export function* hasCholeskyFactor(matrix: ArrayLike<number>, n: number): Interruptible<boolean> {
  return (yield* CholeskyFactorisation.of(n, Float64Array.from(matrix))) !== undefined;
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** B·x */
export function multiply(matrix: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const n = x.length;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result[i] += matrix[i * n + j] * x[j];
  }
  return result;
}

/** |B|·|x| */
export function multiplyAbsolute(matrix: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const n = x.length;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result[i] += Math.abs(matrix[i * n + j] * x[j]);
  }
  return result;
}
