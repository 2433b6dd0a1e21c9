/** The solution of an equation that the user wrote, as a differentiable function of its inputs (Bolte et al. 2021, Theorem 2). */
import type { CustomOperation } from '../autodiff/custom.ts';
import type { SolveReport } from '../solvers/report.ts';
import { recorded } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type CertifyOptions, certify, type ImplicitCertificate, upheld } from './certify.ts';
import { type GradientInterval, gradientInterval, type IntervalOptions } from './interval.ts';
import { guarded, reportOf } from './reporting.ts';
import { forward } from './root-forward.ts';
import { backward, forwardMode } from './root-linear.ts';
import { checkedEngine, type FixedPointOptions, implicitSettings, type RootOptions } from './root-options.ts';
import { type ImplicitFunction, ImplicitSystem, rowsOf } from './system.ts';

/** How a solution came about, and how its gradients do. */
export interface ImplicitSolve {
  readonly report: Promise<SolveReport>;
  /** Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for. */
  readonly backwardReports: readonly Promise<SolveReport>[];
  /**
   * Whether the hypothesis of the implicit function theorem holds at the solution: that every element of the conservative
   * Jacobian ∂F/∂z is invertible, for every choice at the kinks. On the host, from n + (kinked values) products with ∂F/∂z.
   * @throws RangeError where the system is too large, or an option is wrong
   */
  certify(options?: CertifyOptions): Promise<ImplicitCertificate>;
  /**
   * The range of the gradient with respect to an input of one number, over all selections at the kinks.
   * @param cotangent of the solution, of its shape
   */
  gradientInterval(cotangent: Tensor, options?: IntervalOptions): Promise<GradientInterval>;
}

/** A tensor that tells how it was solved for. */
export type ImplicitSolution = Tensor & { readonly solve: ImplicitSolve };

/**
 * The z with z = f(z, …inputs), row by row, as a differentiable function of the inputs.
 *
 * Backward: with F = z − f and B = ∂F/∂z, A = ∂F/∂(inputs) at the solution, Bᵀu = v by a linear solve in which B is known by
 * pullbacks of f alone; the gradients are −Aᵀu. One selection at each kink serves the solve and the gradients.
 * @param f written with tensor operations; it may be called often, and must give the same for the same tensors
 * @throws RangeError where a shape or an option is wrong; reading the solution rejects with a ConvergenceError where a sample
 *   was not solved, and reading a gradient where its backward solve was not
 */
export function fixedPoint(f: ImplicitFunction, options: FixedPointOptions): ImplicitSolution {
  return implicit('fixedPoint', f, 'fixed point', { ...options, solver: options.solver ?? 'anderson+newton-krylov' });
}

/**
 * The z with F(z, …inputs) = 0, row by row, as a differentiable function of the inputs: see `fixedPoint`.
 * @param F written with tensor operations; scaled such that ‖F(z)‖ ≤ tolerance·‖z‖ means solved
 */
export function root(F: ImplicitFunction, options: RootOptions): ImplicitSolution {
  return implicit('root', F, 'root', { ...options, solver: options.solver ?? 'newton-krylov' });
}

function implicit(
  what: string,
  f: ImplicitFunction,
  kind: 'root' | 'fixed point',
  options: FixedPointOptions,
): ImplicitSolution {
  const settings = implicitSettings(kind, options);
  const { unknown, inputs } = options;
  const engine = checkedEngine(what, unknown, inputs);
  const rows = rowsOf(unknown.shape, settings.coupled);
  const systemOf = (own: readonly Tensor[]): ImplicitSystem =>
    new ImplicitSystem(what, f, kind, rows, own, settings.selection);

  const since = performance.now();
  const { tolerance, backwardTolerance, onFailure, solver } = settings;
  const name = typeof solver === 'function' ? 'own' : `${solver}`;
  const ahead = {
    what,
    direction: 'forward',
    given: 'the solution',
    solver: name,
    tolerance,
    onFailure,
    isBounded: false,
  } as const;
  const { z: found, summary } = forward(engine, systemOf, unknown, inputs, settings);
  const report = reportOf(engine, ahead, summary, since);
  const z = guarded(engine, ahead, found, report);

  const backwardReports: Promise<SolveReport>[] = [];
  const own = typeof settings.certify === 'object' ? settings.certify : {};
  const certified = (options: CertifyOptions = {}): Promise<ImplicitCertificate> =>
    certify(engine, systemOf, z, inputs, options);
  let verdict: Promise<void> | undefined;
  const checked = (tensor: Tensor): Tensor => {
    if (!verdict) return tensor;
    const guardedToo = engine.withCheck(tensor, verdict);
    tensor.dispose();
    return guardedToo;
  };
  /** The tensors that came out of a linear solve, such that reading them awaits its report. */
  const told = (direction: 'backward' | 'tangent', tensors: readonly Tensor[], summary: Tensor, started: number) => {
    const given = direction === 'backward' ? 'the cotangent' : 'a tangent';
    const back = { ...ahead, direction, given, solver: settings.linearSolver, tolerance: backwardTolerance };
    const read = reportOf(engine, back, summary, started);
    backwardReports.push(read);
    verdict ??= settings.certify ? upheld(what, settings.onFailedCertificate, certified(own)) : undefined;
    return tensors.map((tensor) => checked(guarded(engine, back, tensor, read)));
  };
  const operation: CustomOperation = {
    name: what,
    pullback(cotangent, needed) {
      const started = performance.now();
      const { gradients, summary } = backward(engine, systemOf, { z, inputs, cotangent, needed }, settings);
      const found = told('backward', gradients, summary, started);
      return needed.map((wanted) => (wanted ? found.shift() : undefined));
    },
    pushforward(tangents) {
      const started = performance.now();
      const { tangent, summary } = forwardMode(engine, systemOf, { z, inputs, tangents }, settings);
      return told('tangent', [tangent], summary, started)[0];
    },
  };
  recorded('custom', inputs, z, operation);
  const solve: ImplicitSolve = {
    report,
    backwardReports,
    certify: certified,
    gradientInterval: (cotangent, options = {}) =>
      gradientInterval(engine, systemOf, { z, inputs, cotangent }, options),
  };
  return Object.assign(z, { solve });
}
