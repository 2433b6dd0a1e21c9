/**
 * The cone of positive semidefinite matrices with the product U ∘ V = ½(UV + VU). With S = L₁L₁ᵀ, Z = L₂L₂ᵀ and the
 * singular value decomposition L₂ᵀL₁ = UΛVᵀ: R = L₁VΛ^{−½}, Wz = RᵀZR, W⁻ᵀs = R⁻¹SR⁻ᵀ and λ = Λ (Vandenberghe 2010,
 * section 4.3). With R = QΣ(…)ᵀ, WᵀW has the eigenvalues σᵢ²σⱼ² and rotates as V → QᵀVQ.
 */
import {
  cholesky,
  diagonalise,
  leastEigenvalue,
  multiplyDense,
  multiplyTransposed,
  orthogonaliseColumns,
  packSymmetric,
  transpose,
  unpackSymmetric,
} from '../small-matrices.ts';
import type { SymmetricCone } from './symmetric-cone.ts';

export class SemidefiniteCone implements SymmetricCone {
  readonly degree: number;
  readonly rows: number;
  /** R and its transpose. */
  private readonly factor: Float64Array;
  private readonly factorTransposed: Float64Array;
  /** Q and its transpose. */
  private readonly basis: Float64Array;
  private readonly basisTransposed: Float64Array;
  /** Λ */
  private readonly values: Float64Array;
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private readonly third: Float64Array;

  constructor(
    readonly start: number,
    private readonly order: number,
  ) {
    this.degree = order;
    this.rows = (order * (order + 1)) / 2;
    const create = (): Float64Array => new Float64Array(order * order);
    this.factor = create();
    this.factorTransposed = create();
    this.basis = create();
    this.basisTransposed = create();
    this.values = new Float64Array(order);
    this.first = create();
    this.second = create();
    this.third = create();
  }

  addIdentity(target: Float64Array, scale: number): void {
    const { order } = this;
    for (let j = 0, i = this.start; j < order; i += order - j, j++) target[i] += scale;
  }

  margin(v: Float64Array): number {
    return leastEigenvalue(v, this.start, this.order, this.first);
  }

  scale(s: Float64Array, z: Float64Array, lambda: Float64Array): boolean {
    const { start, order: k, first: L1, second: L2, third: G, values } = this;
    unpackSymmetric(s, start, k, L1);
    if (!cholesky(L1, k)) return false;
    unpackSymmetric(z, start, k, L2);
    if (!cholesky(L2, k)) return false;
    multiplyTransposed(L2, L1, k, G);
    orthogonaliseColumns(G, k, L1);
    for (let j = 0; j < k; j++) {
      let square = 0;
      for (let r = 0; r < k; r++) square += G[j * k + r] ** 2;
      values[j] = Math.sqrt(square);
      if (!(values[j] > 0 && values[j] < Number.POSITIVE_INFINITY)) return false;
      const factor = 1 / Math.sqrt(values[j]);
      for (let r = 0; r < k; r++) this.factor[j * k + r] = factor * L1[j * k + r];
    }
    transpose(this.factor, k, this.factorTransposed);
    lambda.fill(0, start, start + this.rows);
    for (let j = 0, i = start; j < k; i += k - j, j++) lambda[i] = values[j];
    return true;
  }

  decompose(d: Float64Array): void {
    const { start, order: k, basis, basisTransposed } = this;
    basis.set(this.factor);
    orthogonaliseColumns(basis, k);
    const squares = new Float64Array(k);
    for (let j = 0; j < k; j++) {
      for (let r = 0; r < k; r++) squares[j] += basis[j * k + r] ** 2;
      const length = Math.sqrt(squares[j]);
      for (let r = 0; r < k; r++) basis[j * k + r] /= length;
    }
    transpose(basis, k, basisTransposed);
    let position = start;
    for (let j = 0; j < k; j++) for (let i = j; i < k; i++) d[position++] = squares[i] * squares[j];
  }

  scaleDual(v: Float64Array, target: Float64Array): void {
    this.congruence(this.factorTransposed, this.factor, v, target);
  }

  unscalePrimal(v: Float64Array, target: Float64Array): void {
    this.congruence(this.factor, this.factorTransposed, v, target);
  }

  rotate(v: Float64Array, target: Float64Array): void {
    this.congruence(this.basisTransposed, this.basis, v, target);
  }

  rotateBack(v: Float64Array, target: Float64Array): void {
    this.congruence(this.basis, this.basisTransposed, v, target);
  }

  multiply(u: Float64Array, v: Float64Array, target: Float64Array): void {
    const { start, order: k, first, second, third } = this;
    unpackSymmetric(u, start, k, first);
    unpackSymmetric(v, start, k, second);
    multiplyDense(first, second, k, third);
    for (let j = 0; j < k; j++) {
      for (let i = j; i < k; i++) first[j * k + i] = 0.5 * (third[j * k + i] + third[i * k + j]);
    }
    packSymmetric(first, k, target, start);
  }

  /** λ is diagonal: entry (i, j) is 2dᵢⱼ/(λᵢ + λⱼ). */
  divide(_lambda: Float64Array, d: Float64Array, target: Float64Array): void {
    const { start, order: k, values } = this;
    let position = start;
    for (let j = 0; j < k; j++) {
      for (let i = j; i < k; i++, position++) target[position] = (2 * d[position]) / (values[i] + values[j]);
    }
  }

  /** Minus the least eigenvalue of Λ^{−½}DΛ^{−½} */
  inverseStep(_lambda: Float64Array, direction: Float64Array): number {
    const { start, order: k, values, first } = this;
    unpackSymmetric(direction, start, k, first);
    for (let j = 0; j < k; j++) {
      for (let i = 0; i < k; i++) first[j * k + i] /= Math.sqrt(values[i]) * Math.sqrt(values[j]);
    }
    diagonalise(first, k);
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < k; j++) largest = Math.max(largest, -first[j * k + j]);
    return largest;
  }

  /** target = F · v · Fᵀ for v as a matrix */
  private congruence(F: Float64Array, Ft: Float64Array, v: Float64Array, target: Float64Array): void {
    const { start, order: k, first, second } = this;
    unpackSymmetric(v, start, k, first);
    multiplyDense(F, first, k, second);
    multiplyDense(second, Ft, k, first);
    packSymmetric(first, k, target, start);
  }
}
