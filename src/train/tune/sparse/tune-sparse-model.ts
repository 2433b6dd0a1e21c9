/** Chooses the penalty of a sparse model by minimising a criterion along its derivative. */
import { createArgumentCheck, createArgumentError, FUNCTION, hasMethod } from '../../../arguments/check.ts';
import { type Checks, readOptions } from '../../../arguments/options.ts';
import { checkCount, checkOneOf, checkPositive } from '../../../implicit/options.ts';
import { MILLISECONDS } from '../../../implicit/run-limits.ts';
import type { SparseCertificate } from '../../../implicit/sparse/hypothesis.ts';
import { findNullModels } from '../../../implicit/sparse/largest-penalty.ts';
import { SPARSE_DATA, SPARSE_OPTIONS, type SparseData } from '../../../implicit/sparse/options.ts';
import { sparseModel } from '../../../implicit/sparse/sparse-model.ts';
import { engineOf } from '../../../tensor/engine-of.ts';
import type { Criterion, CriterionSplit } from '../criteria.ts';
import { OutOfTime } from '../evaluation.ts';
import { SparseEvaluation, type SparseVisit } from './evaluate.ts';
import { createFolds } from './folds.ts';
import { type SearchEnd, searchLine } from './search.ts';

export type { SparseVisit };

/** Options of `tuneSparseModel`. */
export interface TuneSparseOptions extends SparseData {
  /** `heldOut` or `crossValidation`: the mean of the loss of the model on rows to which it is not fitted. */
  criterion: Criterion;
  /**
   * descent: by the derivative of the criterion. grid: the criterion at equally spaced log λ, for comparison. Default
   * 'descent'.
   */
  optimiser?: 'descent' | 'grid';
  /** How far below log λ_max the search may go. Default 12: there the penalty hardly matters. */
  depth?: number;
  /** The search ends once the minimum is known to lie within this interval of log λ. Default 1e-2. */
  tolerance?: number;
  /** The largest number of evaluations of the criterion by descent. Default 20. */
  limit?: number;
  /** The number of points of a grid. Default 100. */
  points?: number;
  /** Called after each evaluation, and awaited. An error that it throws ends the search. */
  onProgress?: (visit: SparseVisit) => void | Promise<void>;
  /** Aborting it ends the search; `tuneSparseModel` rejects with its reason. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for the search, a finite number > 0, checked between evaluations. The result is then the best penalty found in
   * that time, and has `timedOut` set. Default: no limit.
   */
  timeLimit?: number;
}

/** The result of `tuneSparseModel`. */
export interface SparseTuneResult {
  /** The name of the criterion. */
  readonly criterion: string;
  /** The chosen log λ. */
  readonly logLambda: number;
  /** The criterion at the chosen penalty. */
  readonly value: number;
  /** β, row by row, fitted with the chosen penalty to all rows. */
  readonly beta: Float64Array;
  /** One intercept for each task or class; 0 without them. */
  readonly intercept: Float64Array;
  /** The certificate of this fit. */
  readonly certificate: SparseCertificate;
  /** The interval [low, high] of log λ that was searched; high is log λ_max. */
  readonly bounds: readonly [number, number];
  /** Every evaluation, in order. */
  readonly visited: readonly SparseVisit[];
  /**
   * minimum: it was found to the tolerance. lower end, upper end: the criterion falls towards that end of the range: without
   * a penalty, or with none of the penalised features, it is least. limit: the evaluations, or the time, were over. grid.
   */
  readonly ended: SearchEnd | 'grid';
  /** The number of models that were fitted during the search. */
  readonly solves: number;
  /** Whether the time limit ended the search. */
  readonly timedOut: boolean;
  /** The duration of the call. */
  readonly milliseconds: number;
}

const OPTIONS: Checks<TuneSparseOptions> = {
  ...SPARSE_DATA,
  criterion: createArgumentCheck('a criterion, such as crossValidation()', (value) => hasMethod(value, 'begin')),
  optimiser: 0,
  depth: 0,
  tolerance: 0,
  limit: 0,
  points: 0,
  onProgress: FUNCTION,
  signal: SPARSE_OPTIONS.signal,
  timeLimit: (_, value) => MILLISECONDS('timeLimit: it', value),
};

/** Below λ_max the search starts here: with e⁻¹ of that penalty some features are in use. */
const FIRST = 1;
/** The first step; both ends of the range are flat, and a step too far would not return. */
const FIRST_STEP = 1;
/** Fits start at this tolerance, and become finer as the intervals narrow, down to the second. */
const LOOSEST = 1e-2;
const FINEST = 1e-6;
/** A relative decrease of the criterion that is not worth an evaluation. */
const DECREASE = 1e-6;
/** The tolerance of the fits of a grid. */
const GRID_TOLERANCE = 1e-4;
const MAXIMUM_POINTS = 2 ** 24;

/**
 * Chooses the penalty of a sparse model: minimises the logarithm of a criterion over log λ in [log λ_max − depth, log λ_max], by
 * its derivative through the fits, from e⁻¹·λ_max. The fits are inexact at first, and finer as the search comes near to
 * its end (F. Pedregosa 2016), to between 1e-4 and 1e-6; the one that is returned is exact to rounding.
 *
 * The host computes it in float64, on every backend.
 * @throws RangeError where an option is wrong, the criterion is of another kind, λ changes nothing, or free features separate
 *   the classes of all rows or of a fold; the signal's reason once it is aborted
 */
