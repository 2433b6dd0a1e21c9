/**
 * Chooses the penalty of a Lasso by minimising a criterion along its gradient. λ is the penalty and log λ its natural
 * logarithm.
 */
import { readOptions } from '../../arguments/options.ts';
import type { LassoCertificate } from '../../implicit/lasso/certificate.ts';
import { finiteLargestPenalty } from '../../implicit/lasso/largest-penalty.ts';
import { lasso } from '../../implicit/lasso/lasso.ts';
import type { Engine } from '../../tensor/engine.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { RowSplit } from './criteria.ts';
import { Evaluation, OutOfTime, type SolverOptions } from './evaluation.ts';
import type { Penalty, PenaltyName } from './penalties.ts';
import { TuneLog, type Visit } from './progress.ts';
import type { Bounds, Search, SearchOptions } from './search.ts';
import { readSettings, SEARCHES, TUNE_OPTIONS, type TuneOptions, type TuningOptimiser } from './settings.ts';

/** The result of `tune`. */
export interface TuneResult {
  /** The name of the criterion. */
  readonly criterion: string;
  /** The method of the search. */
  readonly optimiser: TuningOptimiser;
  /** The kind of penalty that was tuned. */
  readonly penalty: PenaltyName;
  /** The chosen parameters by name. All are logarithms: the one named 'lambda' is log λ. */
  readonly parameters: Readonly<Record<string, number>>;
  /** log λ for `lasso`. It is 0 with one λ for each feature, which are then in `weights`. */
  readonly logLambda: number;
  /** The penalty of each feature; undefined unless there is one for each. */
  readonly weights: readonly number[] | undefined;
  /** The ridge ρ of the elastic net; undefined for other penalties. */
  readonly ridge: number | undefined;
  /** The criterion at the chosen parameters. */
  readonly value: number;
  /** The coefficients β, [features], fitted with the chosen penalty to all rows of X. */
  readonly beta: Float64Array;
  /** The fitted intercept; 0 without one. */
  readonly intercept: number;
  /** The certificate of this solution. */
  readonly certificate: LassoCertificate;
  /**
   * The derivatives of the criterion in log λ, one tolerance to the left and to the right of the chosen log λ. A
   * minimum lies between if the left one is negative and the right one positive; at a knot they need not be small.
   * Undefined unless there is a single λ, or where the time limit was reached.
   */
  readonly slopes: Readonly<Record<'left' | 'right', number>> | undefined;
  /** The interval [low, high] that was searched for each parameter. */
  readonly bounds: Bounds;
  /**
   * Every evaluation in the range, in order. Points of a grid, and points from which starts are chosen, have no gradient.
   */
  readonly visited: readonly Visit[];
  /**
   * The number of evaluations that were left out because a problem was not solved to its tolerance. Their value is NaN.
   */
  readonly failed: number;
  /** The number of Lasso problems solved during the search. */
  readonly solves: number;
  /** Whether the time limit ended the search. The chosen penalty is then the best found until that time. */
  readonly timedOut: boolean;
  /** The duration of the call. */
  readonly milliseconds: number;
}

/** Starts are spread over this share of the range below log λ_max; farther down the penalty hardly matters. */
const STARTING_SHARE = 0.6;

/**
 * Chooses the penalty of a Lasso: minimises a criterion over log λ in [log λ_max − 12, log λ_max], by its gradient
 * through the solutions. Where the minimum lies at the lower end of the range, or at either end of that of log ρ, and
 * the criterion is less at one of three points beyond, the range is widened, by at most 18.
 * @throws RangeError where an option is wrong; the signal's reason once it is aborted; an Error where no λ can be
 *   chosen, because Xᵀy is 0, no candidate was solved to its tolerance, or the time limit was reached before one was
 */
