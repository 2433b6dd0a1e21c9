/** The kernels of projections onto products of cones. */

/**
 * zero: {0}. free: the whole space, its dual. nonneg: x ≥ 0. soc: t ≥ ‖u‖ of (t, u). psd: symmetric positive
 * semidefinite matrices, as the lower triangle column by column, off-diagonal entries times √2. exp: the closure of
 * {(x, y, z): y > 0, y·e^{x/y} ≤ z}. pow: x^α y^{1−α} ≥ |z|, x, y ≥ 0. expdual, powdual: the duals of these two.
 */
export const CONE_TYPES = ['zero', 'free', 'nonneg', 'soc', 'psd', 'exp', 'expdual', 'pow', 'powdual'] as const;
export type ConeType = (typeof CONE_TYPES)[number];

/** A cone at its place in a product. */
export interface ConeBlock {
  readonly type: ConeType;
  /** The number of rows; of psd the order k, which takes k(k + 1)/2 rows. */
  readonly dim: number;
  /** The first of its rows. */
  readonly start: number;
  readonly rows: number;
  /** Of pow and powdual: 0 < α < 1; elsewhere NaN. */
  readonly alpha: number;
}
