/** The options of `monotoneFixedPoint` and of layers that call it, and their checks. */
import { BOOLEAN, COUNT, createArgumentError, hasMethod, POSITIVE, readField, SIGNAL } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import type { Checks } from '../arguments/options.ts';
import { KINK_UNITS } from '../autodiff/kinks.ts';
import { type Activation, type ActivationOption, activationOf } from '../solvers/activations.ts';
import {
  automaticForwardSolver,
  automaticLinearSolver,
  computesInverse,
  FORWARD_SOLVERS,
  type ForwardSolverName,
  forwardSolverOf,
  LINEAR_SOLVERS,
  type LinearSolverName,
  linearSolverOf,
  needsResolvent,
} from '../solvers/index.ts';
import type { Iteration } from '../solvers/iteration.ts';
import { checkSelection } from '../tensor/operations.ts';
import { TENSOR, type Tensor } from '../tensor/tensor.ts';
import type { FailurePolicy } from './failure-policy.ts';
import { type LimitOptions, MILLISECONDS, RunLimits } from './run-limits.ts';

/** How z = σ(Wz + b) is solved and differentiated. Every option may be left out. */
export interface SolveOptions extends LimitOptions {
  /** A sample is solved where ‖z − σ(Wz + b)‖/(ε + ‖z‖) is at most this, a finite number > 0. Default 1e-4. */
  tolerance?: number;
  /**
   * A linear solve is done where ‖v − (I − JW)ᵀu‖/‖v‖ of each sample is at most this, a finite number > 0. Default:
   * `tolerance`.
   */
  backwardTolerance?: number;
  /**
   * The forward solver: a name, or an Iteration of your own. Default auto: peaceman-rachford where batch ≥ n/4 or
   * `step` is given, else anderson-picard+peaceman-rachford; forward-backward for a linear map without a resolvent. The
   * report names the one that was taken.
   */
  solver?: ForwardSolverName | 'auto' | Iteration;
  /**
   * The method of the linear solves for gradients and tangents. Default auto: peaceman-rachford+bicgstab+cgnr where the
   * forward solver leaves an inverse to use, else bicgstab+cgnr. An Iteration of your own is run on the adjoint
   * equation ũ = J(Wᵀũ + v), which has the form of the layer's own equation.
   */
  linearSolver?: LinearSolverName | 'auto' | Iteration;
  /** The step size α > 0 of the solver. Default: chosen from m and ‖I − W‖ such that convergence is guaranteed. */
  step?: number;
  /**
   * The largest number of iterations that a sample may take in the forward solve, all methods together. Several methods
   * have equal shares of it, and each may also use what the methods before it have left over. Default: 1000 for each
   * method of the solver.
   */
  limit?: number;
  /** The same for a linear solve. Default: 500 for each method of the linear solver. */
  backwardLimit?: number;
  /**
   * q in [0, 1]: at a kink J is (1 − q)·min + q·max of the Clarke interval. Default 0.
   *
   * Where it is given, even as 0, gradients and tangents are taken at the kinks of the true solution: Newton steps
   * first bring the solution that was found to the floor of the precision, mostly at the price of one linear solve.
   * Without it, a coordinate that the tolerance cannot tell from a kink keeps the derivative of the side on which it
   * was found, and counts as `unresolved`.
   */
  selection?: number;
  /** A pre-activation counts as at a kink within this many units of ε·max|Wz + b|; a finite number > 0. Default 64. */
  kinkUnits?: number;
  /**
   * throw (default): reading anything that depends on a failed solve rejects with a ConvergenceError. report: only the
   * report shows the failure.
   */
  onFailure?: 'throw' | 'report';
  /**
   * What happens where the margin was checked and does not hold, so that the solution may not be unique and a gradient
   * need not exist. throw (default): reading the report, or anything that depends on the solve, rejects. warn: a
   * warning on the console; no error is bounded and nothing is certified. ignore: as warn, but silently, also where a
   * matrix is nearly singular.
   */
  onFailedCertificate?: FailurePolicy;
  /**
   * Whether to look for numbers in W and b that are not finite, and to check a margin that does not hold by
   * construction. For a matrix that check takes n³ operations on the host, in turns with the solve. Reading the
   * solution rejects where one of them fails. Default true.
   */
  checkInputs?: boolean;
}

