/** Kernels that solve Lasso problems; kernels.ts lists them with the others. */

/** Lengths of Lasso problems: rows and columns of X, groups with an X of their own, and all of them. */
export type LassoSizes = Readonly<Record<'rows' | 'features' | 'groups' | 'batch', number>>;

/**
 * Cyclic coordinate descent for Lasso problems min ½‖y − Xβ‖² + Σ tⱼ|βⱼ| + ½ρ‖β‖², one after the other: sequential by nature,
 * and offered by the backends of SEQUENTIAL_BACKENDS alone. For each feature j in turn
 *   βⱼ = softThreshold(Xⱼᵀr + ‖Xⱼ‖²βⱼ, tⱼ) / (‖Xⱼ‖² + ρ),  r = y − Xβ,
 * until a pass changes no coefficient by more than the tolerance times the largest one. Operands [columns, y, t, ρ, initial,
 * tolerance, stopped, remaining]: columns [groups, features, rows], y [batch, rows], t and initial [batch, features], ρ,
 * tolerance, stopped and remaining [batch]. Problems of a group follow one another; one whose start is all 0 starts from the solution of the problem
 * before it, one with stopped ≠ 0 keeps its start. Result [batch, features + 1]: β, and the number of passes.
 */
export interface CoordinateDescentCall extends LassoSizes {
  readonly kernel: 'coordinateDescent';
  readonly inputs: readonly number[];
  readonly output: number;
  /** Most passes, and no more than `remaining`. */
  readonly limit: number;
}

/**
 * Lasso problems min ½‖y − Xβ‖² + Σ tⱼ|βⱼ| + ½ρ‖β‖² to rounding, one after the other, each by a homotopy (M. Osborne, B. Presnell,
 * B. Turlach 2000; as a parametric active-set method H. J. Ferreau, H. Bock, M. Diehl 2008). With g = Xᵀ(y − Xβ) − ρβ and the
 * features in use A, their signs s, a stage widens the thresholds and shifts g such that β solves what it then is,
 *   g_A − τc_A = s∘(t + τe)_A,  |g − τc| ≤ t + τe elsewhere,  τ = 1,
 * and follows the solution as τ falls to 0: β_A moves along (X_AᵀX_A + ρ)⁻¹(c + s∘e)_A, by a Cholesky factor in float64, until
 * a coefficient comes to 0 and leaves A, or a feature comes to its threshold and enters. A column that depends on those in use
 * takes the place of one of them. g is then computed anew, and stages follow until it is right to rounding; `limit` is the most
 * steps of all of them. β, g and the factor are float64 on every backend.
 * Operands [columns, y, t, ρ, initial] as for coordinate descent. A problem whose start is all 0, with the y and ρ of the one
 * before it, starts from the solution of that. Result [batch, features + 2]: β; the number of steps; and the duality gap of that
 * β relative to the objective at 0.
 */
export interface HomotopyCall extends LassoSizes {
  readonly kernel: 'homotopy';
  readonly inputs: readonly number[];
  readonly output: number;
  readonly limit: number;
  /** Most features that can be in use at once: the rank of X, or more where ρ > 0. */
  readonly capacity: number;
}

/**
 * A whole loop of proximal gradient steps for Lasso problems, from w = β and θ = 1: as in IterateCall each sample iterates until the
 * rule of `monitor` stops it, at most `limit` times, and keeps the β⁺ that stopped it. With p = w + s((c − Gw) − ρw)
 *   β⁺ = softThreshold(p, t),  residual f‖w − β⁺‖ / (o + ‖β⁺‖),  w⁺ = β⁺;
 * where `accelerated`, with θ taken for 1 if ⟨w − β⁺, β⁺ − β⟩ > 0,
 *   θ⁺ = (1 + √(1 + 4θ²))/2,  w⁺ = β⁺ + (θ − 1)/θ⁺·(β⁺ − β).
 * Offered by the backends with a widestIteration that are not sequential, and by the CPU. Operands [carried, G, c, t, scalars,
 * tolerance, floor]:
 *   carried           β [batch, features] and behind it the state [5, batch] of the samples
 *   G                 [groups·features, stride], symmetric for each group; columns features … stride − 1 hold zeros
 *   c, t              [batch, features]
 *   scalars           s, ρ, f and o, [4, batch]
 *   tolerance, floor  [batch]
 * Result: as carried, and behind that w [batch, features] and θ [batch], from which samples that still run would go on.
 */
export interface ProximalGradientCall extends Omit<LassoSizes, 'rows'> {
  readonly kernel: 'proximalGradient';
  readonly inputs: readonly number[];
  readonly output: number;
  readonly accelerated: boolean;
  /** Numbers in a row of G, a multiple of 4. */
  readonly stride: number;
  readonly limit: number;
  /** Parameters of `monitor`. */
  readonly staleLimit: number;
  readonly giveUp: boolean;
}
