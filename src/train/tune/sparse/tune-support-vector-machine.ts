/** Chooses the cost of a support vector machine by minimising a criterion along its derivative. */
import { type Checks, readOptions } from '../../../arguments/options.ts';
import {
  SUPPORT_VECTOR_DATA,
  SUPPORT_VECTOR_OPTIONS,
  type SupportVectorData,
} from '../../../implicit/support-vectors/options.ts';
import { smallestSupportVectorCost } from '../../../implicit/support-vectors/smallest-cost.ts';
import {
  type SupportVectorCertificate,
  supportVectorMachine,
} from '../../../implicit/support-vectors/support-vector-machine.ts';
import { engineOf } from '../../../tensor/engine-of.ts';
import {
  LINE_TUNE_OPTIONS,
  type LineTuneOptions,
  type LineTuneResult,
  readLineTuning,
  splitOf,
  tuneAlongLine,
} from './along-line.ts';
import { SupportVectorEvaluation } from './support-vectors.ts';

/** The criterion at one cost. */
export interface SupportVectorVisit {
  /** The natural logarithm of the cost C. */
  readonly logC: number;
  /** The criterion there. */
  readonly value: number;
  /** The derivative of the criterion in log C. Points of a grid have none. */
  readonly slope: number | undefined;
}

/** Options of `tuneSupportVectorMachine`: of the range, which begins at log C_min. */
export interface TuneSupportVectorOptions extends SupportVectorData, LineTuneOptions {
  /** Called after each evaluation, and awaited. An error that it throws ends the search. */
  onProgress?: (visit: SupportVectorVisit) => void | Promise<void>;
}

/** The result of `tuneSupportVectorMachine`. */
export interface SupportVectorTuneResult extends LineTuneResult {
  /** The chosen log C. */
  readonly logC: number;
  /** w, fitted with the chosen cost to all rows. */
  readonly beta: Float64Array;
  /** b; 0 without an intercept. */
  readonly intercept: number;
  /** The certificate of this fit. */
  readonly certificate: SupportVectorCertificate;
  /** The interval [low, high] of log C that was searched; low is log C_min. */
  readonly bounds: readonly [number, number];
  /** Every evaluation, in order. */
  readonly visited: readonly SupportVectorVisit[];
}

const OPTIONS: Checks<TuneSupportVectorOptions> = {
  ...SUPPORT_VECTOR_DATA,
  ...LINE_TUNE_OPTIONS,
  signal: SUPPORT_VECTOR_OPTIONS.signal,
};

/**
 * Chooses C of a support vector machine: minimises the mean of log(1 + e^(−ym)) on rows to which it is not fitted, over log C in
 * [log C_min, log C_min + depth], by its derivative through the fits, which are exact. In folds C is divided by the share of the
 * rows that are fitted. The host computes it in float64, on every backend.
 * @throws RangeError where an option is wrong, the criterion is of another kind, or w = 0 for every C; the signal's reason once it
 *   is aborted
 */
export async function tuneSupportVectorMachine(given: TuneSupportVectorOptions): Promise<SupportVectorTuneResult> {
  const since = performance.now();
  const options = readOptions('tuneSupportVectorMachine', given, OPTIONS, 'X', 'y', 'criterion');
  const { X, y, rowWeights, intercept, criterion, signal } = options;
  const settings = readLineTuning(options);
  if (rowWeights && rowWeights.shape.length !== 1) {
    throw new RangeError('rowWeights: they are for several problems; tuneSupportVectorMachine takes [rows]');
  }
  const data = { X, y, intercept, ...(rowWeights && { rowWeights }) };
  signal?.throwIfAborted();
  const [smallest] = await smallestSupportVectorCost({ ...data, signal });
  if (!Number.isFinite(smallest)) {
    throw new RangeError('tuneSupportVectorMachine: w = 0 for every C, so that there is nothing to choose');
  }
  const evaluation = await SupportVectorEvaluation.of(data, splitOf(criterion), signal);
  const visited: SupportVectorVisit[] = [];
  const found = await tuneAlongLine(evaluation, -smallest, settings, since, ({ at, value, slope }) => {
    const visit = { logC: -at, value, slope: slope === undefined ? undefined : -slope };
    visited.push(visit);
    return options.onProgress?.(visit);
  });
  const logC = -found.best.at;
  return {
    criterion: criterion.name,
    logC,
    value: found.best.value,
    ...(await fitAllRows(data, logC, signal)),
    bounds: [smallest, -found.low],
    visited,
    ended: OPPOSITE[found.ended],
    solves: evaluation.solves,
    timedOut: found.timedOut,
    milliseconds: performance.now() - since,
  };
}

/** The ends of the range of log C, from those of −log C. */
const OPPOSITE = {
  'lower end': 'upper end',
  'upper end': 'lower end',
  minimum: 'minimum',
  limit: 'limit',
  grid: 'grid',
} as const;

/** Fits the machine with the chosen cost to all rows. */
async function fitAllRows(data: SupportVectorData, logC: number, signal: AbortSignal | undefined) {
  return engineOf('X', data.X).tidy(async (scope) => {
    const { X, y, rowWeights, intercept } = data;
    const {
      beta,
      intercept: offset,
      certificate,
    } = supportVectorMachine({
      X: scope.use(X),
      y: scope.use(y),
      ...(rowWeights && { rowWeights: scope.use(rowWeights) }),
      intercept,
      logC,
      signal,
    });
    const [w, [b]] = await Promise.all([beta.data(), offset.data()]);
    return { beta: Float64Array.from(w), intercept: b, certificate: await certificate() };
  });
}
