/** Chooses the penalty of a Lasso by the gradient of a criterion. */
import { BOOLEAN, checkFor, FUNCTION, has, isListOf, LIST, refusal, SIGNAL } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { shown } from '../../arguments/shown.ts';
import type { LassoCertificate } from '../../implicit/lasso/certificate.ts';
import { finiteLargestPenalty } from '../../implicit/lasso/largest-penalty.ts';
import { lasso } from '../../implicit/lasso/lasso.ts';
import { checkCount, checkOneOf, checkPositive } from '../../implicit/options.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { describe } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { Criterion, RowSplit } from './criteria.ts';
import { Evaluation, OutOfTime, type SolverOptions } from './evaluation.ts';
import { PENALTIES, type Penalty, type PenaltyName } from './penalties.ts';
import { type OnTuneProgress, TuneLog, type Visit } from './progress.ts';
import { adamSearch, type Bounds, descent, type Search, type SearchOptions } from './search.ts';

const SEARCHES = { descent, adam: adamSearch } as const satisfies Record<string, Search>;
export type TuningOptimiser = keyof typeof SEARCHES | 'grid';

export interface TuneOptions {
  /** [rows, features] */
  X: Tensor;
  /** [rows] */
  y: Tensor;
  /** With an intercept, which is not penalised. Default false. */
  intercept?: boolean;
  /** How the Lasso problems are solved. */
  solve?: Omit<SolverOptions, 'intercept'>;
  /** `heldOut`, `crossValidation`, `sure`, or one of your own. */
  criterion: Criterion;
  /** single (default): one λ. features: one for each feature. elastic-net: λ and ρ. */
  penalty?: PenaltyName;
  /**
   * descent (default): gradient descent with a line search. adam. grid: the criterion at equally spaced λ, without gradients;
   * for comparison, with a single λ only.
   */
  optimiser?: TuningOptimiser;
  /**
   * The criterion may have several local minima: a number of starts, or the starts themselves. Default 4, the best of four
   * times as many points spread over the upper part of the range of λ; with one penalty for each feature 2, from the best
   * single λ downwards.
   */
  starts?: number | readonly (readonly number[])[];
  /** A start ends where no parameter, log λ for instance, moves by more than this, at most 10. Default 1e-3. */
  tolerance?: number;
  /** Most evaluations of each start. Default 60. */
  limit?: number;
  /** Points of the grid. Default 100. */
  points?: number;
  /** Called after each step, and awaited; what it throws ends the search. */
  onProgress?: OnTuneProgress;
  /** Aborted, it ends the search and the solves that are under way: `tune` rejects with its reason, at once. */
  signal?: AbortSignal;
  /**
   * Milliseconds from the call, a finite number > 0, for the search as a whole: what was the best by then is the result, which says
   * so by `timedOut`. The solution for the penalty chosen is computed after that. Default: no limit.
   */
  timeLimit?: number;
}

const SOLVE_OPTIONS: Checks<NonNullable<TuneOptions['solve']>> = { selection: 0, solver: 0, tolerance: 0, limit: 0 };

