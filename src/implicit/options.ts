/** What a caller may choose of a monotone solve, checked. */
import { KINK_UNITS } from '../autodiff/kinks.ts';
import { type Activation, type ActivationOption, activationOf } from '../solvers/activations.ts';
import {
  automaticForwardSolver,
  automaticLinearSolver,
  FORWARD_SOLVERS,
  type ForwardSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
  leavesInverse,
} from '../solvers/index.ts';
import { checkSelection } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type LimitOptions, RunLimits } from './run-limits.ts';

export interface SolveOptions extends LimitOptions {
  /** Of ‖z − σ(Wz + b)‖/(ε + ‖z‖), per sample. Default 1e-4. */
  tolerance?: number;
  /** Of ‖v − (I − JW)ᵀu‖/‖v‖, per sample. Default: `tolerance`. */
  backwardTolerance?: number;
  /**
   * Default auto: peaceman-rachford where batch ≥ n/4 or a step is given, else anderson-picard+peaceman-rachford. The
   * report tells which it was.
   */
  solver?: ForwardSolverName | 'auto';
  /**
   * Of the backward pass. Default auto: peaceman-rachford+bicgstab+cgnr where the forward solver leaves an inverse to use,
   * else bicgstab+cgnr.
   */
  linearSolver?: LinearSolverName | 'auto';
  /** α > 0. Default: chosen from m and ‖I − W‖ so that convergence is guaranteed. */
  step?: number;
  /** Most forward iterations. Default 1000. */
  limit?: number;
  /** Most iterations of a round of the backward solve. Default 500. */
  backwardLimit?: number;
  /** q in [0, 1]: at a kink J is (1 − q)·min + q·max of the Clarke interval. Default 0. */
  selection?: number;
  /** A pre-activation is at a kink within this many units of ε·max|Wz + b|. Default 64. */
  kinkUnits?: number;
  /** throw (default): reading anything that depends on a failed solve rejects. report: the report alone tells. */
  onFailure?: 'throw' | 'report';
  /**
   * Look for numbers in W and b that are not finite, and check the margin of a W that `monotoneMatrix` did not make (on
   * the host, n³ operations, in turns with the solve); fail where something is wrong. Default true.
   */
  checkInputs?: boolean;
}

export interface MonotoneOptions extends SolveOptions {
  activation: ActivationOption;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I. `monotonicityMargin` finds it for a W given directly. */
  margin: number;
  /** Start of the iteration, [batch, n]. Default zeros. */
  initial?: Tensor;
}

export interface Settings
  extends Required<Omit<MonotoneOptions, 'activation' | 'initial' | 'step' | keyof LimitOptions>> {
  readonly limits: RunLimits;
  readonly activation: Activation;
  readonly step: number | undefined;
}

/** Settings in which nothing is left to be chosen. */
export interface Chosen extends Settings {
  readonly solver: ForwardSolverName;
  readonly linearSolver: LinearSolverName;
}

/** Settles what 'auto' stands for. */
export function chosenFor(settings: Settings, batch: number, n: number): Chosen {
  const { step } = settings;
  const solver = settings.solver === 'auto' ? automaticForwardSolver(batch, n, step !== undefined) : settings.solver;
  const linearSolver =
    settings.linearSolver === 'auto' ? automaticLinearSolver(leavesInverse(solver)) : settings.linearSolver;
  return { ...settings, solver, linearSolver };
}

const DEFAULT_TOLERANCE = 1e-4;

/** Checks the options that do not depend on tensors; layers call it when they are made. */
export function checkSolveOptions(options: MonotoneOptions): Settings {
  const tolerance = checkPositive('tolerance', options.tolerance ?? DEFAULT_TOLERANCE);
  return {
    activation: activationOf(options.activation),
    margin: checkPositive('margin', options.margin),
    tolerance,
    backwardTolerance: checkPositive('backwardTolerance', options.backwardTolerance ?? tolerance),
    solver: checkOneOf('solver', options.solver ?? 'auto', { auto: 0, ...FORWARD_SOLVERS }),
    linearSolver: checkOneOf('linearSolver', options.linearSolver ?? 'auto', { auto: 0, ...LINEAR_SOLVERS }),
    step: options.step === undefined ? undefined : checkPositive('step', options.step),
    limit: checkCount('limit', options.limit ?? 1000),
    backwardLimit: checkCount('backwardLimit', options.backwardLimit ?? 500),
    selection: checkSelection('monotone', options.selection ?? 0),
    kinkUnits: checkPositive('kinkUnits', options.kinkUnits ?? KINK_UNITS),
    onFailure: checkOneOf('onFailure', options.onFailure ?? 'throw', { throw: 0, report: 0 }),
    checkInputs: options.checkInputs ?? true,
    limits: new RunLimits(options),
  };
}

export function checkPositive(name: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${name}: it is ${value}; it must be a finite number > 0`);
  }
  return value;
}

export function checkCount(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name}: it is ${value}; it must be a positive integer`);
  }
  return value;
}

/** @param allowed an object that has the names as keys */
export function checkOneOf<Name extends string>(name: string, value: Name, allowed: object): Name {
  if (!Object.hasOwn(allowed, value)) {
    throw new RangeError(
      `${name}: it is ${JSON.stringify(value)}; it must be one of ${Object.keys(allowed).join(', ')}`,
    );
  }
  return value;
}
