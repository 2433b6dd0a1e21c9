/**
 * The projection onto the second-order cone {(t, u): t ≥ ‖u‖}. With r = ‖u‖ and w = u/r it is v for t ≥ r, 0 for
 * t ≤ −r, and ½(t + r)(1, w) between (F. Alizadeh, D. Goldfarb, "Second-order cone programming", 2003, section 3).
 */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Eigenvector, ProjectionKink, SparseVector } from '../projection.ts';
import { type BlockJacobian, type ConeKind, normOf, sparseVector, unitEigenvectors } from './kind.ts';
import { constantJacobian, nonnegativeCone } from './orthant.ts';

export const secondOrderCone: ConeKind = {
  value(block, v, out) {
    if (block.rows === 1) nonnegativeCone.value(block, v, out);
    else projectValue(block, v, out, normOf(v, block.start + 1, block.start + block.rows));
  },
  project(block, v, out, tolerance) {
    if (block.rows === 1) return nonnegativeCone.project(block, v, out, tolerance);
    const radius = normOf(v, block.start + 1, block.start + block.rows);
    projectValue(block, v, out, radius);
    return jacobianAt(block, v, radius, tolerance);
  },
};

function projectValue({ start, rows }: ConeBlock, v: Float64Array, out: Float64Array, radius: number): void {
  const t = v[start];
  const end = start + rows;
  if (t >= radius) {
    if (v !== out) for (let i = start; i < end; i += 1) out[i] = v[i];
  } else if (t <= -radius) out.fill(0, start, end);
  else {
    const height = 0.5 * t + 0.5 * radius;
    const factor = height / radius;
    out[start] = height;
    for (let i = start + 1; i < end; i += 1) out[i] = factor * v[i];
  }
}

function jacobianAt(block: ConeBlock, v: Float64Array, radius: number, tolerance: number): BlockJacobian {
  const { start, rows } = block;
  const t = v[start];
  // A point (t, r) is |t − r|/√2 from the line t = r of the half-plane r ≥ 0, and |t + r|/√2 from t = −r.
  const fromCone = Math.abs(t - radius) * Math.SQRT1_2;
  const fromPolar = Math.abs(t + radius) * Math.SQRT1_2;
  const fromApex = Math.hypot(t, radius);
  if (fromApex <= tolerance || (fromCone <= tolerance && fromPolar <= tolerance)) {
    return new ApexJacobian(block, fromApex);
  }
  if (fromCone > tolerance && t > radius) return constantJacobian(block, 1);
  if (fromPolar > tolerance && t < -radius) return constantJacobian(block, 0);
  const kind = fromCone <= tolerance ? 'cone' : fromPolar <= tolerance ? 'polar' : 'between';
  const axis = new Float64Array(rows - 1);
  for (let i = 0; i < rows - 1; i += 1) axis[i] = v[start + 1 + i] / radius;
  return new RoundJacobian(block, axis, t / radius, kind, kind === 'cone' ? fromCone : fromPolar);
}

/** At the apex 0 ⪯ J ⪯ I, and both are elements. */
class ApexJacobian implements BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  readonly #block: ConeBlock;

  constructor(block: ConeBlock, distance: number) {
    this.#block = block;
    this.kinks = [{ kind: 'interval', row: block.start, rows: block.rows, distance }];
  }

  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void {
    const { start, rows } = this.#block;
    for (let i = start; i < start + rows; i += 1) out[i] = shares[first] * h[i];
  }

  eigenvectors(first: number): Eigenvector[] {
    return unitEigenvectors(this.#block, 0, 1, first);
  }
}

/**
 * With a = (1, w)/√2, b = (1, −w)/√2 and the projection C onto (0, w⊥), J = λ_a·aaᵀ + λ_b·bbᵀ + λ_c·C:
 * between the cone and its polar (1, 0, (1 + t/r)/2); at t = r (1, [0, 1], 1); at t = −r ([0, 1], 0, 0).
 */
class RoundJacobian implements BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  readonly #block: ConeBlock;
  /** w */
  readonly #axis: Float64Array;
  readonly #kind: 'cone' | 'polar' | 'between';
  /** λ_c */
  readonly #across: number;

  constructor(
    block: ConeBlock,
    axis: Float64Array,
    slope: number,
    kind: 'cone' | 'polar' | 'between',
    distance: number,
  ) {
    this.#block = block;
    this.#axis = axis;
    this.#kind = kind;
    this.#across = kind === 'cone' ? 1 : kind === 'polar' ? 0 : 0.5 + 0.5 * slope;
    const direction = kind === 'between' ? undefined : this.#ray(kind === 'cone' ? -1 : 1);
    this.kinks = direction ? [{ kind: 'segment', row: block.start, rows: block.rows, direction, distance }] : [];
  }

  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void {
    const { start } = this.#block;
    const axis = this.#axis;
    const alongRay = this.#kind === 'polar' ? shares[first] : 1;
    const alongNormal = this.#kind === 'cone' ? shares[first] : 0;
    let along = 0;
    for (let i = 0; i < axis.length; i += 1) along += axis[i] * h[start + 1 + i];
    // λ_a·a(aᵀh) + λ_b·b(bᵀh), with √2·aᵀh = h₀ + wᵀh_u and √2·bᵀh = h₀ − wᵀh_u.
    const ray = 0.5 * alongRay * (h[start] + along);
    const normal = 0.5 * alongNormal * (h[start] - along);
    const across = this.#across;
    out[start] = ray + normal;
    const shift = ray - normal - across * along;
    for (let i = 0; i < axis.length; i += 1) out[start + 1 + i] = across * h[start + 1 + i] + shift * axis[i];
  }

  eigenvectors(first: number): Eigenvector[] {
    const { start } = this.#block;
    const across = this.#across;
    const made = (vector: SparseVector, low: number, high: number): Eigenvector => ({
      vector,
      low,
      high,
      kink: low === high ? -1 : first,
    });
    return [
      made(sparseVector(start, this.#ray(1)), this.#kind === 'polar' ? 0 : 1, 1),
      made(sparseVector(start, this.#ray(-1)), 0, this.#kind === 'cone' ? 1 : 0),
      ...this.#complement().map((vector) => made(vector, across, across)),
    ];
  }

  /** (1, ±w)/√2 */
  #ray(sign: 1 | -1): Float64Array {
    const ray = new Float64Array(this.#axis.length + 1);
    ray[0] = Math.SQRT1_2;
    this.#axis.forEach((entry, i) => {
      ray[i + 1] = sign * Math.SQRT1_2 * entry;
    });
    return ray;
  }

  /**
   * An orthonormal basis of (0, w⊥): of the Householder reflection I − ccᵀ/(1 + |w₀|), c = w + sign(w₀)·e₀, which is
   * symmetric and takes w to a multiple of e₀, all columns but the first.
   */
  #complement(): SparseVector[] {
    const axis = this.#axis;
    const scale = 1 / (1 + Math.abs(axis[0]));
    const first = axis[0] < 0 ? axis[0] - 1 : axis[0] + 1;
    return Array.from({ length: axis.length - 1 }, (_, index) => {
      const column = index + 1;
      const factor = scale * axis[column];
      const entries = axis.map((entry, i) => (i === column ? 1 : 0) - factor * (i === 0 ? first : entry));
      return sparseVector(this.#block.start + 1, entries);
    });
  }
}
