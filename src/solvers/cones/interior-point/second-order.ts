/**
 * The cone t ≥ ‖u‖ of (t, u), with the product (x₀, x₁) ∘ (y₀, y₁) = (xᵀy, x₀y₁ + y₀x₁) and e = (1, 0). With J = diag(1, −I),
 * s̄ = s/√(sᵀJs), z̄ = z/√(zᵀJz), γ = √((1 + s̄ᵀz̄)/2) and w̄ = (s̄ + Jz̄)/(2γ):
 * W = β(2vvᵀ − J), β = (sᵀJs/zᵀJz)^¼, v = (w̄ + e)/√(2(w̄₀ + 1)) (Vandenberghe 2010, section 4), W² = β²(2w̄w̄ᵀ − J). With
 * ω = w̄₀ + ‖w̄₁‖ and u = w̄₁/‖w̄₁‖ the latter has the eigenvectors (1, u)/√2 for β²ω², (1, −u)/√2 for β²/ω² and, for β²,
 * the other columns of the Householder reflection that takes u to an axis.
 */
import type { SymmetricCone } from './symmetric-cone.ts';

export class SecondOrderCone implements SymmetricCone {
  readonly degree = 1;
  /** β and v. */
  private size = 1;
  private readonly v: Float64Array;
  /** ω, and the vector h of the reflection I − 2hhᵀ/hᵀh, which takes u to (−1)·(the sign of u's first entry)·(1, 0, …). */
  private omega = 1;
  private readonly reflector: Float64Array;
  private sign = 1;

  constructor(
    readonly start: number,
    readonly rows: number,
  ) {
    this.v = new Float64Array(rows);
    this.reflector = new Float64Array(rows);
  }

  addIdentity(target: Float64Array, scale: number): void {
    target[this.start] += scale;
  }

  margin(v: Float64Array): number {
    return v[this.start] - this.tailNorm(v);
  }

  scale(s: Float64Array, z: Float64Array, lambda: Float64Array): boolean {
    const { start, rows, v } = this;
    const [sizeS, sizeZ] = [this.hyperbolicNorm(s), this.hyperbolicNorm(z)];
    if (!(sizeS > 0 && sizeZ > 0)) return false;
    const [s0, z0] = [s[start] / sizeS, z[start] / sizeZ];
    let product = s0 * z0;
    for (let k = 1; k < rows; k++) product += (s[start + k] / sizeS) * (z[start + k] / sizeZ);
    const gamma = Math.sqrt(0.5 * (1 + Math.max(product, 1)));
    const w0 = (s0 + z0) / (2 * gamma);
    const root = Math.sqrt(2 * (w0 + 1));
    v[0] = (w0 + 1) / root;
    // λ = √(√(sᵀJs)·√(zᵀJz)) · (γ, ((γ + z̄₀)s̄₁ + (γ + s̄₀)z̄₁)/(s̄₀ + z̄₀ + 2γ))
    const length = Math.sqrt(sizeS) * Math.sqrt(sizeZ);
    lambda[start] = length * gamma;
    for (let k = 1; k < rows; k++) {
      const [sk, zk] = [s[start + k] / sizeS, z[start + k] / sizeZ];
      v[k] = (sk - zk) / (2 * gamma * root);
      lambda[start + k] = (length * ((gamma + z0) * sk + (gamma + s0) * zk)) / (s0 + z0 + 2 * gamma);
    }
    this.size = Math.sqrt(sizeS / sizeZ);
    return this.size > 0 && this.size < Number.POSITIVE_INFINITY;
  }

  decompose(d: Float64Array): void {
    const { start, rows, size, v, reflector } = this;
    // 2vvᵀ − J has the first column w̄ = 2v₀v − e.
    let square = 0;
    for (let k = 1; k < rows; k++) {
      reflector[k] = 2 * v[0] * v[k];
      square += reflector[k] * reflector[k];
    }
    const tail = Math.sqrt(square);
    this.omega = tail + Math.sqrt(1 + square);
    this.sign = reflector[1] < 0 ? 1 : -1;
    reflector[1] -= this.sign * tail;
    d.fill(size * size, start, start + rows);
    if (rows === 1) return;
    d[start] = (size * this.omega) ** 2;
    d[start + 1] = (size / this.omega) ** 2;
  }

