/** The options of `root` and `fixedPoint`, and their checks. */
import { BOOLEAN, isFunction } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { GENERAL_SOLVERS, type GeneralSolverName } from '../solvers/index.ts';
import type { Begun, Convergence } from '../solvers/iteration.ts';
import type { Engine } from '../tensor/engine.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { checkTogether, TENSOR, TENSORS, type Tensor } from '../tensor/tensor.ts';
import { CERTIFY_OPTIONS, type CertifyOptions } from './certify-options.ts';
import type { FailurePolicy } from './failure-policy.ts';
import {
  BACKWARD_LIMIT,
  checkCount,
  checkFailurePolicy,
  checkOneOf,
  checkPositive,
  checkSolver,
  LIMIT_OPTIONS,
} from './options.ts';
import { type LimitOptions, RunLimits } from './run-limits.ts';
import { checkImplicitSelection, type ImplicitSelection } from './selections.ts';

/**
 * A solver of the caller's own, in place of a name: returns the solution, of the shape of the unknown, from the start
 * and the inputs. No tape follows it.
 */
export type OwnSolver = (start: Tensor, ...inputs: Tensor[]) => Tensor;

/**
 * The equation z = f(z, …inputs) as a FixedPointIteration sees it: each row is a sample, whatever the shape of the
 * unknown.
 */
export interface FixedPointEquation {
  /** f(x), [batch, n]. @param x [batch, n] */
  image(x: Tensor): Tensor;
  /** ‖x − f(x)‖/(ε + ‖x‖) of each sample, [batch]. @param image f(x) */
  residual(x: Tensor, image: Tensor): Tensor;
}

/** An iteration of the caller's own for z = f(z): `fixedPoint` takes one in place of a solver's name. */
export interface FixedPointIteration {
  /** The name of the solver in reports. */
  readonly name: string;
  /** Under which condition the iteration converges; advice on a failed solve follows from it. */
  readonly converges: Convergence;
  /**
   * Sets the iteration up. Called while a Program is traced, with tensors of that Program.
   * @param start [batch, n]
   * @returns the state at the start, and the step from one state to the next
   */
  begin(equation: FixedPointEquation, start: Tensor): Begun;
}

interface ImplicitOptions extends LimitOptions {
  /** The start of the forward solve. The solution has its shape; the first axis counts samples. */
  unknown: Tensor;
  /** The other arguments of the function. The solution is differentiated with respect to these. */
  inputs: readonly Tensor[];
  /**
   * Whether all samples form one system, so that the function may mix them. Default false: each sample is an equation
   * of its own, and a function that lets one sample of the unknown depend on another is refused. The operations that
   * the function calls show this; where they multiply by numbers that may be 0, its derivatives at the solution do. An
   * unknown with one axis is always one system.
   */
  coupled?: boolean;
  /**
   * A sample is solved where ‖F(z)‖/(ε·min(1, s) + ‖z‖) is at most this, a finite number > 0. Here s = ‖z‖ + ‖F(z)‖ at
   * the start, so that unknowns far below 1 are solved for as well. With the solver `given`, s = ‖z‖, and 1 where z is
   * 0. Default 1e-4.
   */
  tolerance?: number;
  /**
   * A linear solve is done where ‖v − Bᵀu‖/‖v‖ of each sample is at most this, a finite number > 0. Default:
   * `tolerance`.
   */
  backwardTolerance?: number;
  /** The method of the linear solves for gradients and tangents. Default auto, which is gmres. */
  linearSolver?: GeneralSolverName | 'auto';
  /**
   * The largest number of iterations that a sample may take in the forward solve, all methods together. Two methods
   * have equal shares of it, but newton-krylov never takes more than 50, and the repetition of picard+anderson never more
   * than 200. Default: 1000 for each method, and these numbers for those two.
   */
  limit?: number;
  /**
   * The largest number of iterations that a sample may take in a linear solve. Default: 500 for each method of the
   * linear solver.
   */
  backwardLimit?: number;
  /**
   * Which element of the Clarke interval is taken at the kinks of the function: see ImplicitSelection. Default: the
   * selection with which the function calls its operations. Where one is named, here or in such a call, gradients and
   * tangents are taken at the kinks of the true solution: Newton steps first bring the solution that was found to the
   * floor of the precision.
   */
  selection?: ImplicitSelection;
  /**
   * Whether to check the hypothesis of the theorem when the first gradient or tangent of a solution is asked for, as
   * `solve.certify` does. Gradients and tangents are then taken at the kinks of the true solution, as with a
   * `selection`. Default false.
   */
  certify?: boolean | CertifyOptions;
  /** What happens where that check fails: throw, warn or ignore. Default warn. */
  onFailedCertificate?: FailurePolicy;
  /**
   * throw (default): reading anything that depends on a failed solve rejects with a ConvergenceError. report: only the
   * report shows the failure.
   */
  onFailure?: 'throw' | 'report';
}

