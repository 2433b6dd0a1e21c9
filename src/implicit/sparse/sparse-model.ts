/** Sparse models, argmin Σᵢ ωᵢ ℓ(mᵢ, yᵢ) + λ Σ_g w_g‖β_g‖₂, as differentiable functions of their data. */
import { readOptions } from '../../arguments/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import type { SparseCertificate } from './hypothesis.ts';
import type { SparseInterval } from './interval.ts';
import { checkSparse, SPARSE_OPTIONS, type SparseModelOptions } from './options.ts';
import { SolvedSparseModel, type SparseReport } from './solved-sparse-model.ts';

export type { SparseReport };

/** What `sparseModel` returns. */
export interface SparseSolution {
  /** [batch, features], or [batch, features, tasks or classes]; those of a feature without a penalty add up to 0 over classes. */
  readonly beta: Tensor;
  /** [batch], or [batch, tasks or classes]; 0 if there is no intercept. Those of several classes add up to 0. */
  readonly intercept: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<SparseReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Decides whether the theorem applies: if and only if the columns of the free coefficients and one vector X_g v_g for
   * each group of the equicorrelation set are linearly independent. For l1 these are the columns of that set; for groups
   * it is weaker than independence of all their columns.
   */
  certificate(): Promise<SparseCertificate>;
  /**
   * Computes, for each problem, the range of vᵀ·dβ/d(log λ) over all selections, and the one-sided derivatives.
   * @param cotangent v, of the shape of β
   */
  gradientInterval(cotangent: Tensor): Promise<readonly SparseInterval[]>;
  /** Frees β and the intercept. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Fits sparse models for a batch of penalties: sparse logistic regression of two or more classes, the group Lasso, the
 * multi-task Lasso, and the Lasso with features that have no penalty. The solutions can be differentiated in X, log λ,
 * the weights of groups and of rows, and, with the square loss, y (Bolte et al. 2021, Proposition 5, for groups).
 *
 * In float64 on every backend, on the host. Forward: proximal Newton steps on a working set, and Newton's method on the
 * groups in use. Backward: one Cholesky factor of the Hessian at β̂, with the curvature of the norms, on the groups in use.
 * At a kink, with the selection q in {0, 1}, the result does not depend on the step size of the proximal map; for
 * fractional q it is the element for step size 1.
 *
 * Returns at once. Reading β, or anything computed from it, rejects with a RangeError where a number is out of its range,
 * with a ConvergenceError where a problem was not solved or has no solution, because features without a penalty separate
 * the classes, and with the signal's reason once the signal is aborted.
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function sparseModel(given: SparseModelOptions): SparseSolution {
  const options = readOptions('sparseModel', given, SPARSE_OPTIONS, 'X', 'y', 'logLambda');
  const checked = checkSparse('sparseModel', options);
  options.signal?.throwIfAborted();
  return checked.engine.runOrFree(() => {
    const solved = new SolvedSparseModel(checked);
    return {
      beta: solved.beta,
      intercept: solved.intercept,
      report: solved.report,
      backwardReports: solved.backwardReports,
      certificate: () => solved.certificate(),
      gradientInterval: (cotangent) => solved.gradientInterval(cotangent),
      dispose: () => solved.dispose(),
    };
  });
}