export async function tune(given: TuneOptions): Promise<TuneResult> {
  const since = performance.now();
  const options = readOptions('tune', given, TUNE_OPTIONS, 'X', 'y', 'criterion');
  const settings = readSettings(options);
  const { engine, kind, penalty, optimiser, tolerance, rows, solving, timeLimit } = settings;
  const { signal } = options;
  signal?.throwIfAborted();
  const deadline = timeLimit === undefined ? undefined : since + timeLimit;
  const largest = await finiteLargestPenalty({
    ...rows,
    intercept: options.intercept,
    nonNegative: options.nonNegative,
    signal,
  });
  const features = rows.X.shape[1];
  let bounds: Bounds = kind.bounds(largest, features);
  const before =
    penalty === 'features' && typeof settings.starts === 'number'
      ? await tuneSinglePenalty(options, deadline)
      : undefined;
  const starts = before ? createStartsBelow(before.logLambda, settings.starts as number, features) : settings.starts;
  const evaluation = engine.runOrFree(
    () => new Evaluation(engine, rows, options.criterion, kind, solving, { signal, deadline }),
  );
  try {
    const log = createLog(settings, evaluation, deadline, before);
    let timedOut = await endsByDeadline(async () => {
      await runSearch(evaluation, settings, bounds, starts, log);
      bounds = await searchBeyond(evaluation, settings, bounds, log);
    });
    const { visited } = log;
    const solved = visited.filter(({ value }) => Number.isFinite(value));
    // The best single λ is also a solution with equal λ for all features.
    if (timedOut && solved.length === 0 && before) solved.push(repeatForFeatures(before, features));
    if (solved.length === 0) throw createUnsolvedError(visited, timedOut, timeLimit);
    const best = solved.reduce((a, b) => (b.value < a.value ? b : a));
    const { solves } = evaluation;
    let slopes: TuneResult['slopes'];
    if (penalty === 'single' && !timedOut) {
      timedOut = await endsByDeadline(async () => {
        slopes = await computeSlopes(evaluation, best.parameters[0], tolerance);
      });
    }
    const names = kind.parameters(features);
    return {
      criterion: options.criterion.name,
      optimiser,
      penalty,
      parameters: Object.fromEntries(names.map((name, index) => [name, best.parameters[index]])),
      ...(await fitAllRows(engine, rows, kind, best.parameters, { ...solving, signal })),
      value: best.value,
      slopes,
      bounds,
      visited,
      failed: visited.filter(({ value }) => !Number.isFinite(value)).length,
      timedOut,
      solves: solves + (before?.solves ?? 0),
      milliseconds: performance.now() - since,
    };
  } finally {
    evaluation.dispose();
  }
}

/** @returns whether the deadline ended the work */
async function endsByDeadline(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof OutOfTime) return true;
    throw error;
  }
}

type Settings = ReturnType<typeof readSettings>;

/** By so much the range of a parameter is widened at most. So many points of that part are looked at first. */
const WIDENING = 18;
const PROBES = 3;
/** A relative decrease below which the criterion counts as the same. */
const FLAT = 1e-4;

/**
 * Widens the range where the least criterion is at an end of it and points beyond are better, and goes on from the best
 * of these. Not at λ_max, above which β stays 0, and not with one λ for each feature, where many reach an end that no
 * longer matters.
 * @returns the range that was searched
 */
async function searchBeyond(evaluation: Evaluation, settings: Settings, given: Bounds, log: TuneLog): Promise<Bounds> {
  const { kind, optimiser, tolerance } = settings;
  let bounds = given;
  for (let round = 0; round < given.length; round++) {
    const best = findBest(log.visited);
    const wider = best && kind.widened(bounds, best.parameters, { by: WIDENING, tolerance });
    const probes = wider ? listProbes(best, bounds, wider).filter(({ index }) => bounds[index] === given[index]) : [];
    const found = await findBetter(evaluation, best, probes);
    if (!found) return bounds;
    const before = bounds;
    bounds = bounds.map((range, index) => (index === found.index ? found.range : range));
    const beyond: Bounds = optimiser === 'grid' ? [[bounds[0][0], before[0][0]]] : bounds;
    await runSearch(evaluation, settings, beyond, [found.parameters], log);
  }
  return bounds;
}

