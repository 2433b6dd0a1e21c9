/**
 * The projection onto the positive semidefinite matrices: of V = QΛQᵀ it is Q·max(Λ, 0)·Qᵀ. Its derivative is
 * J[H] = Q(Ω∘QᵀHQ)Qᵀ with Ωᵢⱼ = 1 where both eigenvalues are positive, 0 where both are negative, and λᵢ/(λᵢ − λⱼ) for
 * λᵢ > 0 > λⱼ (J. Malick, H. Sendov, "Clarke generalized Jacobian of the projection onto the cone of positive
 * semidefinite matrices", 2006): never a quotient of equal signs, so repeated eigenvalues need no care. Eigenvalues that
 * are 0 have Ω = 1 against positive ones and 0 against negative ones; among themselves J_min has 0 and J_max has 1.
 */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Eigenvector, ProjectionKink } from '../projection.ts';
import { multiplyDense, multiplyTransposed, unpackSymmetric } from '../small-matrices.ts';
import { JacobiRotations } from './jacobi.ts';
import { type BlockJacobian, type ConeKind, largestOf, normOf, sparseVector } from './kind.ts';
import { constantJacobian } from './orthant.ts';

export const semidefiniteCone: ConeKind = {
  value(block, v, out) {
    const workspace = workspaceOf(block.dim);
    if (decompose(workspace, block, v)) writeValue(workspace, block, v, out);
    else out.fill(Number.NaN, block.start, block.start + block.rows);
  },
  project(block, v, out, tolerance) {
    const workspace = workspaceOf(block.dim);
    const isKnown = decompose(workspace, block, v);
    if (isKnown) writeValue(workspace, block, v, out);
    else out.fill(Number.NaN, block.start, block.start + block.rows);
    const { eigenvalues, eigenvectors } = workspace.rotations;
    if (!isKnown) eigenvalues.fill(Number.NaN);
    if (eigenvalues.every((each) => each > tolerance)) return constantJacobian(block, 1);
    if (eigenvalues.every((each) => each < -tolerance)) return constantJacobian(block, 0);
    return new SemidefiniteJacobian(block, eigenvalues.slice(), eigenvectors.slice(), tolerance);
  },
};

/** What the matrices of one order need. A call finishes with it before another begins. */
interface Workspace {
  readonly rotations: JacobiRotations;
  /** k × k each */
  readonly matrix: Float64Array;
  readonly product: Float64Array;
}

const workspaces = new Map<number, Workspace>();

function workspaceOf(order: number): Workspace {
  let found = workspaces.get(order);
  if (found === undefined) {
    const size = order * order;
    found = {
      rotations: new JacobiRotations(order),
      matrix: new Float64Array(size),
      product: new Float64Array(size),
    };
    workspaces.set(order, found);
  }
  return found;
}

/** Decomposes the matrix of the block; whether it is finite, without which that is not possible. */
function decompose({ rotations, matrix }: Workspace, { start, rows, dim }: ConeBlock, v: Float64Array): boolean {
  if (!(largestOf(v, start, start + rows) < Number.POSITIVE_INFINITY)) return false;
  unpackSymmetric(v, start, dim, matrix);
  rotations.decompose(matrix);
  return true;
}

/** Q·max(Λ, 0)·Qᵀ, or V + Q·max(−Λ, 0)·Qᵀ where fewer eigenvalues are negative than positive: then v stays exact. */
function writeValue({ rotations }: Workspace, block: ConeBlock, v: Float64Array, out: Float64Array): void {
  const { start, rows, dim } = block;
  const { eigenvalues, eigenvectors } = rotations;
  let excess = 0;
  for (const eigenvalue of eigenvalues) excess += Math.sign(eigenvalue);
  const sign = excess > 0 ? -1 : 1;
  if (sign === 1) out.fill(0, start, start + rows);
  else if (out !== v) for (let i = start; i < start + rows; i += 1) out[i] = v[i];
  for (let e = 0; e < dim; e += 1) {
    const weight = sign * eigenvalues[e];
    if (weight > 0) addOuterProduct(eigenvectors, e * dim, dim, weight, out, start);
  }
}

/** Adds weight·svec(qqᵀ). */
function addOuterProduct(
  q: Float64Array,
  from: number,
  order: number,
  weight: number,
  out: Float64Array,
  start: number,
): void {
  let at = start;
  for (let j = 0; j < order; j += 1) {
    const diagonal = weight * q[from + j];
    out[at] += diagonal * q[from + j];
    at += 1;
    const factor = Math.SQRT2 * diagonal;
    for (let i = j + 1; i < order; i += 1) {
      out[at] += factor * q[from + i];
      at += 1;
    }
  }
}