/** The checks of the options that end a solve early. */
export const LIMIT_OPTIONS: Checks<LimitOptions> = {
  signal: SIGNAL,
  timeLimit: (_, value) => MILLISECONDS('timeLimit: it', value),
};

/** The checks of these options. Where the check is 0, `checkSolveOptions` checks the option. */
export const SOLVE_OPTIONS: Checks<SolveOptions> = {
  ...LIMIT_OPTIONS,
  tolerance: 0,
  backwardTolerance: 0,
  solver: 0,
  linearSolver: 0,
  step: 0,
  limit: 0,
  backwardLimit: 0,
  selection: 0,
  kinkUnits: 0,
  onFailure: 0,
  onFailedCertificate: 0,
  checkInputs: BOOLEAN,
};

/** The options of `monotoneFixedPoint` where W is a LinearMap, which brings its own margin. */
export interface MonotoneMapOptions extends SolveOptions {
  /** σ, by name or with its parameters: a proximal operator, such as 'relu'. */
  activation: ActivationOption;
  /** The start of the iteration, [batch, n]. Default: zeros. */
  initial?: Tensor | undefined;
}

/** The options of `monotoneFixedPoint` where W is a matrix. */
export interface MonotoneOptions extends MonotoneMapOptions {
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I. `monotonicityMargin` computes the largest such m from the numbers of W. */
  margin: number;
}

export const MONOTONE_OPTIONS: Checks<MonotoneOptions> = {
  ...SOLVE_OPTIONS,
  activation: 0,
  initial: TENSOR,
  margin: 0,
};
/** Options that the solver chooses for itself where they are absent. */
type OptionalName = 'step' | 'limit' | 'backwardLimit';

/** The options of a monotone solve, checked and with their defaults. */
export interface Settings
  extends Required<Omit<MonotoneMapOptions, 'activation' | 'initial' | OptionalName | keyof LimitOptions>>,
    Pick<MonotoneMapOptions, OptionalName> {
  readonly limits: RunLimits;
  readonly activation: Activation;
}

/** Settings in which 'auto' and absent limits have been replaced by what they stand for. */
export interface ChosenSettings extends Settings {
  readonly limit: number;
  readonly backwardLimit: number;
  readonly solver: ForwardSolverName | Iteration;
  readonly linearSolver: LinearSolverName | Iteration;
}

/**
 * Replaces 'auto', and limits that are absent, by what they stand for.
 * @param order of the matrices that the resolvent inverts
 * @param hasResolvent whether the linear map has a resolvent
 * @throws RangeError where the chosen solver needs a resolvent and the map has none
 */
export function chooseSolvers(settings: Settings, batch: number, order: number, hasResolvent: boolean): ChosenSettings {
  const { step } = settings;
  const solver =
    settings.solver === 'auto'
      ? automaticForwardSolver({ batch, order, hasStep: step !== undefined, hasResolvent })
      : settings.solver;
  const linearSolver =
    settings.linearSolver === 'auto'
      ? automaticLinearSolver(computesInverse(forwardSolverOf(solver)))
      : settings.linearSolver;
  if (!hasResolvent) {
    refuseWithoutResolvent('solver', solver, needsResolvent(forwardSolverOf(solver)), 'forward-backward');
    refuseWithoutResolvent('linearSolver', linearSolver, needsResolvent(linearSolverOf(linearSolver)), 'bicgstab+cgnr');
  }
  const limits = {
    limit: settings.limit ?? LIMIT * forwardSolverOf(solver).length,
    backwardLimit: settings.backwardLimit ?? BACKWARD_LIMIT * linearSolverOf(linearSolver).length,
  };
  return { ...settings, ...limits, solver, linearSolver };
}