/** A point beyond the range of a parameter. */
interface Probe {
  /** The parameter. */
  readonly index: number;
  readonly parameters: readonly number[];
  /** Its range, widened beyond the point, so that a minimum on its far side is inside. */
  readonly range: Bounds[number];
}

/** Points in the part by which each parameter's range is wider. The criterion may be flat at first, and fall farther on. */
function listProbes({ parameters }: Visit, bounds: Bounds, wider: Bounds): Probe[] {
  return wider.flatMap(([low, high], index) => {
    const [from, to] = bounds[index];
    const isLow = low < from;
    if (!isLow && high === to) return [];
    const at = (step: number): number =>
      isLow
        ? from + ((low - from) * Math.min(step, PROBES)) / PROBES
        : to + ((high - to) * Math.min(step, PROBES)) / PROBES;
    return Array.from({ length: PROBES }, (_, step) => ({
      index,
      parameters: parameters.map((value, other) => (other === index ? at(step + 1) : value)),
      range: isLow ? ([at(step + 2), to] as const) : ([from, at(step + 2)] as const),
    }));
  });
}

/** The best of the points, where it is better than the best one so far. */
async function findBetter(
  evaluation: Evaluation,
  best: Visit | undefined,
  probes: readonly Probe[],
): Promise<Probe | undefined> {
  if (!best || probes.length === 0) return undefined;
  const points = probes.map(({ parameters }) => parameters);
  const values = (await evaluation.evaluateAll(points, false)).map(({ value }) => value);
  const least = Math.min(...values.filter(Number.isFinite));
  return least < best.value - FLAT * Math.abs(best.value) ? probes[values.indexOf(least)] : undefined;
}

function findBest(visited: readonly Visit[]): Visit | undefined {
  const solved = visited.filter(({ value }) => Number.isFinite(value));
  return solved.length > 0 ? solved.reduce((a, b) => (b.value < a.value ? b : a)) : undefined;
}

function createLog(
  { optimiser, penalty, points, starts, limit, onProgress }: Settings,
  { batchSize }: Evaluation,
  deadline: number | undefined,
  before: TuneResult | undefined,
): TuneLog {
  const first = typeof starts === 'number' && !before ? Math.ceil((POINTS_PER_START * starts) / batchSize) : 0;
  const batches = optimiser === 'grid' ? Math.ceil(points / batchSize) : first + limit;
  return new TuneLog({ penalty, batches, deadline, evaluations: before?.visited.length ?? 0, onProgress });
}

function runSearch(
  evaluation: Evaluation,
  { optimiser, points, tolerance, limit }: Settings,
  bounds: Bounds,
  starts: Settings['starts'],
  log: TuneLog,
): Promise<void> {
  if (optimiser === 'grid') return evaluateGrid(evaluation, bounds[0], points, log);
  /** A search that goes on where another one ended counts its starts from there. */
  const first = log.visited.length === 0 ? 0 : Math.max(...log.visited.map(({ start }) => start)) + 1;
  const search = {
    bounds,
    tolerance,
    limit,
    onEvaluated: (visited: readonly Visit[]) =>
      log.recordBatch(
        'step',
        visited.map((one) => ({ ...one, start: one.start + first })),
      ),
  };
  return searchFromStarts(evaluation, SEARCHES[optimiser], starts, search, log);
}

function createUnsolvedError({ length }: readonly Visit[], timedOut: boolean, timeLimit: number | undefined): Error {
  return new Error(
    timedOut
      ? `tune: the time limit of ${timeLimit} ms was over before a candidate was solved; raise timeLimit`
      : `tune: none of the ${length} candidates was solved to its tolerance; raise limit or tolerance in the option solve`,
  );
}

