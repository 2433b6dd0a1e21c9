/** The solution of an equation that the user wrote, as a differentiable function of its inputs (Bolte et al. 2021, Theorem 2). */
import { FUNCTION } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import type { CustomOperation } from '../autodiff/custom.ts';
import type { UniformSelection } from '../autodiff/selection.ts';
import { isSolved, type SolveReport } from '../solvers/report.ts';
import { recorded } from '../tensor/operations.ts';
import { TENSOR, type Tensor } from '../tensor/tensor.ts';
import { type ImplicitCertificate, knownByNorm, type LinearReport } from './certificate.ts';
import { certify } from './certify.ts';
import { CERTIFY_OPTIONS, type CertifyOptions } from './certify-options.ts';
import { type GradientInterval, gradientInterval, INTERVAL_OPTIONS, type IntervalOptions } from './interval.ts';
import { type OperationKink, readKinksOf } from './kinks.ts';
import { guardOf } from './overwritten.ts';
import { awaiting, certificateOfSolve, type LinearDirection, type LinearResult } from './reporting.ts';
import { forwardAdvice } from './root-advice.ts';
import { forward } from './root-forward.ts';
import { backward, forwardMode, UnresolvedError } from './root-linear.ts';
import {
  checkedEngine,
  type FixedPointOptions,
  IMPLICIT_OPTIONS,
  type ImplicitSettings,
  implicitSettings,
  type RootOptions,
} from './root-options.ts';
import { resolvedRoot } from './root-resolved.ts';
import { type LimitedRun, unlessAborted } from './run-limits.ts';
import { checkRows } from './samples/separate.ts';
import { selectionAt } from './selections.ts';
import { Course } from './solution.ts';
import { atSolution, type ImplicitFunction, ImplicitSystem, type Resolved, rowsOf, type Solved } from './system.ts';

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
   * where these are more than 512, or where it is asked for, an estimate of σ_min instead. The kinks are those of the true solution:
   * see `unresolved` of SampleCertificate, and so they are for `select` and `gradientInterval`.
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
 * @throws RangeError where a shape or an option is wrong or f mixes rows without `coupled`, and the signal's reason where it is
 *   aborted; reading the solution rejects with a ConvergenceError where a sample was not solved, and reading a gradient where its
 *   backward solve was not
 */
export function fixedPoint(f: ImplicitFunction, options: FixedPointOptions): ImplicitSolution {
  return implicit('fixedPoint', f, 'fixed point', options);
}

/**
 * The z with F(z, …inputs) = 0, row by row, as a differentiable function of the inputs: see `fixedPoint`.
 * @param F written with tensor operations; scaled such that ‖F(z)‖ ≤ tolerance·‖z‖ means solved
 */
export function root(F: ImplicitFunction, options: RootOptions): ImplicitSolution {
  return implicit('root', F, 'root', options);
}

