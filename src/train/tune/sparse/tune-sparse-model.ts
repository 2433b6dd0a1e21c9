/** Chooses the penalty of a sparse model by minimising a criterion along its derivative. */
import { type Checks, readOptions } from '../../../arguments/options.ts';
import type { SparseCertificate } from '../../../implicit/sparse/hypothesis.ts';
import { findNullModels } from '../../../implicit/sparse/largest-penalty.ts';
import { SPARSE_DATA, SPARSE_OPTIONS, type SparseData } from '../../../implicit/sparse/options.ts';
import { sparseModel } from '../../../implicit/sparse/sparse-model.ts';
import { engineOf } from '../../../tensor/engine-of.ts';
import {
  LINE_TUNE_OPTIONS,
  type LineTuneOptions,
  type LineTuneResult,
  readLineTuning,
  splitOf,
  tuneAlongLine,
} from './along-line.ts';
import { SparseEvaluation } from './evaluate.ts';
import { createFolds } from './folds.ts';

/** The criterion at one penalty. */
export interface SparseVisit {
  /** log λ */
  readonly logLambda: number;
  /** The criterion there. */
  readonly value: number;
  /** The derivative of the criterion in log λ. Points of a grid have none. */
  readonly slope: number | undefined;
}

/** Options of `tuneSparseModel`: of the range, which ends at log λ_max. */
export interface TuneSparseOptions extends SparseData, LineTuneOptions {
  /** Called after each evaluation, and awaited. An error that it throws ends the search. */
  onProgress?: (visit: SparseVisit) => void | Promise<void>;
}

/**
 * The result of `tuneSparseModel`. At the lower end it is best without a penalty, at the upper end with none of the penalised
 * features.
 */
export interface SparseTuneResult extends LineTuneResult {
  /** The chosen log λ. */
  readonly logLambda: number;
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
}

const OPTIONS: Checks<TuneSparseOptions> = { ...SPARSE_DATA, ...LINE_TUNE_OPTIONS, signal: SPARSE_OPTIONS.signal };

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
  const { criterion, signal } = options;
  const settings = readLineTuning(options);
  const data = dataOf(options);
  signal?.throwIfAborted();
  const high = await findLargest(data, signal);
  const { folds } = await createFolds('tuneSparseModel', data, splitOf(criterion));
  const evaluation = new SparseEvaluation(folds, signal);
  const visited: SparseVisit[] = [];
  const found = await tuneAlongLine(evaluation, high, settings, since, ({ at, value, slope }) => {
    const visit = { logLambda: at, value, slope };
    visited.push(visit);
    return options.onProgress?.(visit);
  });
  const { best, low, ended, timedOut } = found;
  return {
    criterion: criterion.name,
    logLambda: best.at,
    value: best.value,
    ...(await fitAllRows(data, best.at, signal)),
    bounds: [low, high],
    visited,
    ended,
    solves: evaluation.solves,
    timedOut,
    milliseconds: performance.now() - since,
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

async function findLargest(data: SparseData, signal: AbortSignal | undefined): Promise<number> {
  const [{ logLambda }] = await findNullModels('tuneSparseModel', { ...data, signal });
  if (Number.isFinite(logLambda)) return logLambda;
  throw new RangeError(
    'tuneSparseModel: the penalised coefficients are 0 for every λ, so that there is nothing to choose',
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
