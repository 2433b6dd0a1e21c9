/** Positive semidefinite matrices; see cone-kernels.ts for the formulas, and for how a matrix lies in a vector. */
import type { ConeRule, Place } from './rule.ts';

/** Off-diagonal entries below this count as 0. The largest entry of the matrix is between ½ and 1. */
const NEGLIGIBLE = 2 ** -56;
/** Far more sweeps than are needed: they converge quadratically. */
const SWEEPS = 60;

export const SEMIDEFINITE: ConeRule = {
  project(v, out, { dim }) {
    const { values, vectors } = decompose(unpack(v, dim), dim);
    const kept = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) kept[i * dim + i] = Math.max(values[i], 0);
    pack(conjugate(kept, vectors, dim, false), dim, out);
  },
  differentiate(place, h, out, { dim }) {
    const { values, vectors } = decompose(unpack(place.v, dim), dim);
    const inner = conjugate(unpack(h, dim), vectors, dim, true);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) inner[i * dim + j] *= weight(values[i], values[j], place);
    }
    pack(conjugate(inner, vectors, dim, false), dim, out);
  },
};

/** Ω for a pair of eigenvalues. */
function weight(a: number, b: number, { tolerance, q }: Place): number {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  if (low > tolerance) return 1;
  if (high < -tolerance) return 0;
  if (low >= -tolerance) return high > tolerance ? 1 : q;
  return high > tolerance ? high / (high - low) : 0;
}

function unpack(v: Float64Array, k: number): Float64Array {
  const matrix = new Float64Array(k * k);
  let at = 0;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      const value = i === j ? v[at] : v[at] / Math.SQRT2;
      matrix[i * k + j] = value;
      matrix[j * k + i] = value;
      at += 1;
    }
  }
  return matrix;
}

function pack(matrix: Float64Array, k: number, out: Float64Array): void {
  let at = 0;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      const sum = matrix[i * k + j] + matrix[j * k + i];
      out[at] = i === j ? sum / 2 : sum / Math.SQRT2;
      at += 1;
    }
  }
}

/** QMQᵀ, or QᵀMQ if `isInverse`. */
function conjugate(matrix: Float64Array, Q: Float64Array, k: number, isInverse: boolean): Float64Array {
  const q = (i: number, j: number): number => (isInverse ? Q[j * k + i] : Q[i * k + j]);
  const half = new Float64Array(k * k);
  const result = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) for (let l = 0; l < k; l++) half[i * k + j] += q(i, l) * matrix[l * k + j];
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) for (let l = 0; l < k; l++) result[i * k + j] += half[i * k + l] * q(j, l);
  }
  return result;
}

/** A = QΛQᵀ by cyclic Jacobi rotations (G. Golub, C. Van Loan, Matrix Computations, section 8.5). */
function decompose(A: Float64Array, k: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(k * k);
  for (let i = 0; i < k; i++) vectors[i * k + i] = 1;
  for (let sweep = 0, isDone = false; sweep < SWEEPS && !isDone; sweep++) {
    isDone = true;
    for (let p = 0; p < k; p++) {
      for (let q = p + 1; q < k; q++) {
        if (Math.abs(A[p * k + q]) <= NEGLIGIBLE) continue;
        rotate(A, vectors, k, p, q);
        isDone = false;
      }
    }
  }
  return { values: Float64Array.from({ length: k }, (_, i) => A[i * k + i]), vectors };
}

/** The rotation of the axes p and q after which A_pq is 0. */
function rotate(A: Float64Array, vectors: Float64Array, k: number, p: number, q: number): void {
  const theta = (A[q * k + q] - A[p * k + p]) / (2 * A[p * k + q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let i = 0; i < k; i++) turn(A, i * k + p, i * k + q, c, s);
  for (let i = 0; i < k; i++) turn(A, p * k + i, q * k + i, c, s);
  for (let i = 0; i < k; i++) turn(vectors, i * k + p, i * k + q, c, s);
  A[p * k + q] = 0;
  A[q * k + p] = 0;
}

function turn(matrix: Float64Array, first: number, second: number, c: number, s: number): void {
  const [a, b] = [matrix[first], matrix[second]];
  matrix[first] = c * a - s * b;
  matrix[second] = s * a + c * b;
}
