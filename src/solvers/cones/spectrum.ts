/** The conservative Jacobian of a projection in eigenvectors, which J_min, J_max and all between them share. */
import type { SparseVector } from './projection.ts';

/** An orthonormal basis of eigenvectors, and the eigenvalues, which are from 0 to 1. */
export interface Spectrum {
  /** As many as there are rows. */
  readonly vectors: readonly SparseVector[];
  /** The eigenvalues of J_min. */
  readonly low: Float64Array;
  /** The eigenvalues of J_max. */
  readonly high: Float64Array;
  /** The place, in the list of kinks, of the kink at which low and high differ; −1 where they agree. */
  readonly kinks: Int32Array;
}