class SemidefiniteJacobian implements BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  readonly #block: ConeBlock;
  readonly #eigenvalues: Float64Array;
  /** k × k: row i is the eigenvector of λᵢ. */
  readonly #eigenvectors: Float64Array;
  readonly #tolerance: number;

  constructor(block: ConeBlock, eigenvalues: Float64Array, eigenvectors: Float64Array, tolerance: number) {
    this.#block = block;
    this.#eigenvalues = eigenvalues;
    this.#eigenvectors = eigenvectors;
    this.#tolerance = tolerance;
    const zeros = eigenvalues.filter((each) => Math.abs(each) <= tolerance);
    this.kinks = zeros.length === 0 ? [] : [this.#kinkOf(zeros)];
  }

  #kinkOf(zeros: Float64Array): ProjectionKink {
    const { start: row, rows } = this.#block;
    // How far V is, in the Frobenius norm, from a matrix in which all of these eigenvalues are 0.
    const distance = normOf(zeros, 0, zeros.length);
    if (zeros.length > 1) return { kind: 'interval', row, rows, distance };
    const zero = this.#eigenvalues.findIndex((_, i) => this.#sign(i) === 0);
    return { kind: 'segment', row, rows, direction: this.#pair(zero, zero), distance };
  }

  /** The sign of λᵢ: 0 within the tolerance. */
  #sign(i: number): number {
    const eigenvalue = this.#eigenvalues[i];
    return Math.abs(eigenvalue) <= this.#tolerance ? 0 : Math.sign(eigenvalue);
  }

  /** Ωᵢⱼ, with `share` for a pair of zeros. */
  #factor(i: number, j: number, share: number): number {
    const [a, b] = [this.#sign(i), this.#sign(j)];
    if (a + b > 0) return 1;
    if (a + b < 0) return 0;
    if (a === 0) return share;
    // The quotient of opposite signs, as 1/(1 + |λⱼ|/λᵢ): the difference of the eigenvalues could overflow.
    const [positive, negative] = a > 0 ? [i, j] : [j, i];
    return 1 / (1 - this.#eigenvalues[negative] / this.#eigenvalues[positive]);
  }

  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void {
    const { start, dim: k } = this.#block;
    const { matrix, product } = workspaceOf(k);
    const Q = this.#eigenvectors;
    const share = this.kinks.length === 0 ? 0 : shares[first];
    unpackSymmetric(h, start, k, matrix);
    // Row by row, as Q holds the eigenvectors in its rows: QᵀH, and QᵀHQ.
    multiplyDense(matrix, Q, k, product);
    multiplyTransposed(Q, product, k, matrix);
    for (let i = 0; i < k; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const factor = this.#factor(i, j, share);
        matrix[i * k + j] *= factor;
        if (i !== j) matrix[j * k + i] *= factor;
      }
    }
    multiplyDense(Q, matrix, k, product); // (Ω∘G)Qᵀ
    writeCongruence(Q, product, k, out, start);
  }

  /** svec of the symmetric parts of qᵢqⱼᵀ, with the eigenvalues Ωᵢⱼ. */
  eigenvectors(first: number): Eigenvector[] {
    const { start, dim } = this.#block;
    const basis: Eigenvector[] = [];
    for (let i = 0; i < dim; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const [low, high] = [this.#factor(i, j, 0), this.#factor(i, j, 1)];
        const vector = sparseVector(start, this.#pair(i, j));
        basis.push({ vector, low, high, kink: low === high ? -1 : first });
      }
    }
    return basis;
  }

  /** svec(qᵢqᵢᵀ), or svec(qᵢqⱼᵀ + qⱼqᵢᵀ)/√2: of norm 1. */
  #pair(first: number, second: number): Float64Array {
    const { dim, rows } = this.#block;
    const p = this.#eigenvectors.subarray(first * dim, (first + 1) * dim);
    const q = this.#eigenvectors.subarray(second * dim, (second + 1) * dim);
    const pair = new Float64Array(rows);
    const scale = first === second ? 0.5 : Math.SQRT1_2;
    let at = 0;
    for (let j = 0; j < dim; j += 1) {
      for (let i = j; i < dim; i += 1) {
        pair[at] = scale * (i === j ? 1 : Math.SQRT2) * (p[i] * q[j] + q[i] * p[j]);
        at += 1;
      }
    }
    return pair;
  }
}

/** Writes svec of the symmetric matrix AᵀB, each k × k. */
function writeCongruence(A: Float64Array, B: Float64Array, k: number, out: Float64Array, start: number): void {
  let at = start;
  for (let j = 0; j < k; j += 1) {
    for (let i = j; i < k; i += 1) {
      let sum = 0;
      for (let l = 0; l < k; l += 1) sum += A[l * k + i] * B[l * k + j];
      out[at] = i === j ? sum : Math.SQRT2 * sum;
      at += 1;
    }
  }
}
