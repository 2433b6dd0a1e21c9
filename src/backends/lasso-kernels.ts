/** Kernels that solve Lasso problems; kernels.ts lists them with the others. */
import type { GroupedLoopCall } from './iteration-kernels.ts';

/**
 * Sizes of Lasso problems: the rows and columns of X, the number of groups, each with its own X, and the number of
 * problems.
 */
export type LassoSizes = Readonly<Record<'rows' | 'features' | 'groups' | 'batch', number>>;

/**
 * Cyclic coordinate descent for Lasso problems min ½‖y − Xβ‖² + Σ tⱼ|βⱼ| + ½ρ‖β‖², one problem after the other. The
 * method is sequential by nature, so only HOST_BACKENDS offer it. A pass updates each feature j in turn,
 *   βⱼ = softThreshold(Xⱼᵀr + ‖Xⱼ‖²βⱼ, tⱼ) / (‖Xⱼ‖² + ρ),  r = y − Xβ,
 * and passes follow until one changes no coefficient by more than the tolerance times the largest coefficient.
 * Operands [columns, y, t, ρ, initial, tolerance, stopped, remaining]: columns = Xᵀ [groups, features, rows], y [batch,
 * rows], t and initial [batch, features], ρ, tolerance, stopped and remaining [batch]. The problems of a group are
 * consecutive. A problem whose initial values are all 0 starts from the solution of the problem before it. A problem
 * with stopped ≠ 0 returns its initial values. Result [batch, features + 1]: β, and the number of passes.
 */
export interface CoordinateDescentCall extends LassoSizes {
  readonly kernel: 'coordinateDescent';
  readonly inputs: readonly number[];
  readonly output: number;
  /** The largest number of passes; `remaining` is another bound for each problem. */
  readonly limit: number;
}

/**
 * Solves Lasso problems min ½‖y − Xβ‖² + Σ tⱼ|βⱼ| + ½ρ‖β‖² up to rounding, one after the other, each by a homotopy (M.
 * Osborne, B. Presnell, B. Turlach 2000; as a parametric active-set method H. J. Ferreau, H. Bock, M. Diehl 2008). Let
 * g be Xᵀ(y − Xβ) − ρβ, A the features in use and s their signs. A stage first widens the thresholds by e and shifts g
 * by c so that the present β solves the perturbed problem with τ = 1,
 *   g_A − τc_A = s∘(t + τe)_A,  |g − τc| ≤ t + τe elsewhere.
 * It then follows the solution as τ falls: to 0, unless features outside A exceed their thresholds by so much that the
 * rest is left to the next stage. In a step β_A moves along (X_AᵀX_A + ρ)⁻¹(c + s∘e)_A, by a Cholesky factor in
 * float64, until a coefficient reaches 0 and leaves A, or a feature reaches its threshold and enters A. A column that
 * depends linearly on those of the features in use replaces one of them. After each stage g is recomputed, and further
 * stages follow until it is right up to rounding. `limit` bounds the steps of all stages together. β, g and the factor
 * are float64 on every backend. Operands [columns, y, t, ρ, initial] as for coordinate descent. A problem whose initial
 * values are all 0 starts from the solution of the problem before it if that has the same y and ρ. Result [batch,
 * features + 2]: β, the number of steps, and the duality gap of β relative to the objective at 0.
 */
export interface HomotopyCall extends LassoSizes {
  readonly kernel: 'homotopy';
  readonly inputs: readonly number[];
  readonly output: number;
  readonly limit: number;
  /** The largest number of features that can be in use at once: the rank of X, or more if ρ > 0. */
  readonly capacity: number;
}

/**
 * A whole loop of proximal gradient iterations for Lasso problems, starting from w = β and θ = 1. As in IterateCall,
 * each sample iterates until the rule of `monitor` stops it, at most `limit` times, and returns its last β⁺. With
 * p = w + s((c − Gw) − ρw)
 *   β⁺ = softThreshold(p, t),  residual f‖w − β⁺‖ / (o + ‖β⁺‖),  w⁺ = β⁺.
 * If `accelerated` (FISTA), w⁺ is extrapolated; θ is first reset to 1 if ⟨w − β⁺, β⁺ − β⟩ > 0:
 *   θ⁺ = (1 + √(1 + 4θ²))/2,  w⁺ = β⁺ + (θ − 1)/θ⁺·(β⁺ − β).
 * Only the CPU, and backends outside HOST_BACKENDS that have a `widestIteration`, offer it.
 * Operands [carried, G, c, t, scalars, tolerance, floor]:
 *   carried           β [batch, n], followed by the state [5, batch] of the samples (STATE_ROWS); n features
 *   G                 XᵀX [groups·n, stride], symmetric for each group; columns n … stride − 1 hold zeros
 *   c, t              Xᵀy and the thresholds, [batch, n]
 *   scalars           s (the step size), ρ, f and o, [4, batch]
 *   tolerance, floor  [batch]
 * Result: the parts of `carried`, followed by w [batch, n] and θ [batch], with which running samples can continue.
 */
export interface ProximalGradientCall extends GroupedLoopCall {
  readonly kernel: 'proximalGradient';
}