/** The options of `fixedPoint`. */
export interface FixedPointOptions extends ImplicitOptions {
  /**
   * The forward solver. anderson: repetition with Anderson acceleration. broyden: Broyden's good method with the
   * last 20 updates. picard: plain repetition. picard+anderson: plain repetition, up to 200 times, and anderson for the
   * samples that this did not solve. newton-krylov: Newton steps by GMRES. given: the unknown solves the equation
   * already. Or a function that solves it, or a FixedPointIteration of your own. Default auto: anderson+newton-krylov,
   * with Newton steps for the samples that repetition did not solve; only anderson where f contains a solve of its own.
   */
  solver?:
    | 'auto'
    | 'anderson+newton-krylov'
    | 'anderson'
    | 'broyden'
    | 'picard'
    | 'picard+anderson'
    | 'newton-krylov'
    | 'given'
    | OwnSolver
    | FixedPointIteration;
}

/** The options of `root`. */
export interface RootOptions extends ImplicitOptions {
  /**
   * The forward solver. newton-krylov: Newton steps by GMRES. given: the unknown solves the equation already. Or a
   * function that solves it. Default auto, which is newton-krylov.
   */
  solver?: 'auto' | 'newton-krylov' | 'given' | OwnSolver;
}

/** The checks of both functions. Where the check is 0, `implicitSettings` checks the option. */
export const IMPLICIT_OPTIONS: Checks<FixedPointOptions> = {
  ...LIMIT_OPTIONS,
  unknown: TENSOR,
  inputs: TENSORS,
  coupled: BOOLEAN,
  tolerance: 0,
  backwardTolerance: 0,
  solver: 0,
  linearSolver: 0,
  limit: 0,
  backwardLimit: 0,
  selection: 0,
  certify(place, value) {
    if (typeof value !== 'boolean') readOptions(place, value as CertifyOptions, CERTIFY_OPTIONS);
  },
  onFailedCertificate: 0,
  onFailure: 0,
};

/** The options, checked and with their defaults. */
export type ImplicitSettings = Required<
  Omit<ImplicitOptions, 'unknown' | 'inputs' | 'selection' | 'linearSolver' | 'limit' | keyof LimitOptions>
> &
  Pick<FixedPointOptions, 'selection' | 'limit'> & {
    readonly solver: Exclude<Required<FixedPointOptions>['solver'], 'auto'>;
    readonly linearSolver: GeneralSolverName;
    readonly limits: RunLimits;
  };

const ROOT_SOLVERS = { auto: 0, 'newton-krylov': 0, given: 0 };
const FIXED_POINT_SOLVERS = {
  'anderson+newton-krylov': 0,
  anderson: 0,
  broyden: 0,
  picard: 0,
  'picard+anderson': 0,
  ...ROOT_SOLVERS,
};
const AUTOMATIC = { root: 'newton-krylov', 'fixed point': 'anderson+newton-krylov' } as const;

export function implicitSettings(
  kind: 'root' | 'fixed point',
  options: Omit<FixedPointOptions, 'unknown' | 'inputs'>,
): ImplicitSettings {
  const tolerance = checkPositive('tolerance', options.tolerance ?? 1e-4);
  const { solver = 'auto', onFailure = 'throw', linearSolver = 'auto', coupled = false, selection } = options;
  const { certify = false, onFailedCertificate = 'warn' } = options;
  checkImplicitSelection(selection);
  if (typeof solver === 'object' && kind === 'root') {
    throw new RangeError(
      'solver: it is an iteration, which is for fixed points; for a root it must be a name or a function',
    );
  }
  if (!isFunction(solver)) {
    checkSolver('solver', solver, kind === 'root' ? ROOT_SOLVERS : FIXED_POINT_SOLVERS);
  }
  checkOneOf('linearSolver', linearSolver, { auto: 0, ...GENERAL_SOLVERS });
  const backwardSolver = linearSolver === 'auto' ? 'gmres' : linearSolver;
  return {
    tolerance,
    backwardTolerance: checkPositive('backwardTolerance', options.backwardTolerance ?? tolerance),
    linearSolver: backwardSolver,
    limit: options.limit === undefined ? undefined : checkCount('limit', options.limit),
    backwardLimit: checkCount(
      'backwardLimit',
      options.backwardLimit ?? BACKWARD_LIMIT * GENERAL_SOLVERS[backwardSolver].length,
    ),
    onFailure: checkOneOf('onFailure', onFailure, { throw: 0, report: 0 }),
    coupled,
    solver: solver === 'auto' ? AUTOMATIC[kind] : solver,
    selection,
    certify,
    limits: new RunLimits(options),
    onFailedCertificate: checkFailurePolicy(onFailedCertificate),
  };
}

/** The engine of the unknown. @throws where the unknown or an input does not fit it */
export function checkedEngine(what: string, unknown: Tensor, inputs: readonly Tensor[]): Engine {
  const engine = engineOf(`${what}: unknown`, unknown);
  if (unknown.shape.length === 0) {
    throw new RangeError(`${what}: unknown is a scalar; it must have an axis, such as [1]`);
  }
  // Inside a function that is being traced this throws; the function is then run kernel by kernel.
  for (const [index, input] of inputs.entries()) engineOf(`${what}: inputs[${index}]`, input);
  checkTogether(what, { unknown, inputs });
  return engine;
}