/** The limit of one method in the forward solve, and in a linear solve, by default. */
export const LIMIT = 1000;
export const BACKWARD_LIMIT = 500;

/** The name of the solver in reports. */
export function solverName(solver: string | Iteration): string {
  return typeof solver === 'string' ? solver : solver.name;
}

function refuseWithoutResolvent(option: string, solver: string | Iteration, isNeeded: boolean, instead: string): void {
  if (!isNeeded) return;
  throw new RangeError(
    `${option}: it is ${JSON.stringify(solverName(solver))}, which needs a resolvent of the linear map W; without one it must be another, such as ${instead}`,
  );
}

const DEFAULT_TOLERANCE = 1e-4;
/** Names that an option may have, as keys. */
const FORWARD_CHOICES = { auto: 0, ...FORWARD_SOLVERS };
const LINEAR_CHOICES = { auto: 0, ...LINEAR_SOLVERS };
const FAILURE_CHOICES = { throw: 0, report: 0 };
const POLICIES = { throw: 0, warn: 0, ignore: 0 };

/**
 * Checks the options that do not depend on tensors, and fills in their defaults. Layers call it when they are
 * constructed.
 */
export function checkSolveOptions(options: MonotoneMapOptions): Settings {
  const tolerance = checkPositive('tolerance', options.tolerance ?? DEFAULT_TOLERANCE);
  return {
    activation: activationOf(options.activation),
    tolerance,
    backwardTolerance: checkPositive('backwardTolerance', options.backwardTolerance ?? tolerance),
    solver: checkSolver('solver', options.solver ?? 'auto', FORWARD_CHOICES),
    linearSolver: checkSolver('linearSolver', options.linearSolver ?? 'auto', LINEAR_CHOICES),
    step: options.step === undefined ? undefined : checkPositive('step', options.step),
    limit: options.limit === undefined ? undefined : checkCount('limit', options.limit),
    backwardLimit: options.backwardLimit === undefined ? undefined : checkCount('backwardLimit', options.backwardLimit),
    selection: checkSelection('monotone', options.selection ?? 0),
    kinkUnits: checkPositive('kinkUnits', options.kinkUnits ?? KINK_UNITS),
    onFailure: checkOneOf('onFailure', options.onFailure ?? 'throw', FAILURE_CHOICES),
    onFailedCertificate: checkFailurePolicy(options.onFailedCertificate ?? 'throw'),
    checkInputs: options.checkInputs ?? true,
    limits: new RunLimits(options),
  };
}

/** @throws RangeError where the value is no finite number > 0 */
export function checkPositive(name: string, value: number): number {
  POSITIVE(`${name}: it`, value);
  return value;
}

/** @throws RangeError where the value is no whole number ≥ 1 */
export function checkCount(name: string, value: number): number {
  COUNT(`${name}: it`, value);
  return value;
}

/** Checks the option `onFailedCertificate`. */
export function checkFailurePolicy(policy: FailurePolicy): FailurePolicy {
  return checkOneOf('onFailedCertificate', policy, POLICIES);
}

/** Checks that a solver is an allowed name, or an object that iterates. @param allowed has the names as keys */
export function checkSolver<Solver extends string | { begin: unknown }>(
  name: string,
  solver: Solver,
  allowed: object,
): Solver {
  if (typeof solver === 'string') return checkOneOf(name, solver, allowed);
  if (typeof readField(solver, 'name') === 'string' && hasMethod(solver, 'begin')) return solver;
  throw new RangeError(
    `${name}: it is neither a name nor an iteration but ${describeValue(solver)}; it must be one of ${Object.keys(allowed).join(', ')}, or an object with a name and begin`,
  );
}

/** Checks that a value is an allowed name. @param allowed has the names as keys */
export function checkOneOf<Name extends string>(name: string, value: Name, allowed: object): Name {
  if (typeof value !== 'string' || !Object.hasOwn(allowed, value)) {
    throw createArgumentError(`${name}: it`, value, `one of ${Object.keys(allowed).join(', ')}`);
  }
  return value;
}
