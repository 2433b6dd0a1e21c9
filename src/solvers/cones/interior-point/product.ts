/** The product of symmetric cones in the rows of a program. On the rows of zero cones s = 0 and nothing is scaled. */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { ConeForm } from './form.ts';
import { NonnegativeCone } from './nonnegative.ts';
import { SecondOrderCone } from './second-order.ts';
import { SemidefiniteCone } from './semidefinite.ts';
import type { SymmetricCone } from './symmetric-cone.ts';

export class ConeProduct {
  readonly cones: readonly SymmetricCone[];
  readonly degree: number;
  /** λ, m. */
  readonly lambda: Float64Array;

  constructor({ blocks, m }: ConeForm) {
    this.cones = blocks.filter(({ type }) => type !== 'zero').map(coneOf);
    this.degree = this.cones.reduce((sum, { degree }) => sum + degree, 0);
    this.lambda = new Float64Array(m);
  }

  /** @returns false where s or z is not in the interior */
  scale(s: Float64Array, z: Float64Array): boolean {
    return this.cones.every((cone) => cone.scale(s, z, this.lambda));
  }

  addIdentity(target: Float64Array, scale: number): void {
    for (const cone of this.cones) cone.addIdentity(target, scale);
  }

  /** The largest t with v − t·e in the product, ∞ for none. */
  margin(v: Float64Array): number {
    return this.cones.reduce((least, cone) => Math.min(least, cone.margin(v)), Number.POSITIVE_INFINITY);
  }

  /** Computes U. @param d m; D is written, except on the rows of zero cones */
  decompose(d: Float64Array): void {
    for (const cone of this.cones) cone.decompose(d);
  }

  /** Wv */
  scaleDual(v: Float64Array): Float64Array {
    return this.mapped(v, (cone, target) => cone.scaleDual(v, target));
  }

  /** Wᵀv */
  unscalePrimal(v: Float64Array): Float64Array {
    return this.mapped(v, (cone, target) => cone.unscalePrimal(v, target));
  }

  /** Uᵀv */
  rotate(v: Float64Array): Float64Array {
    return this.mapped(v, (cone, target) => cone.rotate(v, target));
  }

  /** Uv */
  rotateBack(v: Float64Array): Float64Array {
    return this.mapped(v, (cone, target) => cone.rotateBack(v, target));
  }

  private mapped(v: Float64Array, map: (cone: SymmetricCone, target: Float64Array) => void): Float64Array {
    const target = v.slice();
    for (const cone of this.cones) map(cone, target);
    return target;
  }

  /** u ∘ v, 0 on the rows of zero cones. */
  multiply(u: Float64Array, v: Float64Array): Float64Array {
    const target = new Float64Array(u.length);
    for (const cone of this.cones) cone.multiply(u, v, target);
    return target;
  }

  /** The solution of λ ∘ target = d, 0 on the rows of zero cones. */
  divide(d: Float64Array): Float64Array {
    const target = new Float64Array(d.length);
    for (const cone of this.cones) cone.divide(this.lambda, d, target);
    return target;
  }

  /** 1/t for the largest t with λ + t·direction in the product; at most 0 where t is infinite. */
  inverseStep(direction: Float64Array): number {
    return this.cones.reduce((largest, cone) => Math.max(largest, cone.inverseStep(this.lambda, direction)), 0);
  }
}

function coneOf({ type, start, rows, dim }: ConeBlock): SymmetricCone {
  if (type === 'nonneg') return new NonnegativeCone(start, rows);
  if (type === 'soc') return new SecondOrderCone(start, rows);
  if (type === 'psd') return new SemidefiniteCone(start, dim);
  throw new RangeError(`the interior point method has no cone ${type}; it has zero, free, nonneg, soc and psd`);
}
