/**
 * Linear support vector machines in float64: min ½‖w‖² + Σ uᵢ max(0, 1 − yᵢ(xᵢw + b)) with uᵢ = C cᵢ. The dual is
 * min ½αᵀQα − 1ᵀα over 0 ≤ αᵢ ≤ uᵢ, and yᵀα = 0 with an intercept; Q = ZZᵀ, Z = diag(y)X, w = Zᵀα (C. Cortes, V. Vapnik
 * 1995).
 */
import { dot } from '../matrices.ts';

export interface SupportVectorProblem {
  readonly margins: MarginRows;
  /** uᵢ = C cᵢ ≥ 0. A row with uᵢ = 0 takes no part. */
  readonly upper: Float64Array;
  readonly intercept: boolean;
}

/** The rows of Z = diag(y)X, which the problems of a batch share, with their inner products. */
export class MarginRows {
  /** ‖zᵢ‖ */
  readonly norms: Float64Array;
  private readonly products: (Float64Array | undefined)[] = [];
  private readonly rowsOfZ: readonly Float64Array[];

  /**
   * @param X row by row
   * @param labels each −1 or 1
   */
  constructor(
    X: Float64Array,
    readonly labels: Float64Array,
    readonly features: number,
  ) {
    this.rowsOfZ = Array.from(labels, (label, row) =>
      X.subarray(row * features, (row + 1) * features).map((value) => label * value),
    );
    this.norms = Float64Array.from(this.rowsOfZ, (z) => Math.sqrt(dot(z, z)));
  }

  get count(): number {
    return this.labels.length;
  }

  /** zᵢ */
  row(i: number): Float64Array {
    return this.rowsOfZ[i];
  }

  /** Qᵢⱼ = zᵢ·zⱼ */
  product(i: number, j: number): number {
    if (this.features <= this.count) return dot(this.rowsOfZ[i], this.rowsOfZ[j]);
    // Of more features than rows, Q is smaller than X.
    this.products[i] ??= this.times(this.rowsOfZ[i]);
    return (this.products[i] as Float64Array)[j];
  }

  /** Zw */
  times(w: Float64Array): Float64Array {
    return Float64Array.from(this.rowsOfZ, (z) => dot(z, w));
  }

  /** Zᵀα */
  combine(alpha: ArrayLike<number>): Float64Array {
    const w = new Float64Array(this.features);
    for (const [row, z] of this.rowsOfZ.entries()) {
      const factor = alpha[row];
      if (factor !== 0) for (let j = 0; j < w.length; j++) w[j] += factor * z[j];
    }
    return w;
  }
}

/** Σ uᵢ max(0, 1 − sᵢ) for the margins s = Zw + by. */
export function hingeLoss({ margins: { labels }, upper }: SupportVectorProblem, Zw: Float64Array, b: number): number {
  return upper.reduce((sum, bound, row) => sum + bound * Math.max(0, 1 - Zw[row] - b * labels[row]), 0);
}
