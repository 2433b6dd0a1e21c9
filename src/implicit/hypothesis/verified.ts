/**
 * Invertibility and the sign of a determinant, proved in floating point. The proofs hold for the numbers as they are
 * stored, whatever the rounding on the way; where rounding leaves the answer open, there is none.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import {
  determinantSign,
  type Factorisation,
  factorise,
  inverse,
  multiply,
  multiplyAbsolute,
  WIDE,
} from '../../solvers/matrices.ts';

/** A proof that a matrix B is invertible. */
export interface VerifiedInverse {
  readonly factorisation: Factorisation;
  /** X, near B⁻¹. */
  readonly inverse: Float64Array;
  /** A bound of ‖I − XB‖∞ below 1, which shows that B is invertible. */
  readonly defect: number;
  /** The sign of det B. */
  readonly sign: -1 | 1;
}

/** Covers the rounding of the bounds themselves, a relative error below n·ε, and their underflow. */
const SLACK = 1.01;
/** Where ‖X‖ is below this, the underflow of a bound, less than n²·2⁻¹⁰⁷⁴·‖X‖, is within the slack. */
const LARGEST_INVERSE = 2 ** 900;

/**
 * Proves that every matrix B' with |B' − B| ≤ radius is invertible, and that all their determinants have one sign; null
 * where it cannot.
 *
 * For any matrix X, ‖I − XB'‖∞ < 1 proves that B' is invertible, and ‖I − XB'‖∞ ≤ ‖I − XB‖∞ + ‖|X||B' − B|‖∞. The
 * rounded residual R of I − XB errs by at most (n + 2)·ε·(|X||B| + I). Partial pivoting factorises exactly a matrix
 * PᵀLU with |PᵀLU − B| ≤ n·ε·Pᵀ|L||U| (Higham, Accuracy and Stability of Numerical Algorithms, theorem 9.3). So where
 *   max_i ( |R|1 + |X|(radius·1) + (n + 2)·ε·(|X||B|1 + 1) + n·ε·|X|Pᵀ|L||U|1 )_i < 1
 * the convex set of all matrices within max(radius, n·ε·Pᵀ|L||U|) of B contains no singular one: the determinant has
 * one sign on it, which is that of PᵀLU and is known exactly.
 * @param radius n × n. Default: 0
 */
export function* verifyInverse(
  matrix: ArrayLike<number>,
  n: number,
  radius?: Float64Array,
): Interruptible<VerifiedInverse | null> {
  const factorisation = yield* factorise(matrix, n);
  const sign = determinantSign(factorisation);
  if (sign === 0) return null;
  const X = yield* inverse(factorisation);
  const ones = new Float64Array(n).fill(1);
  const rounding = multiplyAbsolute(X, boundFactorisationError(factorisation));
  const product = multiplyAbsolute(X, multiplyAbsolute(matrix, ones));
  const spread = radius ? multiplyAbsolute(X, multiply(radius, ones)) : new Float64Array(n);
  const residual = yield* sumResidualRows(X, matrix, n);
  let defect = 0;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const evaluation = (n + 2) * Number.EPSILON * (product[i] + 1);
    defect = Math.max(defect, SLACK * (residual[i] + spread[i] + evaluation + rounding[i]));
  }
  for (const value of X) largest = Math.max(largest, Math.abs(value));
  return defect < 1 && largest < LARGEST_INVERSE ? { factorisation, inverse: X, defect, sign } : null;
}

/** n·ε·Pᵀ|L||U|1 */
function boundFactorisationError({ n, factors, rows }: Factorisation): Float64Array {
  const upper = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) upper[i] += Math.abs(factors[i * n + j]);
  }
  const error = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = upper[i];
    for (let j = 0; j < i; j++) sum += Math.abs(factors[i * n + j]) * upper[j];
    error[rows[i]] = n * Number.EPSILON * sum;
  }
  return error;
}

/** |I − XB|1, with the rounding of float64. */
function* sumResidualRows(X: Float64Array, matrix: ArrayLike<number>, n: number): Interruptible<Float64Array> {
  const sums = new Float64Array(n);
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    sums[i] = sumResidualRow(X, matrix, n, i, row);
    if (n >= WIDE) yield;
  }
  return sums;
}

function sumResidualRow(X: Float64Array, matrix: ArrayLike<number>, n: number, i: number, row: Float64Array): number {
  row.fill(0);
  for (let l = 0; l < n; l++) {
    const factor = X[i * n + l];
    for (let j = 0; j < n; j++) row[j] -= factor * matrix[l * n + j];
  }
  row[i] += 1;
  let sum = 0;
  for (let j = 0; j < n; j++) sum += Math.abs(row[j]);
  return sum;
}
