/** Cone programs in float64, on the host: min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K. */

import type { ConeBlock } from '../../backends/cone-kernels.ts';
import type { ProgramStatus, SparseMatrix } from '../programs/problem.ts';

/** One program, with n variables and m rows. */
export interface ConeData {
  readonly n: number;
  readonly m: number;
  /** n × n, positive semidefinite; full and exactly symmetric. */
  readonly P: SparseMatrix;
  /** n */
  readonly c: Float64Array;
  /** m × n */
  readonly A: SparseMatrix;
  /** m */
  readonly b: Float64Array;
  /** K, in the order of the rows; together m rows. */
  readonly blocks: readonly ConeBlock[];
}

/** x, y and s: Px + c + Aᵀy = 0, Ax + s = b, s ∈ K, y ∈ K* and sᵀy = 0 at a solution. */
export interface ConePoint {
  /** n */
  readonly x: Float64Array;
  /** m */
  readonly y: Float64Array;
  /** m */
  readonly s: Float64Array;
}

/** How far a point is from a solution, in max norms, summed with compensation. */
export interface ConeResiduals {
  /** |Ax + s − b|, and the distance of s from K. */
  readonly primal: number;
  /** |Px + c + Aᵀy|, and the distance of y from K*. */
  readonly dual: number;
  /** |xᵀPx + cᵀx + bᵀy| */
  readonly gap: number;
}

/** The options of a solve. It stops where each residual is at most absolute + relative · (the size of its terms). */
export interface ConeSettings {
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
  /** Where to start; any may be absent. */
  readonly initial?: Partial<ConePoint>;
  /** Ends the solve early once it returns true. */
  readonly isCutShort?: () => boolean;
}

/** The result of a solve. */
export interface ConeResult extends ConePoint {
  /** As of quadratic programs; `limit` also where no method came near to the tolerances, as in programs without strong duality. */
  readonly status: ProgramStatus;
  readonly iterations: number;
  /** ½xᵀPx + cᵀx */
  readonly objective: number;
  readonly residuals: ConeResiduals;
  /** The largest residual relative to its tolerance, absolute + relative · (the size of its terms): 1 meets it. */
  readonly merit: number;
  /**
   * infeasible: y [m] with Aᵀy = 0, y ∈ K* and bᵀy = −1. unbounded: x [n] with Px = 0, −Ax ∈ K and cᵀx = −1. Checked.
   */
  readonly certificate?: Float64Array;
}
