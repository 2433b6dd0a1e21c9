/** Options of a Lasso solve, and their checks. */
import { AT_LEAST_0, BOOLEAN, checkFinite, createArgumentError, isList, isListOf } from '../../arguments/check.ts';
import type { Checks } from '../../arguments/options.ts';
import { KINK_UNITS } from '../../autodiff/kinks.ts';
import { HOST_BACKENDS } from '../../backends/kernels.ts';
import type { LassoMethod } from '../../solvers/lasso/solve.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { FailurePolicy } from '../failure-policy.ts';
import { checkCount, checkFailurePolicy, checkOneOf, checkPositive, LIMIT_OPTIONS } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';

export const LASSO_SOLVERS = {
  fista: 0,
  ista: 0,
  'coordinate-descent': 0,
  homotopy: 0,
} as const satisfies Record<LassoMethod, 0>;
/**
 * The solvers of `lasso` by name.
 *
 * @useDeclaredType
 */
export type LassoSolverName = Extract<LassoMethod, string>;

/** Solvers that run on `HOST_BACKENDS` only. */
const HOST_SOLVERS: readonly string[] = ['coordinate-descent', 'homotopy'] satisfies LassoMethod[];

/** With a ridge, all features may be in use, and the Cholesky factor of the homotopy has that order. */
const LARGEST_FACTOR = 4096;

/** The least kink tolerance, relative to λ. */
const KINK_SHARE = 1e-10;

/** The q of features that are in the equicorrelation set but not in the support; see `LassoOptions.selection`. */
export type LassoSelection = 'weak' | 'lars' | number | readonly number[];

/** The data and options of `lasso`. */
export interface LassoOptions extends LimitOptions {
  /** [rows, features] */
  X: Tensor;
  /** [rows], or [batch, rows] for several right-hand sides. */
  y: Tensor;
  /** log λ, the natural logarithm of the penalty: a number, a list, or a tensor [1] or [batch]. */
  logLambda: number | readonly number[] | Tensor;
  /** Penalty of each feature relative to λ, ≥ 0: [features] or [batch, features]. Default 1. */
  weights?: Tensor;
  /** ρ ≥ 0 of the elastic net's ½ρ‖β‖²: a number, or a tensor [1] or [batch]. Default 0. */
  ridge?: number | Tensor;
  /**
   * How much each row counts, from 0 to 1: [groups, rows]. The problems of the batch then form as many groups of
   * equal length, one after the other: with 5 masks and 100 values of log λ the batch is 500, and its first 100
   * problems have the first mask. Default: every row counts fully.
   */
  masks?: Tensor;
  /**
   * Weight ωᵢ ≥ 0 of each row, [rows]: the fit is ½ Σ ωᵢ(yᵢ − Xᵢβ − β₀)². Weights multiply the masks, and are not scaled:
   * an integer weight is the same as so many copies of the row. Default 1.
   */
  rowWeights?: Tensor;
  /**
   * Whether every coefficient must be at least 0. The proximal operator is then max(x − t, 0), a feature is at a kink
   * where Xⱼᵀ(y − Xβ) = t and βⱼ = 0, also one without a penalty, and the solver is fista or ista. Default false.
   */
  nonNegative?: boolean;
  /** Whether there is an intercept β₀, which is not penalised. Default false. */
  intercept?: boolean;
  /**
   * Which element of the conservative Jacobian is taken at a knot: the q of features with |Xⱼᵀ(y − Xβ)| = λ and βⱼ =
   * 0. weak (the default) is 0, lars is 1; or a number from 0 to 1 for all features, or a list with one for each.
   */
  selection?: LassoSelection;
  /**
   * How the support is found: by accelerated (fista) or plain (ista) proximal gradient steps, by coordinate descent,
   * or along a homotopy, from the previous solution or from 0, by a Cholesky factor on the support in float64. The
   * last two work on one problem after the other and run on wasm and cpu only. Default auto: there homotopy, or
   * coordinate-descent with a ridge and more than 4096 features; elsewhere fista.
   */
  solver?: LassoSolverName | 'auto';
  /**
   * Bound of the relative proximal residual ‖β − softThreshold(hβ + Xᵀr − ρβ, t)/h‖/‖β‖, with h = maxⱼ‖Xⱼ‖² + ρ: a
   * problem is solved if its residual is below this bound, or at the level of rounding. Default 1e-12, or 8ε if that
   * is larger (1e-6 in float32). The homotopy always solves to rounding; coordinate descent finishes what it cannot.
   * If this tolerance exceeds the default, the solution is refined to the default before its kinks are determined:
   * for a certificate (which every gradient has unless `onFailedCertificate` is ignore), for an interval, and for a
   * gradient with a `selection`.
   */
  tolerance?: number;
  /** Relative tolerance of the linear solves for gradients and tangents. Default: `tolerance`. */
  backwardTolerance?: number;
  /**
   * Largest number of iterations of a problem in the forward solve. Counted are proximal gradient steps or sweeps
   * over the coordinates, together with steps of conjugate gradients; or changes of the support along the homotopy.
   * Default 100,000.
   */
  limit?: number;
  /** Largest number of iterations of a problem in a linear solve. Default 1000. */
  backwardLimit?: number;
  /** Where the solve starts, [batch, features]. Default zeros. */
  initial?: Tensor | undefined;
  /**
   * A correlation is at a kink if it is within this many units of ε(λ + max|Xᵀy|/16). Default 64, or more if needed
   * to reach 1e-10: the rounding of log λ alone moves a coefficient by an amount that the condition number of the
   * active columns multiplies.
   */
  kinkUnits?: number;
  /** throw (default): reading anything that depends on a failed solve rejects. report: only the report says so. */
  onFailure?: 'throw' | 'report';
  /** What happens if a gradient is asked for and the solution is not unique. Default warn. */
  onFailedCertificate?: FailurePolicy;
}