export async function tuneSparseModel(given: TuneSparseOptions): Promise<SparseTuneResult> {
  const since = performance.now();
  const options = readOptions('tuneSparseModel', given, OPTIONS, 'X', 'y', 'criterion');
  const { criterion, optimiser = 'descent', signal, timeLimit = Number.POSITIVE_INFINITY } = options;
  const settings = readTuning(options);
  const data = dataOf(options);
  signal?.throwIfAborted();
  const high = await findLargest(data, signal);
  const low = high - settings.depth;
  const { folds } = await createFolds('tuneSparseModel', data, splitOf(criterion));
  const evaluation = new SparseEvaluation(folds, signal);
  const visited: SparseVisit[] = [];
  const evaluate = async (logLambda: number, tolerance: number, withSlope: boolean): Promise<SparseVisit> => {
    signal?.throwIfAborted();
    if (visited.length > 0 && performance.now() - since > timeLimit) throw new OutOfTime();
    const visit = await evaluation.at(logLambda, tolerance, withSlope);
    visited.push(visit);
    await options.onProgress?.(visit);
    return visit;
  };
  const search = async (): Promise<SearchEnd | 'grid'> => {
    if (optimiser === 'descent') return descend(evaluate, { low, high, ...settings });
    for (let point = 0; point < settings.points; point++) {
      await evaluate(high - ((high - low) * point) / Math.max(settings.points - 1, 1), GRID_TOLERANCE, false);
    }
    return 'grid';
  };
  let ended: SearchEnd | 'grid' | undefined;
  try {
    ended = await search();
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
  }
  const best = visited.reduce((a, b) => (b.value < a.value ? b : a));
  return {
    criterion: criterion.name,
    logLambda: best.logLambda,
    value: best.value,
    ...(await fitAllRows(data, best.logLambda, signal)),
    bounds: [low, high],
    visited,
    ended: ended ?? 'limit',
    solves: evaluation.solves,
    timedOut: ended === undefined,
    milliseconds: performance.now() - since,
  };
}

function readTuning({ optimiser, depth, tolerance, limit, points }: TuneSparseOptions) {
  checkOneOf('optimiser', optimiser ?? 'descent', { descent: 0, grid: 0 });
  if (checkCount('points', points ?? 100) > MAXIMUM_POINTS) {
    throw createArgumentError('points: it', points, `at most ${MAXIMUM_POINTS}`);
  }
  return {
    depth: checkPositive('depth', depth ?? 12),
    tolerance: checkPositive('tolerance', tolerance ?? 1e-2),
    limit: checkCount('limit', limit ?? 20),
    points: points ?? 100,
  };
}

function dataOf(options: TuneSparseOptions): SparseData {
  const { X, y, loss, classes, groups, weights, rowWeights, intercept, nonNegative } = options;
  if (rowWeights && rowWeights.shape.length !== 1) {
    throw new RangeError('rowWeights: they are for several problems; tuneSparseModel takes [rows]');
  }
  for (const [name, tensor] of Object.entries({ X, y, weights, rowWeights })) if (tensor) engineOf(name, tensor);
  return { X, y, loss, classes, groups, weights, rowWeights, intercept, nonNegative };
}

/** @throws RangeError where the criterion says nothing of rows that the host could judge on */
function splitOf({ split, name }: Criterion): CriterionSplit {
  if (split) return split;
  throw new RangeError(`criterion: it is "${name}"; it must be heldOut or crossValidation`);
}

async function findLargest(data: SparseData, signal: AbortSignal | undefined): Promise<number> {
  const [{ logLambda }] = await findNullModels('tuneSparseModel', { ...data, signal });
  if (Number.isFinite(logLambda)) return logLambda;
  throw new RangeError(
    'tuneSparseModel: the penalised coefficients are 0 for every λ, so that there is nothing to choose',
  );
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly tolerance: number;
  readonly limit: number;
}

/** Descends on log C, whose derivative does not shrink with C. */
async function descend(
  evaluate: (logLambda: number, tolerance: number, withSlope: boolean) => Promise<SparseVisit>,
  range: Range,
): Promise<SearchEnd> {
  return searchLine(
    async (at, width) => {
      const accuracy = Math.min(Math.max(LOOSEST * width * width, FINEST), LOOSEST);
      const { value, slope = 0 } = await evaluate(at, accuracy, true);
      return { at, value: Math.log(value), slope: slope / value };
    },
    { ...range, start: range.high - FIRST, step: FIRST_STEP, decrease: DECREASE },
  );
}

/** Fits the model with the chosen penalty to all rows. */
async function fitAllRows(data: SparseData, logLambda: number, signal: AbortSignal | undefined) {
  const engine = engineOf('X', data.X);
  return engine.tidy(async (scope) => {
    const used = Object.fromEntries(
      (['X', 'y', 'weights', 'rowWeights'] as const).flatMap((name) => {
        const tensor = data[name];
        return tensor ? [[name, scope.use(tensor)] as const] : [];
      }),
    );
    const { beta, intercept, certificate } = sparseModel({ ...data, ...used, logLambda, signal });
    const [b, b0] = await Promise.all([beta.data(), intercept.data()]);
    return { beta: Float64Array.from(b), intercept: Float64Array.from(b0), certificate: await certificate() };
  });
}
