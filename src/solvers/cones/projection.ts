/** What a projection onto a cone is: its value, and its conservative Jacobian as an operator. */

/**
 * A place at which the projection is not smooth. The elements J of its Clarke Jacobian obey J_min ⪯ J ⪯ J_max.
 * segment: J_max = J_min + aaᵀ, and the elements are those between them. interval: J_min and J_max are elements too, of
 * which they differ by more than rank one. bounds: whether J_min and J_max are elements is not known.
 */
export interface ProjectionKink {
  readonly kind: 'segment' | 'interval' | 'bounds';
  /** The first row that it concerns, and how many: within the block, or within the product. */
  readonly row: number;
  readonly rows: number;
  /** a, with `rows` numbers. Only of a segment. */
  readonly direction?: Float64Array;
  /** How far v is from the kink, in the units of v. */
  readonly distance: number;
}

/** The projection x of v onto a cone, or onto a product of cones, in float64. */
export interface Projection {
  /** x */
  readonly value: Float64Array;
  /** The kinks at which v is, within the tolerance. */
  readonly kinks: readonly ProjectionKink[];
  /**
   * Writes Jh into `out` for J = (1 − q)J_min + qJ_max, which is symmetric with 0 ⪯ J ⪯ I.
   * @param shares q of each kink, in the order of `kinks`
   */
  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>): void;
  /** An orthonormal basis of eigenvectors of J, which J_min, J_max and all between them share: one for each row. */
  eigenvectors(): readonly Eigenvector[];
}

/** An eigenvector of J. Its eigenvalues 0 and 1 are exact by the structure of the cone. */
export interface Eigenvector {
  readonly vector: SparseVector;
  /** The eigenvalue of J_min. */
  readonly low: number;
  /** The eigenvalue of J_max. */
  readonly high: number;
  /** The place, in the list of kinks, of the one at which low and high differ; −1 where they agree. */
  readonly kink: number;
}

/** A vector by its entries that are not 0. */
export interface SparseVector {
  readonly rows: Int32Array;
  readonly values: Float64Array;
}
