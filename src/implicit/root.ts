/**
 * The solution of an equation that the user wrote, as a differentiable function of its inputs (Bolte et al. 2021,
 * Theorem 2).
 */
import { FUNCTION } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import type { SolveReport } from '../solvers/report.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ImplicitCertificate, LinearReport } from './certificate.ts';
import type { CertifyOptions } from './certify-options.ts';
import type { GradientInterval, IntervalOptions } from './interval.ts';
import type { OperationKink } from './kinks.ts';
import {
  checkedEngine,
  type FixedPointOptions,
  IMPLICIT_OPTIONS,
  implicitSettings,
  type RootOptions,
} from './root-options.ts';
import { RootSolution, type UserEquation } from './root-solution.ts';
import type { ImplicitFunction } from './system.ts';

/**
 * How a solution was found, how its gradients were, and what more can be asked about it: the property `solve` of a
 * solution.
 */
export interface ImplicitSolve {
  /**
   * The report of the forward solve, sample by sample. Rejects where the solution cannot be read for another reason
   * than a failed solve.
   */
  readonly report: Promise<SolveReport>;
  /**
   * One report for each linear solve, whether for a gradient or for a tangent, in the order in which they were asked
   * for. Each comes with a certificate: the kinks, what is known of the hypothesis without a look at the matrix, and
   * how near to singular the solve found that matrix.
   */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Checks the hypothesis of the implicit function theorem at the solution: every element of the conservative Jacobian
   * ∂F/∂z is invertible, for every choice at the kinks (Bolte et al. 2021, Theorem 2). The proof runs on the host in
   * float64 and takes n + (kinked values) products with ∂F/∂z. Systems in which these are more than 512, and callers
   * who ask for it, get an estimate of σ_min instead. The kinks are those of the true solution (see `unresolved` of
   * SampleCertificate), as they are for `select` and `gradientInterval`.
   * @throws RangeError where an option is wrong; Error where an input was overwritten after the solve; both reject the
   *   promise
   */
  certify(options?: CertifyOptions): Promise<ImplicitCertificate>;
  /**
   * Chooses the selection kink by kink, in place of the option `selection`. It applies to the gradients and tangents
   * that are asked for once the promise has resolved; a loss function may await it.
   * @param choose called with each kink at the solution; returns q in [0, 1], which takes (1 − q)·min + q·max of the
   *   Clarke interval
   */
  select(choose: (kink: OperationKink) => number): Promise<void>;
  /**
   * The range of the derivative vᵀ·dz/dx with respect to an input x that holds one number, over all selections at the
   * kinks.
   * @param cotangent v, of the shape of the solution
   */
  gradientInterval(cotangent: Tensor, options?: IntervalOptions): Promise<GradientInterval>;
}

/**
 * A solution: a tensor of the shape of the unknown, with the property `solve`. Tensors computed from it, such as
 * `z.reshape(…)`, do not have this property, so keep a reference to the solution itself.
 */
export type ImplicitSolution = Tensor & Readonly<Record<'solve', ImplicitSolve>>;

/**
 * Solves z = f(z, …inputs) for z, and differentiates z with respect to the inputs. Each sample, an entry along the
 * first axis of the unknown, is an equation of its own unless `coupled` is set.
 *
 * Gradients do not go through the iterations. With F = z − f, B = ∂F/∂z and A = ∂F/∂(inputs) at the solution, a
 * cotangent v asks for one linear solve Bᵀu = v, in which B is known only by pullbacks of f; the gradients are −Aᵀu.
 * The solve and the gradients take the same selection at each kink.
 *
 * Returns at once. A failed solve shows when something is read: reading the solution rejects with a ConvergenceError
 * where a sample was not solved, and reading a gradient does so where its linear solve failed.
 * @param f written with tensor operations; returns a tensor of the shape of the unknown. It may be called often, and
 *   must return the same for the same tensors
 * @param options `unknown` is the start of the iteration; the solution is differentiated with respect to `inputs`
 * @throws RangeError where a shape or an option is wrong, or where f mixes samples without `coupled`; the signal's
 *   reason where the signal is aborted
 */
export function fixedPoint(f: ImplicitFunction, options: FixedPointOptions): ImplicitSolution {
  return solveImplicit('fixedPoint', f, 'fixed point', options);
}

/**
 * Solves F(z, …inputs) = 0 for z, and differentiates z with respect to the inputs: everything else is as for
 * `fixedPoint`.
 * @param F written with tensor operations, and scaled such that ‖F(z)‖ ≤ tolerance·‖z‖ means that z is solved for
 */
export function root(F: ImplicitFunction, options: RootOptions): ImplicitSolution {
  return solveImplicit('root', F, 'root', options);
}

function solveImplicit(
  what: string,
  f: ImplicitFunction,
  kind: 'root' | 'fixed point',
  given: FixedPointOptions,
): ImplicitSolution {
  FUNCTION(`${what}: ${kind === 'root' ? 'F' : 'f'}`, f);
  const options = readOptions(what, given, IMPLICIT_OPTIONS, 'unknown', 'inputs');
  const settings = implicitSettings(kind, options);
  const { unknown, inputs } = options;
  const engine = checkedEngine(what, unknown, inputs);
  return withSolve(new RootSolution({ what, f, kind, engine, unknown, inputs, settings }));
}

/**
 * Solves an equation of the library's own of which more is known than its function shows.
 * @param what the public function that was called, for messages
 */
export function solveWellPosed(equation: Omit<UserEquation, 'kind'>): ImplicitSolution {
  return withSolve(new RootSolution({ ...equation, kind: 'fixed point' }));
}

/** Attaches `solve` to the tensor of the solution, and frees with the tensor what belongs to the solution. */
function withSolve(solution: RootSolution): ImplicitSolution {
  const { z, report, backwardReports } = solution;
  const disposeTensor = z.dispose.bind(z);
  // Functions that may be taken out of the object: `const { certify } = z.solve`.
  const solve: ImplicitSolve = {
    report,
    backwardReports,
    certify: (options) => solution.certify(options),
    select: (choose) => solution.select(choose),
    gradientInterval: (cotangent, options) => solution.gradientInterval(cotangent, options),
  };
  return Object.assign(z, {
    solve,
    dispose() {
      solution.dispose();
      disposeTensor();
    },
  });
}
