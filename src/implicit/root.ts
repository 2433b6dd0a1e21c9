/** The solution of an equation that the user wrote, as a differentiable function of its inputs (Bolte et al. 2021, Theorem 2). */
import type { CustomOperation } from '../autodiff/custom.ts';
import type { UniformSelection } from '../autodiff/selection.ts';
import type { SolveReport } from '../solvers/report.ts';
import { recorded } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ImplicitCertificate, knownByNorm, type LinearReport } from './certificate.ts';
import { type CertifyOptions, certify, upheld, warnIfNearlySingular } from './certify.ts';
import { type GradientInterval, gradientInterval, type IntervalOptions } from './interval.ts';
import { type OperationKink, readKinksOf } from './kinks.ts';
import { awaiting, guarded, linearly, linearReportOf, reportOf } from './reporting.ts';
import { forward } from './root-forward.ts';
import { backward, forwardMode, type LinearResult } from './root-linear.ts';
import { checkedEngine, type FixedPointOptions, implicitSettings, type RootOptions } from './root-options.ts';
import { unlessAborted } from './run-limits.ts';
import { selectionAt } from './selections.ts';
import { atSolution, type ImplicitFunction, ImplicitSystem, rowsOf, type Solved } from './system.ts';

/** How a solution came about, and how its gradients do. */
export interface ImplicitSolve {
  readonly report: Promise<SolveReport>;
  /**
   * Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for, each with a certificate:
   * the kinks, what is known of the hypothesis without a look at the matrix, and how near to singular the solve found it.
   */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Whether the hypothesis of the implicit function theorem holds at the solution: that every element of the conservative
   * Jacobian ∂F/∂z is invertible, for every choice at the kinks. On the host, from n + (kinked values) products with ∂F/∂z;
   * where these are more than 512, or where it is asked for, an estimate of σ_min instead.
   * @throws RangeError where an option is wrong
   */
  certify(options?: CertifyOptions): Promise<ImplicitCertificate>;
  /**
   * Chooses the selection at each kink from what is known of it there, q in [0, 1]: for the gradients and tangents that are
   * asked for from now on, in the place of the option `selection`. A loss function may await it.
   */
  select(choose: (kink: OperationKink) => number): Promise<void>;
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
 * @throws RangeError where a shape or an option is wrong, and the signal's reason where it is aborted; reading the solution
 *   rejects with a ConvergenceError where a sample was not solved, and reading a gradient where its backward solve was not
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
  let { selection } = settings;
  /** @param given for the tape on which the solution is, in the place of its own selection */
  const solvedWith = (z: Tensor, given?: UniformSelection): Solved => ({
    engine,
    systemOf: (own) => new ImplicitSystem(what, f, kind, rows, own, given ?? selection),
    z,
    inputs,
  });

  const since = performance.now();
  const { tolerance, backwardTolerance, onFailure, solver, onFailedCertificate, limits } = settings;
  const run = limits.forward();
  const name = typeof solver === 'object' ? solver.name : typeof solver === 'function' ? 'own' : `${solver}`;
  const ahead = {
    what,
    direction: 'forward',
    given: 'the solution',
    solver: name,
    tolerance,
    onFailure,
    isBounded: false,
    run,
  } as const;
  const { z: found, summary } = forward(engine, solvedWith(unknown).systemOf, unknown, inputs, settings, run);
  const report = reportOf(engine, ahead, summary, since);
  const z = guarded(engine, ahead, found, report);
  const solved = solvedWith(z);

  const backwardReports: Promise<LinearReport>[] = [];
  const certified = (wanted: CertifyOptions = {}): Promise<ImplicitCertificate> => certify(solved, settings, wanted);
  let verdict: Promise<void> | undefined;
  const checked = (tensor: Tensor): Tensor => (verdict ? awaiting(engine, tensor, verdict) : tensor);
  let isWarned = onFailedCertificate === 'ignore';
  const warned = (certificate: ImplicitCertificate): ImplicitCertificate => {
    if (!isWarned) isWarned = warnIfNearlySingular(what, certificate);
    return certificate;
  };
  /** The tensors that came out of a linear solve, such that reading them awaits its report. */
  const told = (direction: 'backward' | 'tangent', result: LinearResult, started: number): Tensor[] => {
    const { linearSolver } = settings;
    const back = linearly(ahead, direction, { solver: linearSolver, tolerance: backwardTolerance, run: result.run });
    const read = linearReportOf(engine, back, result, started, knownByNorm);
    read.then(({ certificate }) => warned(certificate)).catch(() => {}); // it is told with the report
    backwardReports.push(read);
    if (settings.certify && !verdict) {
      const wanted = typeof settings.certify === 'object' ? settings.certify : {};
      verdict = upheld(what, onFailedCertificate, certified(wanted).then(warned));
    }
    return result.tensors.map((tensor) => checked(guarded(engine, back, tensor, read)));
  };
  const operation: CustomOperation = {
    name: what,
    isSelectable: selection === undefined,
    pullback(cotangent, needed, given) {
      const started = performance.now();
      const gradients = told('backward', backward(solvedWith(z, given), cotangent, needed, settings), started);
      return needed.map((wanted) => (wanted ? gradients.shift() : undefined));
    },
    pushforward(tangents, given) {
      const started = performance.now();
      return told('tangent', forwardMode(solvedWith(z, given), tangents, settings), started)[0];
    },
  };
  recorded('custom', inputs, z, operation);
  const solve: ImplicitSolve = {
    report,
    backwardReports,
    certify: certified,
    async select(choose) {
      limits.signal?.throwIfAborted();
      const reading = atSolution(solved, (system, x) => readKinksOf(system.linearised(x).kinks(), rows.batch));
      const { list } = await unlessAborted(reading, limits.signal);
      selection = selectionAt(list, choose);
    },
    gradientInterval: (cotangent, wanted = {}) =>
      gradientInterval(solved, cotangent, { ...wanted, signal: wanted.signal ?? limits.signal }),
  };
  return Object.assign(z, { solve });
}