/** What is 0 is checked below. */
const OPTIONS: Checks<TuneOptions> = {
  X: TENSOR,
  y: TENSOR,
  intercept: BOOLEAN,
  solve: (place, value) => void readOptions(place, value as TuneOptions['solve'], SOLVE_OPTIONS),
  criterion: checkFor('a criterion, such as crossValidation()', (value) => has(value, 'begin')),
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

/** Starts, and points of a grid. */
const MOST = 2 ** 24;

export interface TuneResult {
  readonly criterion: string;
  readonly optimiser: TuningOptimiser;
  readonly penalty: PenaltyName;
  /** The parameters chosen, by name: logarithms of penalties. */
  readonly parameters: Readonly<Record<string, number>>;
  /** λ for `lasso`: 0 with one penalty for each feature, which are then in `weights`. */
  readonly logLambda: number;
  readonly weights: readonly number[] | undefined;
  readonly ridge: number | undefined;
  /** The criterion there. */
  readonly value: number;
  /** Fitted with it to all rows of X. */
  readonly beta: Float64Array;
  readonly intercept: number;
  readonly certificate: LassoCertificate;
  /**
   * With a single λ: the derivatives of the criterion a tolerance to the left and to the right of the λ chosen. A minimum lies
   * between where they are negative and positive; at a knot they need not be small. Absent where the time was over.
   */
  readonly slopes: { readonly left: number; readonly right: number } | undefined;
  readonly bounds: Bounds;
  /** Every evaluation, in order; without gradients for the grid and for the points from which starts are chosen. */
  readonly visited: readonly Visit[];
  /** Evaluations left out because a problem was not solved to its tolerance; their value is NaN. */
  readonly failed: number;
  /** Lasso problems solved on the way. */
  readonly solves: number;
  /** Whether the time limit ended the search: the penalty chosen is the best until then. */
  readonly timedOut: boolean;
  readonly milliseconds: number;
}

/** Starts are spread over this share of the range below λ_max: further down there is little left of the penalty. */
const STARTING_SHARE = 0.6;

/**
 * Minimises a criterion over the penalty, inside [λ_max − 12, λ_max], by its gradient through the solutions.
 * @throws RangeError where an option is wrong, the signal's reason once it is aborted; rejects where no λ can be chosen, since Xᵀy
 *   is 0, no candidate was solved to its tolerance, or the time was over before one was
 */
export async function tune(given: TuneOptions): Promise<TuneResult> {
  const since = performance.now();
  const options = readOptions('tune', given, OPTIONS, 'X', 'y', 'criterion');
  const settings = checked(options);
  const { engine, kind, penalty, optimiser, tolerance, rows, solving, timeLimit } = settings;
  const { signal } = options;
  signal?.throwIfAborted();
  const deadline = timeLimit === undefined ? undefined : since + timeLimit;
  const largest = await finiteLargestPenalty({ ...rows, intercept: options.intercept, signal });
  const features = rows.X.shape[1];
  const bounds = kind.bounds(largest, features);
  const before =
    penalty === 'features' && typeof settings.starts === 'number' ? await singleFirst(options, deadline) : undefined;
  const starts = before ? startsBelow(before.logLambda, settings.starts as number, features) : settings.starts;
  const evaluation = engine.wholly(
    () => new Evaluation(engine, rows, options.criterion, kind, solving, { signal, deadline }),
  );
  try {
    const log = logOf(settings, evaluation, deadline, before);
    let timedOut = await isEndedByTime(() => found(evaluation, settings, bounds, starts, log));
    const { visited } = log;
    const solved = visited.filter(({ value }) => Number.isFinite(value));
    // A single λ stands for as many that are the same.
    if (timedOut && solved.length === 0 && before) solved.push(sameForAll(before, features));
    if (solved.length === 0) throw unsolved(visited, timedOut, timeLimit);
    const best = solved.reduce((a, b) => (b.value < a.value ? b : a));
    const { solves } = evaluation;
    let slopes: TuneResult['slopes'];
    if (penalty === 'single' && !timedOut) {
      timedOut = await isEndedByTime(async () => {
        slopes = await slopesAt(evaluation, best.parameters[0], tolerance);
      });
    }
    const names = kind.parameters(features);
    return {
      criterion: options.criterion.name,
      optimiser,
      penalty,
      parameters: Object.fromEntries(names.map((name, index) => [name, best.parameters[index]])),
      ...(await fitted(engine, rows, kind, best.parameters, { ...solving, signal })),
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

/** @returns whether the deadline ended it */
async function isEndedByTime(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof OutOfTime) return true;
    throw error;
  }
}

type Settings = ReturnType<typeof checked>;

function logOf(
  { optimiser, penalty, points, starts, limit, onProgress }: Settings,
  { most }: Evaluation,
  deadline: number | undefined,
  before: TuneResult | undefined,
): TuneLog {
  const first = typeof starts === 'number' && !before ? Math.ceil((LOOKED_AT * starts) / most) : 0;
  const batches = optimiser === 'grid' ? Math.ceil(points / most) : first + limit;
  return new TuneLog({ penalty, batches, deadline, evaluations: before?.visited.length ?? 0, onProgress });
}

function found(
  evaluation: Evaluation,
  { optimiser, points, tolerance, limit }: Settings,
  bounds: Bounds,
  starts: Settings['starts'],
  log: TuneLog,
): Promise<void> {
  if (optimiser === 'grid') return onGrid(evaluation, bounds[0], points, log);
  const search = {
    bounds,
    tolerance,
    limit,
    onEvaluated: (visited: readonly Visit[]) => log.see('step', visited),
  };
  return searched(evaluation, SEARCHES[optimiser], starts, search, log);
}

function unsolved({ length }: readonly Visit[], timedOut: boolean, timeLimit: number | undefined): Error {
  return new Error(
    timedOut
      ? `tune: the time limit of ${timeLimit} ms was over before a candidate was solved; raise timeLimit`
      : `tune: none of the ${length} candidates was solved; see solve`,
  );
}

function checked(options: TuneOptions) {
  const { X, y, penalty = 'single', optimiser = 'descent', starts = penalty === 'features' ? 2 : 4 } = options;
  if (X.shape.length !== 2 || y.shape.length !== 1 || y.size !== X.shape[0]) {
    throw new RangeError(
      `tune: X has shape ${describe(X.shape)} and y ${describe(y.shape)}; they must be [rows, features] and [rows]`,
    );
  }
  checkTogether('tune', { X, y });
  checkOneOf('penalty', penalty, PENALTIES);
  checkOneOf('optimiser', optimiser, { ...SEARCHES, grid: 0 });
  if (optimiser === 'grid' && penalty !== 'single') {
    throw new RangeError(`optimiser: it is "grid", which is for a single λ; the penalty is ${shown(penalty)}`);
  }
  const kind: Penalty = PENALTIES[penalty];
  if (typeof starts === 'number') checkFew('starts', starts);
  else checkStarts(starts, kind.parameters(X.shape[1]).length);
  return {
    engine: engineOf('X', X),
    rows: { X, y },
    solving: { ...options.solve, intercept: options.intercept },
    kind,
    penalty,
    optimiser,
    starts,
    tolerance: checkTolerance(options.tolerance ?? 1e-3),
    limit: checkCount('limit', options.limit ?? 60),
    points: checkFew('points', options.points ?? 100),
    timeLimit: options.timeLimit === undefined ? undefined : checkPositive('timeLimit', options.timeLimit),
    onProgress: options.onProgress,
  };
}

/** Parameters are logarithms: e to the power of much more is no number. */
function checkTolerance(tolerance: number): number {
  if (checkPositive('tolerance', tolerance) > MOST_TOLERANCE) {
    throw refusal('tolerance: it', tolerance, `at most ${MOST_TOLERANCE}`);
  }
  return tolerance;
}

const MOST_TOLERANCE = 10;

function checkFew(name: string, count: number): number {
  if (checkCount(name, count) > MOST) throw refusal(`${name}: it`, count, `at most ${MOST}`);
  return count;
}

function checkStarts(starts: readonly (readonly number[])[], width: number): void {
  LIST('starts: it', starts);
  if (starts.length === 0) throw new RangeError('starts: the list is empty; it must hold at least one start');
  for (const [index, start] of starts.entries()) {
    if (isListOf(start, Number.isFinite) && start.length === width) continue;
    throw new RangeError(`starts[${index}]: it is ${shown(start)}; it must hold ${width} finite numbers`);
  }
}

/** Points looked at for each start. */
const LOOKED_AT = 4;

async function searched(
  evaluation: Evaluation,
  search: Search,
  starts: number | readonly (readonly number[])[],
  options: SearchOptions,
  log: TuneLog,
): Promise<void> {
  if (typeof starts !== 'number') return search(evaluation, starts, options);
  const points = await evaluation.at(spread(LOOKED_AT * starts, options.bounds), false, (found) => {
    const first = log.visited.length;
    return log.see(
      'points',
      found.map((one, at) => ({ ...one, start: first + at })),
    );
  });
  const best = [...points].sort((a, b) => a.value - b.value).slice(0, starts);
  await search(
    evaluation,
    best.map(({ parameters }) => parameters),
    options,
  );
}

/** Equally spaced along the diagonal of the box, from its upper end. */
function spread(count: number, bounds: Bounds): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const share = (STARTING_SHARE * (index + 0.5)) / count;
    return bounds.map(([low, high]) => high - share * (high - low));
  });
}