/** Options that have a 0 here are checked below. */
export const LASSO_OPTIONS: Checks<LassoOptions> = {
  ...LIMIT_OPTIONS,
  X: TENSOR,
  y: TENSOR,
  logLambda: 0,
  weights: TENSOR,
  ridge: 0,
  masks: TENSOR,
  rowWeights: TENSOR,
  nonNegative: BOOLEAN,
  intercept: BOOLEAN,
  selection: 0,
  solver: 0,
  tolerance: 0,
  backwardTolerance: 0,
  limit: 0,
  backwardLimit: 0,
  initial: TENSOR,
  kinkUnits: 0,
  onFailure: 0,
  onFailedCertificate: 0,
};

interface LassoSettings
  extends Required<
    Omit<
      LassoOptions,
      'X' | 'y' | 'logLambda' | 'weights' | 'ridge' | 'masks' | 'rowWeights' | 'initial' | keyof LimitOptions
    >
  > {
  readonly limits: RunLimits;
  readonly selection: Exclude<LassoSelection, string>;
  readonly solver: LassoSolverName;
}

export interface CheckedLasso {
  readonly engine: Engine;
  readonly settings: LassoSettings;
  readonly rows: number;
  readonly features: number;
  readonly batch: number;
  readonly groups: number;
}

/** Checks all options. @throws RangeError that names the option, its value and what is allowed */
export function checkLasso(options: LassoOptions): CheckedLasso {
  const { X, y, logLambda, weights, ridge, masks, rowWeights, initial } = options;
  const tensors = Object.entries({ X, y, logLambda, weights, ridge, masks, rowWeights, initial }).filter(([, given]) =>
    isTensor(given),
  );
  checkTogether('lasso', Object.fromEntries(tensors) as Record<string, Tensor>);
  if (X.shape.length !== 2)
    throw new RangeError(`X: the shape is ${formatShape(X.shape)}; it must be [rows, features]`);
  const [rows, features] = X.shape;
  if ((y.shape.length !== 1 && y.shape.length !== 2) || y.shape[y.shape.length - 1] !== rows) {
    throw new RangeError(
      `y: the shape is ${formatShape(y.shape)}; X of shape ${formatShape(X.shape)} needs [${rows}] or [batch, ${rows}]`,
    );
  }
  if (masks && (masks.shape.length !== 2 || masks.shape[1] !== rows)) {
    throw new RangeError(`masks: the shape is ${formatShape(masks.shape)}; it must be [groups, ${rows}]`);
  }
  if (masks?.node) throw new Error('masks: they are being differentiated; a solution has no derivative in its masks');
  if (rowWeights && (rowWeights.shape.length !== 1 || rowWeights.size !== rows)) {
    throw new RangeError(`rowWeights: the shape is ${formatShape(rowWeights.shape)}; it must be [${rows}]`);
  }
  if (rowWeights?.node)
    throw new Error('rowWeights: they are being differentiated; a solution has no derivative in its row weights');
  if (weights && (weights.shape.length > 2 || weights.shape[weights.shape.length - 1] !== features)) {
    throw new RangeError(
      `weights: the shape is ${formatShape(weights.shape)}; it must be [${features}] or [batch, ${features}]`,
    );
  }
  if (typeof ridge === 'number' && ridge < 0)
    throw createArgumentError('ridge: it', ridge, 'a finite number of at least 0');
  const groups = masks?.shape[0] ?? 1;
  const batch = batchOf(options, groups);
  if (initial && (initial.shape.length !== 2 || initial.shape[0] !== batch || initial.shape[1] !== features)) {
    throw new RangeError(`initial: the shape is ${formatShape(initial.shape)}; it must be [${batch}, ${features}]`);
  }
  // Any of these may belong to a Program that is being traced, in which nothing can be solved.
  for (const name of ['y', 'logLambda', 'weights', 'ridge'] as const) {
    const given = options[name];
    if (isTensor(given)) engineOf(name, given);
  }
  const engine = engineOf('X', X);
  return { engine, settings: lassoSettings(options, features, engine), rows, features, batch, groups };
}

