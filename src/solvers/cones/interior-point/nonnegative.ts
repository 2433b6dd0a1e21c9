/** The cone x ≥ 0, with its product entry by entry; W = diag(√(s/z)), λ = √(sz) and U = I. */
import type { SymmetricCone } from './symmetric-cone.ts';

export class NonnegativeCone implements SymmetricCone {
  readonly degree: number;
  private readonly weights: Float64Array;

  constructor(
    readonly start: number,
    readonly rows: number,
  ) {
    this.degree = rows;
    this.weights = new Float64Array(rows);
  }

  addIdentity(target: Float64Array, scale: number): void {
    for (let i = this.start; i < this.start + this.rows; i++) target[i] += scale;
  }

  margin(v: Float64Array): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = this.start; i < this.start + this.rows; i++) least = Math.min(least, v[i]);
    return least;
  }

  scale(s: Float64Array, z: Float64Array, lambda: Float64Array): boolean {
    for (let k = 0; k < this.rows; k++) {
      const i = this.start + k;
      if (!(s[i] > 0 && z[i] > 0)) return false;
      const [rootS, rootZ] = [Math.sqrt(s[i]), Math.sqrt(z[i])];
      this.weights[k] = rootS / rootZ;
      lambda[i] = rootS * rootZ;
    }
    return true;
  }

  decompose(d: Float64Array): void {
    for (let k = 0; k < this.rows; k++) d[this.start + k] = this.weights[k] * this.weights[k];
  }

  scaleDual(v: Float64Array, target: Float64Array): void {
    for (let k = 0; k < this.rows; k++) target[this.start + k] = v[this.start + k] * this.weights[k];
  }

  unscalePrimal(v: Float64Array, target: Float64Array): void {
    this.scaleDual(v, target);
  }

  rotate(v: Float64Array, target: Float64Array): void {
    for (let i = this.start; i < this.start + this.rows; i++) target[i] = v[i];
  }

  rotateBack(v: Float64Array, target: Float64Array): void {
    this.rotate(v, target);
  }

  multiply(u: Float64Array, v: Float64Array, target: Float64Array): void {
    for (let i = this.start; i < this.start + this.rows; i++) target[i] = u[i] * v[i];
  }

  divide(lambda: Float64Array, d: Float64Array, target: Float64Array): void {
    for (let i = this.start; i < this.start + this.rows; i++) target[i] = d[i] / lambda[i];
  }

  inverseStep(lambda: Float64Array, direction: Float64Array): number {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = this.start; i < this.start + this.rows; i++) largest = Math.max(largest, -direction[i] / lambda[i]);
    return largest;
  }
}
