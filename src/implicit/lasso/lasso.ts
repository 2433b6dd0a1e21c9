/** The Lasso, β̂ = argmin ½‖y − Xβ‖² + λ Σⱼ wⱼ|βⱼ| + ½ρ‖β‖², as a differentiable function of X, y, log λ, w and ρ. */
import { readOptions } from '../../arguments/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import type { LassoCertificate } from './certificate.ts';
import type { LassoInterval } from './interval.ts';
import { moveToOneArena } from './option-tensors.ts';
import { type CheckedLasso, checkLasso, LASSO_OPTIONS, type LassoOptions } from './options.ts';
import { type Prepared, prepareDesign, preparedTensors } from './program.ts';
import { weightMasks } from './row-weights.ts';
import { type LassoReport, SolvedLasso } from './solved-lasso.ts';

export type { LassoReport };

/** What `lasso` returns. */
export interface LassoSolution {
  /** [batch, features] */
  readonly beta: Tensor;
  /** β₀, [batch]; 0 if there is no intercept. */
  readonly intercept: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<LassoReport>;
  /**
   * The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were
   * asked for.
   */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Certifies that the solution is unique, so that the theorem applies: by a Cholesky factor on the equicorrelation
   * set, on the host.
   */
  certificate(): Promise<LassoCertificate>;
  /**
   * Computes, for each problem, the range of vᵀ·dβ/d(log λ) over all selections, and the one-sided derivatives.
   * @param cotangent v, [batch, features]
   */
  gradientInterval(cotangent: Tensor): Promise<readonly LassoInterval[]>;
  /** Frees β and what gradients need. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Solves a batch of Lasso problems; the solutions can be differentiated (Bolte et al. 2021, Proposition 5).
 *
 * Forward: a homotopy to rounding on the backends that have it; elsewhere proximal gradient steps (FISTA) that find
 * the support, until a linear solve on it, with its signs, solves the problem. Backward: with the selection q on the
 * equicorrelation set and A = {q > 0}, S = X_AᵀX_A + ρ + Q⁻¹ − I, the system Su = v is solved by conjugate gradients;
 * then ∂ℓ/∂(log λ) = −λ Σ wⱼ signⱼ uⱼ, and the other gradients likewise. For q in {0, 1} this does not depend on the
 * step size of the proximal map; for fractional q it is the element for step size 1, as in the paper.
 *
 * Returns at once. Reading β, or anything computed from it, rejects with a ConvergenceError if a problem was not
 * solved, and with the signal's reason once the signal is aborted.
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function lasso(given: LassoOptions): LassoSolution {
  const options = moveToOneArena(readOptions('lasso', given, LASSO_OPTIONS, 'X', 'y', 'logLambda'));
  const checked = checkLasso(options);
  options.signal?.throwIfAborted();
  return checked.engine.runOrFree(() => {
    const { options: weighted, made } = weightMasks(options);
    const { X, masks } = weighted;
    const prepared = prepareDesign(checked.engine, X, masks, checked.settings.intercept, checked.batch);
    return solvePreparedLasso(checked, prepared, weighted, [...made, ...preparedTensors(prepared)]);
  });
}

/**
 * Solves with an X that has been prepared.
 * @param options with row weights multiplied into the masks
 * @param owned tensors that are freed with the solution
 */
export function solvePreparedLasso(
  checked: CheckedLasso,
  prepared: Prepared,
  options: LassoOptions,
  owned: readonly Tensor[] = [],
): LassoSolution {
  const solved = new SolvedLasso(checked, prepared, options, owned);
  return {
    beta: solved.beta,
    intercept: solved.intercept,
    report: solved.report,
    backwardReports: solved.backwardReports,
    certificate: () => solved.certificate(),
    gradientInterval: (cotangent) => solved.gradientInterval(cotangent),
    dispose: () => solved.dispose(),
  };
}