/** The size of the batch: the one length above 1 among the arguments. */
function batchOf({ y, logLambda, weights, ridge = 0 }: LassoOptions, groups: number): number {
  const lengths: Readonly<Record<string, number>> = {
    y: y.shape.length === 2 ? y.shape[0] : 1,
    logLambda: lengthOf('logLambda', logLambda),
    weights: weights?.shape.length === 2 ? weights.shape[0] : 1,
    ridge: lengthOf('ridge', ridge),
  };
  const [largest, batch] = Object.entries(lengths).reduce((a, b) => (b[1] > a[1] ? b : a));
  for (const [name, length] of Object.entries(lengths)) {
    if (length !== 1 && length !== batch) {
      throw new RangeError(`${name}: it is for ${length} problems; ${largest} is for ${batch}, and 1 serves all`);
    }
  }
  if (batch === 1) return groups;
  if (batch % groups !== 0) {
    throw new RangeError(
      `masks: there are ${groups}; ${largest} is for ${batch} problems, which cannot be shared out equally`,
    );
  }
  return batch;
}

function lengthOf(name: string, value: number | readonly number[] | Tensor): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw createArgumentError(`${name}: it`, value, 'finite');
    return 1;
  }
  if (isList(value)) {
    if (value.length === 0) throw new RangeError(`${name}: the list is empty; it must hold at least one number`);
    checkFinite(name, value);
    return value.length;
  }
  if (!isTensor(value)) throw createArgumentError(`${name}: it`, value, 'a number, a list of numbers or a tensor');
  const { shape, size } = value;
  if (shape.length > 1) throw new RangeError(`${name}: the shape is ${formatShape(shape)}; it must be [1] or [batch]`);
  return size;
}

/** The default tolerance: below it there is little but rounding. */
export function finestTolerance(epsilon: number): number {
  return Math.max(1e-12, 8 * epsilon);
}

/**
 * Checks the options that do not depend on tensors. Layers call it when they are created, before there is an engine.
 * @param engine default: one on a backend that offers every solver
 */
export function lassoSettings(
  options: Omit<LassoOptions, 'X' | 'y' | 'logLambda'>,
  features: number,
  { epsilon, backend }: Pick<Engine, 'epsilon' | 'backend'> = { epsilon: Number.EPSILON, backend: 'cpu' },
): LassoSettings {
  const tolerance = checkPositive('tolerance', options.tolerance ?? finestTolerance(epsilon));
  const runsOnHost = HOST_BACKENDS.includes(backend);
  const { solver = 'auto', onFailure = 'throw', onFailedCertificate = 'warn' } = options;
  const kinkUnits = options.kinkUnits ?? Math.max(KINK_UNITS, KINK_SHARE / epsilon);
  AT_LEAST_0('kinkUnits: it', kinkUnits);
  const isLarge = options.ridge !== undefined && features > LARGEST_FACTOR;
  const sequential = isLarge ? 'coordinate-descent' : 'homotopy';
  const nonNegative = options.nonNegative ?? false;
  const automatic = runsOnHost && !nonNegative ? sequential : 'fista';
  if (HOST_SOLVERS.includes(solver) && nonNegative)
    throw new RangeError(`solver: it is "${solver}"; with nonNegative it must be auto, fista or ista`);
  if (HOST_SOLVERS.includes(solver) && !runsOnHost) {
    throw new RangeError(
      `solver: it is "${solver}", which runs on ${HOST_BACKENDS.join(', ')} only; the backend is ${backend}`,
    );
  }
  return {
    intercept: options.intercept ?? false,
    nonNegative,
    selection: selectionOf(options.selection ?? 'weak', features),
    solver: solver === 'auto' ? automatic : checkOneOf('solver', solver, { auto: 0, ...LASSO_SOLVERS }),
    tolerance,
    backwardTolerance: checkPositive('backwardTolerance', options.backwardTolerance ?? tolerance),
    limit: checkCount('limit', options.limit ?? 100_000),
    backwardLimit: checkCount('backwardLimit', options.backwardLimit ?? 1000),
    kinkUnits,
    limits: new RunLimits(options),
    onFailure: checkOneOf('onFailure', onFailure, { throw: 0, report: 0 }),
    onFailedCertificate: checkFailurePolicy(onFailedCertificate),
  };
}

function selectionOf(selection: LassoSelection, features: number): LassoSettings['selection'] {
  if (selection === 'weak') return 0;
  if (selection === 'lars') return 1;
  const numbers = typeof selection === 'number' ? [selection] : selection;
  if (!isListOf(numbers, (q) => typeof q === 'number' && q >= 0 && q <= 1)) {
    throw createArgumentError('selection: it', selection, "'weak', 'lars', or numbers from 0 to 1");
  }
  if (typeof selection !== 'number' && numbers.length !== features) {
    throw new RangeError(`selection: it holds ${numbers.length} numbers; there are ${features} features`);
  }
  return selection;
}