function implicit(
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
  const rows = rowsOf(unknown.shape, settings.coupled);
  let { selection } = settings;
  let found: ReturnType<typeof forward> | undefined;
  /** @param given for the tape on which the solution is, in the place of its own selection */
  const solvedWith = (z: Tensor, given?: UniformSelection): Solved => ({
    engine,
    systemOf: (own) => new ImplicitSystem(what, f, kind, rows, own, given ?? selection),
    z,
    inputs,
    instead: found?.instead,
  });

  const guard = guardOf(what, inputs, (index) => `inputs[${index}]`);
  const { certify: wanted, limits } = settings;
  const closer = async (options?: CertifyOptions): Promise<ImplicitCertificate> => {
    guard.check();
    return certify(resolved(), settings, readOptions('certify', options, CERTIFY_OPTIONS));
  };
  const course = new Course({
    engine,
    what,
    given: 'the solution',
    solver: nameOf(settings.solver),
    linearSolver: settings.linearSolver,
    isBounded: () => false,
    hypothesis: {
      ofSolve: async (read) => certificateOfSolve(read, knownByNorm(read.normBound)),
      ...(wanted && { closer: () => closer(typeof wanted === 'object' ? wanted : undefined) }),
    },
    advice: {
      forward: (report) =>
        forwardAdvice(report, settings, stopped?.isDisposed === false ? solvedWith(stopped) : undefined).finally(() =>
          stopped?.dispose(),
        ),
    },
    settings,
  });
  found = forward(engine, solvedWith(unknown).systemOf, unknown, inputs, settings, course.run);
  const { instead } = found;
  // Where the solver has stopped, to be looked at if that is no solution, for as long as somebody holds that.
  const stopped = settings.onFailure === 'throw' ? engine.kept(found.z) : undefined;
  const separate = found.areRowsInDoubt ? checkRows(solvedWith(found.z)) : undefined;
  const { report, outputs } = course.solved(found.summary, [found.z], async (read) => {
    await separate;
    if (read.timedOut || read.samples.every(isSolved)) stopped?.dispose();
    return read;
  });
  report.catch(() => stopped?.dispose()); // it is told where the solution is read
  const z = separate ? awaiting(engine, outputs[0], separate) : outputs[0];
  let atFloor: Resolved | undefined;
  /** The solution in which kinks are looked for, as it is from then on for whatever asks. */
  const resolved = (given?: UniformSelection): Resolved => {
    if (!atFloor || atFloor.z.isDisposed) atFloor = resolvedRoot(solvedWith(z), settings, limits.linear());
    return { ...atFloor, systemOf: solvedWith(z, given).systemOf };
  };
  /** A linear solve where the solution is resolved, if a selection was given, the kinks were read or are to be. */
  const linear = (
    direction: LinearDirection,
    given: UniformSelection | undefined,
    solve: (solved: Solved, run: LimitedRun) => LinearResult,
  ): Tensor[] => {
    guard.check();
    const isResolved = (given ?? selection) !== undefined || wanted || atFloor;
    if (isResolved) return course.linear(direction, (run) => solve(resolved(given), run));
    try {
      return course.linear(direction, (run) => solve(solvedWith(z), run));
    } catch (error) {
      if (!(error instanceof UnresolvedError)) throw error;
      return course.linear(direction, (run) => solve(resolved(), run));
    }
  };

  const operation: CustomOperation = {
    name: what,
    isSelectable: selection === undefined,
    equation: (y, given) => (kind === 'root' ? f(y, ...given) : y.sub(f(y, ...given))),
    pullback(cotangent, needed, given) {
      const gradients = linear('backward', given, (solved, run) => backward(solved, cotangent, needed, settings, run));
      return needed.map((isNeeded) => (isNeeded ? gradients.shift() : undefined));
    },
    pushforward: (tangents, given) =>
      linear('tangent', given, (solved, run) => forwardMode(solved, tangents, settings, run))[0],
  };
  recorded('custom', inputs, z, operation);
  const solve: ImplicitSolve = {
    report,
    backwardReports: course.backwardReports,
    certify: closer,
    async select(choose) {
      FUNCTION('select: choose', choose);
      limits.signal?.throwIfAborted();
      guard.check();
      const reading = atSolution(resolved(), (system, x, uncertainty) =>
        readKinksOf(system.linearised(x, uncertainty).kinks(), rows.batch),
      );
      const { list } = await unlessAborted(reading, limits.signal);
      selection = selectionAt(list, choose);
    },
    async gradientInterval(cotangent, given) {
      TENSOR('gradientInterval: cotangent', cotangent);
      const wanted = readOptions('gradientInterval', given, INTERVAL_OPTIONS);
      guard.check();
      return gradientInterval(resolved(), cotangent, { ...wanted, signal: wanted.signal ?? limits.signal });
    },
  };
  const release = z.dispose.bind(z);
  return Object.assign(z, {
    solve,
    dispose() {
      const floor = atFloor ? [atFloor.z, ...atFloor.uncertainty] : [];
      for (const tensor of [...floor, ...Object.values(instead ?? {})]) tensor.dispose();
      stopped?.dispose();
      release();
    },
  });
}

/** What it is called in reports. */
function nameOf(solver: ImplicitSettings['solver']): string {
  if (typeof solver === 'function') return 'own';
  return typeof solver === 'object' ? solver.name : solver;
}