/** One λ for all: where a search for one for each starts. */
function singleFirst(options: TuneOptions, deadline: number | undefined): Promise<TuneResult> {
  const timeLimit = deadline === undefined ? undefined : Math.max(deadline - performance.now(), 1);
  return tune({ ...options, penalty: 'single', starts: undefined, timeLimit });
}

function sameForAll({ logLambda, value }: TuneResult, features: number): Visit {
  return { start: 0, parameters: Array<number>(features).fill(logLambda), value, gradient: undefined };
}

function startsBelow(logLambda: number, count: number, features: number): number[][] {
  return Array.from({ length: count }, (_, index) => Array<number>(features).fill(logLambda - index));
}

async function onGrid(
  evaluation: Evaluation,
  [low, high]: Bounds[number],
  points: number,
  log: TuneLog,
): Promise<void> {
  const candidates = Array.from({ length: points }, (_, index) => [
    high - ((high - low) * index) / Math.max(points - 1, 1),
  ]);
  await evaluation.at(candidates, false, (found) =>
    log.see(
      'points',
      found.map((one) => ({ ...one, start: 0 })),
    ),
  );
}

async function slopesAt(evaluation: Evaluation, logLambda: number, tolerance: number): Promise<TuneResult['slopes']> {
  const beside = [logLambda - tolerance, logLambda + tolerance].map((value) => [value]);
  const [left, right] = await evaluation.at(beside, true);
  return { left: left.gradient?.[0] as number, right: right.gradient?.[0] as number };
}

/** The solution for the penalty chosen, on all rows. */
async function fitted(
  engine: Engine,
  { X, y }: RowSplit,
  kind: Penalty,
  parameters: readonly number[],
  solving: SolverOptions & Pick<TuneOptions, 'signal'>,
) {
  return engine.tidy(async (scope) => {
    const given = kind.options(scope.tensor(parameters, [1, parameters.length]), scope.tensor([0]));
    const { beta, intercept, certificate } = lasso({ ...solving, X: scope.use(X), y: scope.use(y), ...given });
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
