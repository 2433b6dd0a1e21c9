/** What a caller may choose of the solution of an equation that the user wrote, checked. */
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

/** Solves F(z, …) = 0 in a way of the caller's own, from the start and the inputs; not followed by any tape. */
export type OwnSolver = (start: Tensor, ...inputs: Tensor[]) => Tensor;

/** z = f(z, …inputs) as an iteration sees it: rows are samples, whatever the shape of the unknown. */
export interface FixedPointEquation {
  /** f at an x, [batch, n], as [batch, n]. */
  image(x: Tensor): Tensor;
  /** ‖x − f(x)‖/(ε + ‖x‖) of each sample, [batch]. @param image f at x */
  residual(x: Tensor, image: Tensor): Tensor;
}

/** A way to solve z = f(z) by repetition: `fixedPoint` takes one in the place of a solver's name. */
export interface FixedPointIteration {
  /** In reports. */
  readonly name: string;
  readonly converges: Convergence;
  /**
   * Called while a Program is traced, with tensors of that Program.
   * @param start [batch, n]
   */
  begin(equation: FixedPointEquation, start: Tensor): Begun;
}

interface ImplicitOptions extends LimitOptions {
  /** Where the forward solver starts; its shape is that of the unknown. The first axis counts samples. */
  unknown: Tensor;
  /** What the function gets besides the unknown: the solution is differentiated with respect to these. */
  inputs: readonly Tensor[];
  /**
   * All samples are one system: the function may mix rows. Default false: it must not, in the unknown, and is refused where it does; as
   * its operations tell, or, where these multiply by numbers that may be 0, its derivatives at the solution. With one axis there is one
   * system anyway.
   */
  coupled?: boolean;
  /**
   * Of ‖F(z)‖/(ε·min(1, s) + ‖z‖), per sample, with s = ‖z‖ + ‖F(z)‖ at the start: so that numbers far below 1 are solved for as well. Of an
   * unknown that is taken as it is given, s = ‖z‖, and 1 where it is 0.
   * Default 1e-4.
   */
  tolerance?: number;
  /** Of ‖v − Bᵀu‖/‖v‖, per sample. Default: `tolerance`. */
  backwardTolerance?: number;
  /** Of the backward pass. Default auto: gmres. */
  linearSolver?: GeneralSolverName | 'auto';
  /**
   * Most iterations of a sample in the forward solve, in total; two methods have equal shares, but newton-krylov never more than 50.
   * Default 1000 for each method, and 50 for newton-krylov.
   */
  limit?: number;
  /** Most iterations of a sample in the backward solve, in total. Default 500 for each method of the linear solver. */
  backwardLimit?: number;
  /**
   * Which element of the Clarke interval is taken at the kinks of the function; see ImplicitSelection. Default: that with which
   * the function calls its operations. Where it is given, here or in such a call, gradients and tangents are taken at the kinks of
   * the true solution: Newton steps bring the one that was found to the floor of the precision first.
   */
  selection?: ImplicitSelection;
  /**
   * Check the theorem's hypothesis whenever a gradient or a tangent is asked for, once for each solution, and take these at the
   * kinks of the true solution, as with a `selection`. Default false.
   */
  certify?: boolean | CertifyOptions;
  /** Where that check fails. Default warn. */
  onFailedCertificate?: FailurePolicy;
  /** throw (default): reading anything that depends on a failed solve rejects. report: the report alone tells. */
  onFailure?: 'throw' | 'report';
}

export interface FixedPointOptions extends ImplicitOptions {
  /**
   * anderson: accelerated repetition; picard: plain repetition; newton-krylov: Newton steps by GMRES; given: the unknown solves
   * it already; or a function that solves it, or a FixedPointIteration of your own. Default auto: anderson+newton-krylov, Newton
   * steps for the samples that the first has not solved; where f solves something itself, without these.
   */
  solver?:
    | 'auto'
    | 'anderson+newton-krylov'
    | 'anderson'
    | 'picard'
    | 'newton-krylov'
    | 'given'
    | OwnSolver
    | FixedPointIteration;
}

export interface RootOptions extends ImplicitOptions {
  /**
   * newton-krylov: Newton steps by GMRES; given: the unknown solves it already; or a function that solves it. Default auto:
   * newton-krylov.
   */
  solver?: 'auto' | 'newton-krylov' | 'given' | OwnSolver;
}

/** Of both; what is 0 is checked below. */
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

/** The options with their defaults. */
export type ImplicitSettings = Required<
  Omit<ImplicitOptions, 'unknown' | 'inputs' | 'selection' | 'linearSolver' | 'limit' | keyof LimitOptions>
> &
  Pick<FixedPointOptions, 'selection' | 'limit'> & {
    readonly solver: Exclude<Required<FixedPointOptions>['solver'], 'auto'>;
    readonly linearSolver: GeneralSolverName;
    readonly limits: RunLimits;
  };

const ROOT_SOLVERS = { auto: 0, 'newton-krylov': 0, given: 0 };
const FIXED_POINT_SOLVERS = { 'anderson+newton-krylov': 0, anderson: 0, picard: 0, ...ROOT_SOLVERS };
const AUTOMATIC = { root: 'newton-krylov', 'fixed point': 'anderson+newton-krylov' } as const;

export function implicitSettings(kind: 'root' | 'fixed point', options: FixedPointOptions): ImplicitSettings {
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

export function checkedEngine(what: string, unknown: Tensor, inputs: readonly Tensor[]): Engine {
  const engine = engineOf(`${what}: unknown`, unknown);
  if (unknown.shape.length === 0) {
    throw new RangeError(`${what}: unknown is a scalar; it must have an axis, such as [1]`);
  }
  // Of a function that is being traced: what it solves itself is then solved kernel by kernel.
  for (const [index, input] of inputs.entries()) engineOf(`${what}: inputs[${index}]`, input);
  checkTogether(what, { unknown, inputs });
  return engine;
}
