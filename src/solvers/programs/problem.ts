/** Quadratic programs in float64, on the host: min ½xᵀPx + qᵀx over l ≤ Ax ≤ u. Linear programs have P = 0. */

/** A matrix in compressed columns. Column j holds entries `starts[j]` to `starts[j + 1]`, in ascending rows. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** columns + 1 */
  readonly starts: Int32Array;
  /** The row of each entry. */
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** The matrices of a program with n variables and m rows, of which its linear systems are made. */
export interface ProgramMatrices {
  readonly n: number;
  readonly m: number;
  /** n × n, positive semidefinite; full and exactly symmetric. */
  readonly P: SparseMatrix;
  /** m × n */
  readonly A: SparseMatrix;
}

/** One program. Equalities are rows with l = u; bounds are rows with one entry. */
export interface ProgramData extends ProgramMatrices {
  /** n */
  readonly q: Float64Array;
  /** m; −∞ where a row has no lower bound. */
  readonly l: Float64Array;
  /** m; ∞ where a row has no upper bound. */
  readonly u: Float64Array;
}

/** x and y, with Px + q + Aᵀy = 0 at a solution, yᵢ ≥ 0 where row i is at u, and yᵢ ≤ 0 where it is at l. */
export interface PrimalDual {
  /** n */
  readonly x: Float64Array;
  /** m */
  readonly y: Float64Array;
}

/** How far a point is from a solution, in max norms, summed with compensation. */
export interface ProgramResiduals {
  /** max(l − Ax, Ax − u, 0) */
  readonly primal: number;
  /** |Px + q + Aᵀy|, and the size of any y that points at an infinite bound. */
  readonly dual: number;
  /** |xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻|, y⁺ = max(y, 0), y⁻ = min(y, 0). */
  readonly gap: number;
}

/** The options of a solve. It stops where each residual is at most absolute + relative · (the size of its terms). */
export interface ProgramSettings {
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
  /** Where to start; either may be absent. */
  readonly initial?: Partial<PrimalDual>;
  /** Ends the solve early once it returns true. */
  readonly isCutShort?: () => boolean;
}

/**
 * converged: the residuals meet the tolerances. stalled: they do not, and rounding keeps them from it. limit: neither.
 * diverged: numbers overflowed. infeasible, unbounded: shown by a certificate that was checked.
 */
export type ProgramStatus = 'converged' | 'stalled' | 'limit' | 'diverged' | 'infeasible' | 'unbounded';

/** The result of a solve. */
export interface ProgramResult extends PrimalDual {
  readonly status: ProgramStatus;
  readonly iterations: number;
  /** Ax, m. */
  readonly z: Float64Array;
  /** ½xᵀPx + qᵀx */
  readonly objective: number;
  readonly residuals: ProgramResiduals;
  /** The largest residual relative to its tolerance, absolute + relative · (the size of its terms): 1 meets it. */
  readonly merit: number;
  /**
   * infeasible: δ [m] with Aᵀδ = 0 and uᵀδ⁺ + lᵀδ⁻ = −1. unbounded: δ [n] with Pδ = 0, qᵀδ = −1 and Aδ in the cone of
   * directions that the bounds leave free.
   */
  readonly certificate?: Float64Array;
}
