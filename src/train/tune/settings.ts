/** The options of `tune`, and what it reads from them. */
import {
  BOOLEAN,
  createArgumentCheck,
  createArgumentError,
  FUNCTION,
  hasMethod,
  isListOf,
  LIST,
  SIGNAL,
} from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkCount, checkOneOf, checkPositive } from '../../implicit/options.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { Criterion } from './criteria.ts';
import type { SolverOptions } from './evaluation.ts';
import { PENALTIES, type Penalty, type PenaltyName } from './penalties.ts';
import type { OnTuneProgress } from './progress.ts';
import { adamSearch, descent, type Search } from './search.ts';

/** The searches by the gradient of the criterion, by name. */
export const SEARCHES = { descent, adam: adamSearch } as const satisfies Record<string, Search>;
/**
 * The methods by which `tune` searches for the penalty.
 *
 * @useDeclaredType
 */
export type TuningOptimiser = keyof typeof SEARCHES | 'grid';

/** Options of `tune`. */
export interface TuneOptions {
  /** The features, [rows, features]. */
  X: Tensor;
  /** The target, [rows]. */
  y: Tensor;
  /** Whether to fit an intercept, which is not penalised. Default false. */
  intercept?: boolean;
  /** Weight ≥ 0 of each row, [rows], in the fit and in `crossValidation`; `heldOut` takes weights of its own. Default 1. */
  rowWeights?: Tensor | undefined;
  /** Whether every coefficient must be at least 0. Default false. */
  nonNegative?: boolean;
  /** Options for the Lasso solves. */
  solve?: Omit<SolverOptions, 'intercept' | 'nonNegative'>;
  /** `heldOut`, `crossValidation`, `sure`, or a criterion of your own. */
  criterion: Criterion;
  /** 'single': one λ. 'features': one λ for each feature. 'elastic-net': λ and the ridge ρ. Default 'single'. */
  penalty?: PenaltyName;
  /**
   * 'descent': gradient descent with a line search. 'adam': Adam. 'grid': the criterion at equally spaced log λ,
   * without gradients, for comparison and only with a single λ. Default 'descent'.
   */
  optimiser?: TuningOptimiser;
  /**
   * The number of starts, or the starts themselves; several help where the criterion has several local minima. Default
   * 4: the best of four times as many points, spread over the upper part of the range of log λ. With one λ for each
   * feature the default is 2, from the best single λ downwards.
   */
  starts?: number | readonly (readonly number[])[];
  /** A start ends once no parameter, such as log λ, moves by more than this number in (0, 10]. Default 1e-3. */
  tolerance?: number;
  /** The largest number of evaluations for each start, an integer from 1. Default 60. */
  limit?: number;
  /** The number of points of the grid, an integer from 1. Default 100. */
  points?: number;
  /** Called after each step, and awaited. An error that it throws ends the search. */
  onProgress?: OnTuneProgress;
  /** Aborting it ends the search and the current solves; `tune` rejects at once with its reason. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for the whole search, counted from the call, a finite number > 0. The result is then the best penalty
   * found in that time, and has `timedOut` set. Its solution is computed after that. Default: no limit.
   */
  timeLimit?: number;
}

const SOLVE_OPTIONS: Checks<NonNullable<TuneOptions['solve']>> = { selection: 0, solver: 0, tolerance: 0, limit: 0 };

/** Options that stand as 0 are checked in `readSettings`. */
export const TUNE_OPTIONS: Checks<TuneOptions> = {
  X: TENSOR,
  y: TENSOR,
  intercept: BOOLEAN,
  rowWeights: TENSOR,
  nonNegative: BOOLEAN,
  solve: (place, value) => void readOptions(place, value as TuneOptions['solve'], SOLVE_OPTIONS),
  criterion: createArgumentCheck('a criterion, such as crossValidation()', (value) => hasMethod(value, 'begin')),
  penalty: 0,
  optimiser: 0,
  starts: 0,
  tolerance: 0,
  limit: 0,
  points: 0,
  onProgress: FUNCTION,
  signal: SIGNAL,
  timeLimit: 0,
};

/** The largest allowed number of starts, and of points of a grid. */
const MAXIMUM_COUNT = 2 ** 24;

/** @throws RangeError where the options do not fit the data or each other */
export function readSettings(options: TuneOptions) {
  const { X, y, penalty = 'single', optimiser = 'descent', starts = penalty === 'features' ? 2 : 4 } = options;
  if (X.shape.length !== 2 || y.shape.length !== 1 || y.size !== X.shape[0]) {
    throw new RangeError(
      `tune: X has shape ${formatShape(X.shape)} and y ${formatShape(y.shape)}; they must be [rows, features] and [rows]`,
    );
  }
  const { rowWeights, nonNegative } = options;
  checkTogether('tune', { X, y, rowWeights });
  if (rowWeights && (rowWeights.shape.length !== 1 || rowWeights.size !== y.size)) {
    throw new RangeError(`tune: rowWeights has shape ${formatShape(rowWeights.shape)}; it must be [${y.size}]`);
  }
  checkOneOf('penalty', penalty, PENALTIES);
  checkOneOf('optimiser', optimiser, { ...SEARCHES, grid: 0 });
  if (optimiser === 'grid' && penalty !== 'single') {
    throw new RangeError(`optimiser: it is "grid", which is for a single λ; the penalty is ${describeValue(penalty)}`);
  }
  const kind: Penalty = PENALTIES[penalty];
  if (typeof starts === 'number') checkBoundedCount('starts', starts);
  else checkStarts(starts, kind.parameters(X.shape[1]).length);
  return {
    engine: engineOf('X', X),
    rows: { X, y, rowWeights },
    solving: { ...options.solve, intercept: options.intercept, nonNegative },
    kind,
    penalty,
    optimiser,
    starts,
    tolerance: checkTolerance(options.tolerance ?? 1e-3),
    limit: checkCount('limit', options.limit ?? 60),
    points: checkBoundedCount('points', options.points ?? 100),
    timeLimit: options.timeLimit === undefined ? undefined : checkPositive('timeLimit', options.timeLimit),
    onProgress: options.onProgress,
  };
}

/** Parameters are logarithms, and e to the power of a much larger number overflows. */
function checkTolerance(tolerance: number): number {
  if (checkPositive('tolerance', tolerance) > MAXIMUM_TOLERANCE) {
    throw createArgumentError('tolerance: it', tolerance, `at most ${MAXIMUM_TOLERANCE}`);
  }
  return tolerance;
}

const MAXIMUM_TOLERANCE = 10;

function checkBoundedCount(name: string, count: number): number {
  if (checkCount(name, count) > MAXIMUM_COUNT)
    throw createArgumentError(`${name}: it`, count, `at most ${MAXIMUM_COUNT}`);
  return count;
}

function checkStarts(starts: readonly (readonly number[])[], width: number): void {
  LIST('starts: it', starts);
  if (starts.length === 0) throw new RangeError('starts: the list is empty; it must hold at least one start');
  for (const [index, start] of starts.entries()) {
    if (isListOf(start, Number.isFinite) && start.length === width) continue;
    throw new RangeError(`starts[${index}]: it is ${describeValue(start)}; it must hold ${width} finite numbers`);
  }
}
