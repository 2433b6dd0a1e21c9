/** What a caller may choose of a monotone solve, checked. */
import { BOOLEAN, COUNT, fieldOf, has, POSITIVE, refusal, SIGNAL } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { shown } from '../arguments/shown.ts';
import { KINK_UNITS } from '../autodiff/kinks.ts';
import { type Activation, type ActivationOption, activationOf } from '../solvers/activations.ts';
import {
  automaticForwardSolver,
  automaticLinearSolver,
  FORWARD_SOLVERS,
  type ForwardSolverName,
  forwardSolverOf,
  LINEAR_SOLVERS,
  type LinearSolverName,
  leavesInverse,
  linearSolverOf,
  needsResolvent,
} from '../solvers/index.ts';
import type { Iteration } from '../solvers/iteration.ts';
import { checkSelection } from '../tensor/operations.ts';
import { TENSOR, type Tensor } from '../tensor/tensor.ts';
import type { FailurePolicy } from './failure-policy.ts';
import { type LimitOptions, MILLISECONDS, RunLimits } from './run-limits.ts';

export interface SolveOptions extends LimitOptions {
  /** Of ‖z − σ(Wz + b)‖/(ε + ‖z‖), per sample. Default 1e-4. */
  tolerance?: number;
  /** Of ‖v − (I − JW)ᵀu‖/‖v‖, per sample. Default: `tolerance`. */
  backwardTolerance?: number;
  /**
   * Default auto: peaceman-rachford where batch ≥ n/4 or a step is given, else anderson-picard+peaceman-rachford; of a linear
   * map without a resolvent forward-backward. The report tells which it was. An Iteration of your own takes the place of a name.
   */
  solver?: ForwardSolverName | 'auto' | Iteration;
  /**
   * Of the backward pass. Default auto: peaceman-rachford+bicgstab+cgnr where the forward solver leaves an inverse to use,
   * else bicgstab+cgnr. An Iteration is run on the adjoint equation ũ = J(Wᵀũ + v), which has the form of the layer's own.
   */
  linearSolver?: LinearSolverName | 'auto' | Iteration;
  /** α > 0. Default: chosen from m and ‖I − W‖ so that convergence is guaranteed. */
  step?: number;
  /**
   * Most iterations of a sample in the forward solve, in total; several methods have equal shares of it, and each what those
   * before it have left over. Default 1000 for each method of the solver.
   */
  limit?: number;
  /** The same of the backward solve. Default 500 for each method. */
  backwardLimit?: number;
  /**
   * q in [0, 1]: at a kink J is (1 − q)·min + q·max of the Clarke interval. Default 0. Where it is given, 0 included, gradients and
   * tangents are taken at the kinks of the true solution: Newton steps bring the one that was found to the floor of the
   * precision first, mostly at the price of one linear solve. Without it, what the tolerance cannot tell from a kink keeps the
   * derivative of its side, and is counted as `unresolved`.
   */
  selection?: number;
  /** A pre-activation is at a kink within this many units of ε·max|Wz + b|. Default 64. */
  kinkUnits?: number;
  /** throw (default): reading anything that depends on a failed solve rejects. report: the report alone tells. */
  onFailure?: 'throw' | 'report';
  /**
   * Where the margin is checked and does not hold, so that the solution may not be unique and a gradient need not exist. throw
   * (default): reading the report, or anything that depends on the solve, rejects. warn: a warning on the console, and no error
   * is bounded and nothing certified. ignore: the same without the warning, and without that of a matrix that is
   * nearly singular.
   */
  onFailedCertificate?: FailurePolicy;
  /**
   * Look for numbers in W and b that are not finite, and check the margin where it does not hold by construction (of a matrix
   * on the host, n³ operations, in turns with the solve); fail where something is wrong. Default true.
   */
  checkInputs?: boolean;
}

export const LIMIT_OPTIONS: Checks<LimitOptions> = {
  signal: SIGNAL,
  timeLimit: (_, value) => MILLISECONDS('timeLimit: it', value),
};

/** What is 0 is checked below. */
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

/** For a W that is a LinearMap. */
export interface MonotoneMapOptions extends SolveOptions {
  activation: ActivationOption;
  /** Start of the iteration, [batch, n]. Default zeros. */
  initial?: Tensor;
}

/** For a W that is a matrix. */
export interface MonotoneOptions extends MonotoneMapOptions {
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I. `monotonicityMargin` finds it for a W given directly. */
  margin: number;
}