  /** W is symmetric. */
  scaleDual(vector: Float64Array, target: Float64Array): void {
    const { start, rows, v, size } = this;
    let share = 0;
    for (let k = 0; k < rows; k++) share += v[k] * vector[start + k];
    target[start] = size * (2 * share * v[0] - vector[start]);
    for (let k = 1; k < rows; k++) target[start + k] = size * (2 * share * v[k] + vector[start + k]);
  }

  unscalePrimal(vector: Float64Array, target: Float64Array): void {
    this.scaleDual(vector, target);
  }

  rotate(vector: Float64Array, target: Float64Array): void {
    const { start, rows, sign } = this;
    for (let i = start; i < start + rows; i++) target[i] = vector[i];
    if (rows === 1) return;
    this.reflect(target);
    const [first, along] = [target[start], sign * target[start + 1]];
    target[start] = Math.SQRT1_2 * (first + along);
    target[start + 1] = Math.SQRT1_2 * (first - along);
  }

  rotateBack(vector: Float64Array, target: Float64Array): void {
    const { start, rows, sign } = this;
    for (let i = start; i < start + rows; i++) target[i] = vector[i];
    if (rows === 1) return;
    const [plus, minus] = [target[start], target[start + 1]];
    target[start] = Math.SQRT1_2 * (plus + minus);
    target[start + 1] = sign * Math.SQRT1_2 * (plus - minus);
    this.reflect(target);
  }

  private reflect(target: Float64Array): void {
    const { start, rows, reflector } = this;
    let square = 0;
    let product = 0;
    for (let k = 1; k < rows; k++) {
      square += reflector[k] * reflector[k];
      product += reflector[k] * target[start + k];
    }
    if (square === 0) return;
    for (let k = 1; k < rows; k++) target[start + k] -= ((2 * product) / square) * reflector[k];
  }

  multiply(u: Float64Array, v: Float64Array, target: Float64Array): void {
    const { start, rows } = this;
    const [u0, v0] = [u[start], v[start]];
    let first = u0 * v0;
    for (let i = start + 1; i < start + rows; i++) {
      first += u[i] * v[i];
      target[i] = u0 * v[i] + v0 * u[i];
    }
    target[start] = first;
  }

  /** x₀ = (λ₀d₀ − λ₁ᵀd₁)/(λᵀJλ), x₁ = (d₁ − x₀λ₁)/λ₀ */
  divide(lambda: Float64Array, d: Float64Array, target: Float64Array): void {
    const { start, rows } = this;
    const length = this.hyperbolicNorm(lambda);
    let first = lambda[start] * d[start];
    for (let i = start + 1; i < start + rows; i++) first -= lambda[i] * d[i];
    first /= length * length;
    for (let i = start + 1; i < start + rows; i++) target[i] = (d[i] - first * lambda[i]) / lambda[start];
    target[start] = first;
  }

  /** The transformation that takes λ to e takes the direction to ρ; 1/t = ‖ρ₁‖ − ρ₀ (Vandenberghe 2010, section 8.3). */
  inverseStep(lambda: Float64Array, direction: Float64Array): number {
    const { start, rows } = this;
    const length = this.hyperbolicNorm(lambda);
    const lambda0 = lambda[start] / length;
    let rho0 = lambda0 * direction[start];
    for (let i = start + 1; i < start + rows; i++) rho0 -= (lambda[i] / length) * direction[i];
    const factor = (rho0 + direction[start]) / (lambda0 + 1);
    let tail = 0;
    for (let i = start + 1; i < start + rows; i++) tail += (direction[i] - (factor * lambda[i]) / length) ** 2;
    return (Math.sqrt(tail) - rho0) / length;
  }

  /** √(vᵀJv), 0 outside the cone. */
  private hyperbolicNorm(v: Float64Array): number {
    const tail = this.tailNorm(v);
    const difference = v[this.start] - tail;
    return difference > 0 ? Math.sqrt(difference) * Math.sqrt(v[this.start] + tail) : 0;
  }

  private tailNorm(v: Float64Array): number {
    let sum = 0;
    for (let i = this.start + 1; i < this.start + this.rows; i++) sum += v[i] * v[i];
    return Math.sqrt(sum);
  }
}
