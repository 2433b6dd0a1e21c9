// Small dense matrices of semidefinite cones in float64. A k × k matrix lies row by row in one piece. The rows of a cone
// are the lower triangle of a symmetric matrix, column by column, with the entries off the diagonal times √2.
import { multiplyAddWide } from './fused';
import { inMatrix, turn } from './jacobi';
import { COLUMN } from './panels';

const SWEEPS: i32 = 30;

export function unpack(rows: usize, matrix: usize, k: i32): void {
  for (let j = 0; j < k; j++) {
    store<f64>(inMatrix(matrix, k, j, j), load<f64>(rows));
    rows += 8;
    for (let i = j + 1; i < k; i++, rows += 8) {
      const value = Math.SQRT1_2 * load<f64>(rows);
      store<f64>(inMatrix(matrix, k, i, j), value);
      store<f64>(inMatrix(matrix, k, j, i), value);
    }
  }
}

/** The reverse of `unpack`, of the symmetric part of a matrix. */
export function pack(matrix: usize, rows: usize, k: i32): void {
  for (let j = 0; j < k; j++) {
    store<f64>(rows, load<f64>(inMatrix(matrix, k, j, j)));
    rows += 8;
    for (let i = j + 1; i < k; i++, rows += 8) {
      const sum = load<f64>(inMatrix(matrix, k, i, j)) + load<f64>(inMatrix(matrix, k, j, i));
      store<f64>(rows, Math.SQRT1_2 * sum);
    }
  }
}

/** Replaces a symmetric matrix by the lower triangular L with LLᵀ. @returns whether it is positive definite */
export function choleskyOf(matrix: usize, k: i32): bool {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = load<f64>(inMatrix(matrix, k, i, j));
      for (let l = 0; l < j; l++) sum -= load<f64>(inMatrix(matrix, k, i, l)) * load<f64>(inMatrix(matrix, k, j, l));
      if (i === j) {
        if (!(sum > 0 && sum < Infinity)) return false;
        store<f64>(inMatrix(matrix, k, i, i), sqrt<f64>(sum));
      } else store<f64>(inMatrix(matrix, k, i, j), sum / load<f64>(inMatrix(matrix, k, j, j)));
    }
    for (let j = i + 1; j < k; j++) store<f64>(inMatrix(matrix, k, i, j), 0);
  }
  return true;
}

/** to = A·B */
export function multiply(A: usize, B: usize, to: usize, k: i32): void {
  memory.fill(to, 0, (<usize>(k * k)) << 3);
  for (let i = 0; i < k; i++) {
    for (let l = 0; l < k; l++) {
      const value = load<f64>(inMatrix(A, k, i, l));
      if (value !== 0) addRow(inMatrix(to, k, i, 0), value, inMatrix(B, k, l, 0), k);
    }
  }
}

/** to += factor·from, of k numbers */
function addRow(to: usize, factor: f64, from: usize, k: i32): void {
  const factors = f64x2.splat(factor);
  const end = to + ((<usize>k) << 3);
  for (; to + 16 <= end; to += 16, from += 16) {
    v128.store(to, multiplyAddWide(factors, v128.load(from), v128.load(to)));
  }
  if (to < end) store<f64>(to, load<f64>(to) + factor * load<f64>(from));
}

export function transposeTo(matrix: usize, to: usize, k: i32): void {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) store<f64>(inMatrix(to, k, j, i), load<f64>(inMatrix(matrix, k, i, j)));
  }
}

/** The rows F·X·Fᵀ of a symmetric X. @param aside two matrices @param Ft the transpose of F */
export function congruence(F: usize, Ft: usize, from: usize, to: usize, k: i32, first: usize, second: usize): void {
  unpack(from, first, k);
  multiply(F, first, second, k);
  multiply(second, Ft, first, k);
  pack(first, to, k);
}

/**
 * The same for four columns of a panel, whose rows are of 32 bytes.
 * @param matrix room for k × k × 4 numbers @param product the same
 */
export function congruenceOfPanel(F: usize, from: usize, to: usize, k: i32, matrix: usize, product: usize): void {
  const half = f64x2.splat(Math.SQRT1_2);
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++, from += COLUMN) {
      let low = v128.load(from);
      let high = v128.load(from, 16);
      if (i !== j) {
        low = f64x2.mul(half, low);
        high = f64x2.mul(half, high);
      }
      storeFour(matrix, k, i, j, low, high);
      storeFour(matrix, k, j, i, low, high);
    }
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      let low = f64x2.splat(0);
      let high = low;
      let factor = inMatrix(F, k, i, 0);
      let column = matrix + ((<usize>(j * k)) << 5); // symmetric: a row is a column
      for (let l = 0; l < k; l++, factor += 8, column += COLUMN) {
        const value = v128.load64_splat(factor);
        low = multiplyAddWide(value, v128.load(column), low);
        high = multiplyAddWide(value, v128.load(column, 16), high);
      }
      storeFour(product, k, i, j, low, high);
    }
  }
  const root = f64x2.splat(Math.SQRT2);
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++, to += COLUMN) {
      let low = f64x2.splat(0);
      let high = low;
      let factor = inMatrix(F, k, j, 0);
      let column = product + ((<usize>(i * k)) << 5);
      for (let l = 0; l < k; l++, factor += 8, column += COLUMN) {
        const value = v128.load64_splat(factor);
        low = multiplyAddWide(value, v128.load(column), low);
        high = multiplyAddWide(value, v128.load(column, 16), high);
      }
      if (i !== j) {
        low = f64x2.mul(root, low);
        high = f64x2.mul(root, high);
      }
      v128.store(to, low);
      v128.store(to, high, 16);
    }
  }
}

function storeFour(matrix: usize, k: i32, i: i32, j: i32, low: v128, high: v128): void {
  const at = matrix + ((<usize>(i * k + j)) << 5);
  v128.store(at, low);
  v128.store(at, high, 16);
}

/**
 * Makes the rows of a matrix orthogonal by one-sided Jacobi rotations, which find small singular values accurately
 * (J. Demmel, K. Veselić 1992).
 * @param cosine of the angle below which two rows count as orthogonal
 */
export function orthogonaliseRows(matrix: usize, k: i32, cosine: f64): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < k - 1; p++) {
      for (let q = p + 1; q < k; q++) {
        const first = inMatrix(matrix, k, p, 0);
        const second = inMatrix(matrix, k, q, 0);
        const pp = dotOf(first, first, k);
        const qq = dotOf(second, second, k);
        const pq = dotOf(first, second, k);
        if (!(abs(pq) > cosine * sqrt<f64>(pp) * sqrt<f64>(qq))) continue;
        isDone = false;
        const slope = (qq - pp) / (2 * pq);
        const tangent = (slope < 0 ? -1 : 1) / (abs(slope) + sqrt<f64>(1 + slope * slope));
        const c = 1 / sqrt<f64>(1 + tangent * tangent);
        turn(first, second, k, c, c * tangent);
      }
    }
    if (isDone) return;
  }
}

/** x·y of k numbers. */
export function dotOf(x: usize, y: usize, k: i32): f64 {
  let sum = f64x2.splat(0);
  const end = x + ((<usize>k) << 3);
  for (; x + 16 <= end; x += 16, y += 16) sum = multiplyAddWide(v128.load(x), v128.load(y), sum);
  const total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  return x < end ? total + load<f64>(x) * load<f64>(y) : total;
}