/** How many points are evaluated for each start that is chosen among them. */
const POINTS_PER_START = 4;

async function searchFromStarts(
  evaluation: Evaluation,
  search: Search,
  starts: number | readonly (readonly number[])[],
  options: SearchOptions,
  log: TuneLog,
): Promise<void> {
  if (typeof starts !== 'number') return search(evaluation, starts, options);
  const points = await evaluation.evaluateAll(
    spreadPoints(POINTS_PER_START * starts, options.bounds),
    false,
    (found) => {
      const first = log.visited.length;
      return log.recordBatch(
        'points',
        found.map((one, at) => ({ ...one, start: first + at })),
      );
    },
  );
  const best = [...points].sort((a, b) => a.value - b.value).slice(0, starts);
  await search(
    evaluation,
    best.map(({ parameters }) => parameters),
    options,
  );
}

/** Points that are equally spaced along the diagonal of the box, from its upper end. */
function spreadPoints(count: number, bounds: Bounds): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const share = (STARTING_SHARE * (index + 0.5)) / count;
    return bounds.map(([low, high]) => high - share * (high - low));
  });
}

/** Tunes one λ for all features, from which the search for one λ for each starts. */
function tuneSinglePenalty(options: TuneOptions, deadline: number | undefined): Promise<TuneResult> {
  const timeLimit = deadline === undefined ? undefined : Math.max(deadline - performance.now(), 1);
  return tune({ ...options, penalty: 'single', starts: undefined, timeLimit });
}

function repeatForFeatures({ logLambda, value }: TuneResult, features: number): Visit {
  return { start: 0, parameters: Array<number>(features).fill(logLambda), value, gradient: undefined };
}

function createStartsBelow(logLambda: number, count: number, features: number): number[][] {
  return Array.from({ length: count }, (_, index) => Array<number>(features).fill(logLambda - index));
}

async function evaluateGrid(
  evaluation: Evaluation,
  [low, high]: Bounds[number],
  points: number,
  log: TuneLog,
): Promise<void> {
  const candidates = Array.from({ length: points }, (_, index) => [
    high - ((high - low) * index) / Math.max(points - 1, 1),
  ]);
  await evaluation.evaluateAll(candidates, false, (found) =>
    log.recordBatch(
      'points',
      found.map((one) => ({ ...one, start: 0 })),
    ),
  );
}

async function computeSlopes(
  evaluation: Evaluation,
  logLambda: number,
  tolerance: number,
): Promise<TuneResult['slopes']> {
  const beside = [logLambda - tolerance, logLambda + tolerance].map((value) => [value]);
  const [left, right] = await evaluation.evaluateAll(beside, true);
  return { left: left.gradient?.[0] as number, right: right.gradient?.[0] as number };
}

/** Fits the Lasso with the chosen penalty to all rows. */
async function fitAllRows(
  engine: Engine,
  { X, y, rowWeights }: RowSplit,
  kind: Penalty,
  parameters: readonly number[],
  solving: SolverOptions & Pick<TuneOptions, 'signal'>,
) {
  return engine.tidy(async (scope) => {
    const given = kind.options(scope.tensor(parameters, [1, parameters.length]), scope.tensor([0]));
    const { beta, intercept, certificate } = lasso({
      ...solving,
      X: scope.use(X),
      y: scope.use(y),
      ...(rowWeights && { rowWeights: scope.use(rowWeights) }),
      ...given,
    });
    const read = async (value: number | readonly number[] | Tensor | undefined): Promise<number[] | undefined> =>
      isTensor(value) ? Array.from(await value.data()) : undefined;
    const [logLambda, weights, ridge] = await Promise.all([given.logLambda, given.weights, given.ridge].map(read));
    return {
      logLambda: (logLambda as number[])[0],
      weights,
      ridge: ridge?.[0],
      beta: Float64Array.from(await beta.data()),
      intercept: (await intercept.data())[0],
      certificate: await certificate(),
    };
  });
}