export const MONOTONE_OPTIONS: Checks<MonotoneOptions> = {
  ...SOLVE_OPTIONS,
  activation: 0,
  initial: TENSOR,
  margin: 0,
};
/** What is left to the solver where it is absent. */
type Optional = 'step' | 'limit' | 'backwardLimit';

export interface Settings
  extends Required<Omit<MonotoneMapOptions, 'activation' | 'initial' | Optional | keyof LimitOptions>>,
    Pick<MonotoneMapOptions, Optional> {
  readonly limits: RunLimits;
  readonly activation: Activation;
}

/** Settings in which nothing is left to be chosen. */
export interface Chosen extends Settings {
  readonly limit: number;
  readonly backwardLimit: number;
  readonly solver: ForwardSolverName | Iteration;
  readonly linearSolver: LinearSolverName | Iteration;
}

/**
 * Settles what 'auto' stands for.
 * @param hasResolvent whether the linear map has one
 * @throws RangeError where a solver was chosen that needs one and there is none
 */
export function chosenFor(settings: Settings, batch: number, n: number, hasResolvent: boolean): Chosen {
  const { step } = settings;
  const solver =
    settings.solver === 'auto'
      ? automaticForwardSolver({ batch, n, hasStep: step !== undefined, hasResolvent })
      : settings.solver;
  const linearSolver =
    settings.linearSolver === 'auto'
      ? automaticLinearSolver(leavesInverse(forwardSolverOf(solver)))
      : settings.linearSolver;
  if (!hasResolvent) {
    checkResolvent('solver', solver, needsResolvent(forwardSolverOf(solver)), 'forward-backward');
    checkResolvent('linearSolver', linearSolver, needsResolvent(linearSolverOf(linearSolver)), 'bicgstab+cgnr');
  }
  const limits = {
    limit: settings.limit ?? LIMIT * forwardSolverOf(solver).length,
    backwardLimit: settings.backwardLimit ?? BACKWARD_LIMIT * linearSolverOf(linearSolver).length,
  };
  return { ...settings, ...limits, solver, linearSolver };
}

/** Iterations of a method, where nothing is said. */
export const LIMIT = 1000;
export const BACKWARD_LIMIT = 500;

/** What it is called in reports. */
export function solverName(solver: string | Iteration): string {
  return typeof solver === 'string' ? solver : solver.name;
}

function checkResolvent(option: string, solver: string | Iteration, isNeeded: boolean, instead: string): void {
  if (!isNeeded) return;
  throw new RangeError(
    `${option}: it is ${JSON.stringify(solverName(solver))}, which needs a resolvent of the linear map W; without one it must be another, such as ${instead}`,
  );
}

const DEFAULT_TOLERANCE = 1e-4;
/** What may be chosen by name. */
const FORWARD_CHOICES = { auto: 0, ...FORWARD_SOLVERS };
const LINEAR_CHOICES = { auto: 0, ...LINEAR_SOLVERS };
const FAILURE_CHOICES = { throw: 0, report: 0 };
const POLICIES = { throw: 0, warn: 0, ignore: 0 };

/** Checks the options that do not depend on tensors; layers call it when they are made. */
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

export function checkPositive(name: string, value: number): number {
  POSITIVE(`${name}: it`, value);
  return value;
}

export function checkCount(name: string, value: number): number {
  COUNT(`${name}: it`, value);
  return value;
}

export function checkFailurePolicy(policy: FailurePolicy): FailurePolicy {
  return checkOneOf('onFailedCertificate', policy, POLICIES);
}

/** A name, or an object that iterates. @param allowed an object that has the names as keys */
export function checkSolver<Solver extends string | { begin: unknown }>(
  name: string,
  solver: Solver,
  allowed: object,
): Solver {
  if (typeof solver === 'string') return checkOneOf(name, solver, allowed);
  if (typeof fieldOf(solver, 'name') === 'string' && has(solver, 'begin')) return solver;
  throw new RangeError(
    `${name}: it is neither a name nor an iteration but ${shown(solver)}; it must be one of ${Object.keys(allowed).join(', ')}, or an object with a name and begin`,
  );
}

/** @param allowed an object that has the names as keys */
export function checkOneOf<Name extends string>(name: string, value: Name, allowed: object): Name {
  if (typeof value !== 'string' || !Object.hasOwn(allowed, value)) {
    throw refusal(`${name}: it`, value, `one of ${Object.keys(allowed).join(', ')}`);
  }
  return value;
}
