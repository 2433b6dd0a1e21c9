// Positive semidefinite matrices; see cone-kernels.ts for the formulas. v, h and out are addresses of the lower triangle
// of a matrix of order k, column by column, with entries off the diagonal times √2.
import * as place from './cone-place';
import { blockSpace } from './memory';

/** The largest order, whose matrices fit four times into `blockSpace`. */
const LARGEST: usize = 32;
const MATRIX_BYTES: usize = LARGEST * LARGEST * 8;
/**
 * Off-diagonal entries below this count as 0, where the largest entry of the matrix is between ½ and 1: an eigenvalue is
 * then wrong by about their square, and a projection by as much as they, which is far below what float32 can tell.
 */
const NEGLIGIBLE: f64 = 1e-9;
const SWEEPS: i32 = 30;

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
  decompose(A, Q);
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
    decompose(A, Q);
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

/** A = QᵀΛQ by cyclic Jacobi rotations; Λ is left on the diagonal of A. */
function decompose(A: usize, Q: usize): void {
  memory.fill(Q, 0, MATRIX_BYTES);
  for (let i = 0; i < k; i++) store<f64>(entry(Q, i, i), 1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < k; p++) {
      for (let q = p + 1; q < k; q++) {
        if (abs(load<f64>(entry(A, p, q))) <= NEGLIGIBLE) continue;
        rotate(A, Q, p, q);
        isDone = false;
      }
    }
    if (isDone) return;
  }
}

/** The rotation of the axes p and q after which A_pq is 0. */
function rotate(A: usize, Q: usize, p: i32, q: i32): void {
  const off = load<f64>(entry(A, p, q));
  const first = load<f64>(entry(A, p, p));
  const second = load<f64>(entry(A, q, q));
  const theta = (second - first) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (abs(theta) + sqrt<f64>(theta * theta + 1));
  const c = 1 / sqrt<f64>(t * t + 1);
  const s = t * c;
  turn(entry(A, p, 0), entry(A, q, 0), c, s);
  // A is symmetric: its columns are its rows.
  for (let i = 0; i < k; i++) {
    store<f64>(entry(A, i, p), load<f64>(entry(A, p, i)));
    store<f64>(entry(A, i, q), load<f64>(entry(A, q, i)));
  }
  store<f64>(entry(A, p, p), first - t * off);
  store<f64>(entry(A, q, q), second + t * off);
  store<f64>(entry(A, p, q), 0);
  store<f64>(entry(A, q, p), 0);
  turn(entry(Q, p, 0), entry(Q, q, 0), c, s);
}

/** (a, b) becomes (ca − sb, sa + cb) for k pairs of numbers. */
function turn(first: usize, second: usize, c: f64, s: f64): void {
  const end = first + ((<usize>k) << 3);
  const cs = f64x2.splat(c);
  const ss = f64x2.splat(s);
  for (; first + 16 <= end; first += 16, second += 16) {
    const a = v128.load(first);
    const b = v128.load(second);
    v128.store(first, f64x2.sub(f64x2.mul(cs, a), f64x2.mul(ss, b)));
    v128.store(second, f64x2.add(f64x2.mul(ss, a), f64x2.mul(cs, b)));
  }
  if (first < end) {
    const a = load<f64>(first);
    const b = load<f64>(second);
    store<f64>(first, c * a - s * b);
    store<f64>(second, s * a + c * b);
  }
}
