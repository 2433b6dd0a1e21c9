// Positive semidefinite matrices; see cone-kernels.ts for the formulas. v, h and out are addresses of the lower triangle
// of a matrix of order k, column by column, with entries off the diagonal times √2.
import * as place from './cone-place';
import { decompose } from './jacobi';
import { blockSpace } from './memory';

/** The largest order, whose matrices fit four times into `blockSpace`. */
const LARGEST: usize = 32;
const MATRIX_BYTES: usize = LARGEST * LARGEST * 8;
/**
 * Off-diagonal entries below this count as 0, where the largest entry of the matrix is between ½ and 1: an eigenvalue is
 * then wrong by about their square, and a projection by as much as they, which is far below what float32 can tell.
 */
const NEGLIGIBLE: f64 = 1e-9;

let k: i32 = 0;

/** The v whose eigenvalues and eigenvectors the matrices 0 and 1 hold for derivatives, and its order; 0: none. */
let decomposed: usize = 0;
let decomposedOrder: i32 = 0;

function matrixAt(number: usize): usize {
  return blockSpace() + number * MATRIX_BYTES;
}

function entry(matrix: usize, i: i32, j: i32): usize {
  return matrix + ((<usize>(i * k + j)) << 3);
}

export function projectSemidefinite(v: usize, out: usize, order: i32, scale: f64): void {
  k = order;
  forgetDecomposition();
  const A = matrixAt(0);
  const Q = matrixAt(1);
  unpack(v, A, 1 / scale);
  decompose(A, Q, k, NEGLIGIBLE);
  let at = out;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++, at += 4) {
      let sum: f64 = 0;
      for (let l = 0; l < k; l++) {
        const value = load<f64>(entry(A, l, l));
        // The rows of Q are the eigenvectors.
        if (value > 0) sum += value * load<f64>(entry(Q, l, i)) * load<f64>(entry(Q, l, j));
      }
      store<f32>(at, <f32>(i === j ? sum * scale : sum * scale * Math.SQRT2));
    }
  }
}

/** The tolerance of `place` is in the units of v divided by `scale`. */
export function differentiateSemidefinite(v: usize, h: usize, out: usize, order: i32, scale: f64): void {
  k = order;
  const A = matrixAt(0);
  const Q = matrixAt(1);
  const H = matrixAt(2);
  const half = matrixAt(3);
  if (!isDecomposed(v)) {
    unpack(v, A, 1 / scale);
    decompose(A, Q, k, NEGLIGIBLE);
    decomposed = v;
    decomposedOrder = k;
  }
  unpack(h, H, 1);
  // QHQᵀ, where the rows of Q are the eigenvectors
  multiply(Q, H, half, false);
  multiply(half, Q, H, true);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const at = entry(H, i, j);
      store<f64>(at, load<f64>(at) * weight(load<f64>(entry(A, i, i)), load<f64>(entry(A, j, j))));
    }
  }
  // Qᵀ(..)Q
  multiplyTransposed(Q, H, half);
  multiply(half, Q, H, false);
  let at = out;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++, at += 4) {
      const sum = load<f64>(entry(H, i, j)) + load<f64>(entry(H, j, i));
      store<f32>(at, <f32>(i === j ? sum * 0.5 : sum * Math.SQRT1_2));
    }
  }
}

/** Ω for a pair of eigenvalues. */
function weight(a: f64, b: f64): f64 {
  const low = min(a, b);
  const high = max(a, b);
  const near = place.tolerance;
  if (low > near) return 1;
  if (high < -near) return 0;
  if (low >= -near) return high > near ? 1 : place.share;
  return high > near ? high / (high - low) : 0;
}

function unpack(v: usize, matrix: usize, factor: f64): void {
  let at = v;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++, at += 4) {
      const value = <f64>load<f32>(at) * (i === j ? factor : factor * Math.SQRT1_2);
      store<f64>(entry(matrix, i, j), value);
      store<f64>(entry(matrix, j, i), value);
    }
  }
}

/** out = A·B, or A·Bᵀ */
function multiply(A: usize, B: usize, out: usize, isTransposed: bool): void {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      let sum: f64 = 0;
      for (let l = 0; l < k; l++) {
        sum += load<f64>(entry(A, i, l)) * load<f64>(isTransposed ? entry(B, j, l) : entry(B, l, j));
      }
      store<f64>(entry(out, i, j), sum);
    }
  }
}

/** out = AᵀB */
function multiplyTransposed(A: usize, B: usize, out: usize): void {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      let sum: f64 = 0;
      for (let l = 0; l < k; l++) sum += load<f64>(entry(A, l, i)) * load<f64>(entry(B, l, j));
      store<f64>(entry(out, i, j), sum);
    }
  }
}

/** What is at the addresses may change between instructions. */
export function forgetDecomposition(): void {
  decomposed = 0;
}

/** Whether the same numbers were decomposed last: often, many derivatives are taken at one point. */
function isDecomposed(v: usize): bool {
  if (decomposed === 0 || decomposedOrder !== k) return false;
  return memory.compare(v, decomposed, (<usize>(k * (k + 1))) << 1) === 0;
}
