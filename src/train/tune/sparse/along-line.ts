/** The search for the least value of a criterion along one logarithm, by descent or on a grid, within its time. */
import { createArgumentCheck, createArgumentError, FUNCTION, hasMethod } from '../../../arguments/check.ts';
import { checkCount, checkOneOf, checkPositive } from '../../../implicit/options.ts';
import { MILLISECONDS } from '../../../implicit/run-limits.ts';
import type { Criterion, CriterionSplit } from '../criteria.ts';
import { OutOfTime } from '../evaluation.ts';
import { type LineSearchOptions, type SearchEnd, searchLine } from './search.ts';

/** Options of a search along a line. */
export interface LineTuneOptions {
  /** `heldOut` or `crossValidation`: the mean loss of the model on rows to which it is not fitted. */
  criterion: Criterion;
  /**
   * descent: by the derivative of the criterion. grid: the criterion at equally spaced points, for comparison. Default
   * 'descent'.
   */
  optimiser?: 'descent' | 'grid';
  /** The length of the range of the logarithm that is searched. Default 12: at its far end the penalty hardly matters. */
  depth?: number;
  /** The search ends once the minimum is known to lie within this interval of the logarithm. Default 1e-2. */
  tolerance?: number;
  /** The largest number of evaluations of the criterion by descent. Default 20. */
  limit?: number;
  /** The number of points of a grid. Default 100. */
  points?: number;
  /** Aborting it ends the search; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for the search, a finite number > 0, checked between evaluations. The result is then the best that was found in
   * that time, and has `timedOut` set. Default: no limit.
   */
  timeLimit?: number;
}

/** The checks of these options, and of `onProgress`; where the check is 0, `readLineTuning` checks the option. */
export const LINE_TUNE_OPTIONS = {
  criterion: createArgumentCheck('a criterion, such as crossValidation()', (value) => hasMethod(value, 'begin')),
  optimiser: 0,
  depth: 0,
  tolerance: 0,
  limit: 0,
  points: 0,
  onProgress: FUNCTION,
  timeLimit: (_: string, value: unknown) => MILLISECONDS('timeLimit: it', value),
} as const;

/** What a search has found. */
export interface LineTuneResult {
  /** The name of the criterion. */
  readonly criterion: string;
  /** The criterion at the chosen point. */
  readonly value: number;
  /**
   * minimum: it was found to the tolerance. lower end, upper end: the criterion falls towards that end of the range. limit: the
   * evaluations, or the time, were over. grid.
   */
  readonly ended: SearchEnd | 'grid';
  /** The number of models that were fitted during the search. */
  readonly solves: number;
  /** Whether the time limit ended the search. */
  readonly timedOut: boolean;
  /** The duration of the call. */
  readonly milliseconds: number;
}

/** The criterion at one point. */
export interface LineVisit {
  readonly at: number;
  readonly value: number;
  /** The derivative; points of a grid have none. */
  readonly slope: number | undefined;
}

/** Of what was solved along the line, what is nearest to a point. */
export function nearestTo<Solved extends { readonly at: number }>(
  at: number,
  solved: readonly Solved[],
): Solved | undefined {
  if (solved.length === 0) return undefined;
  return solved.reduce((a, b) => (Math.abs(b.at - at) < Math.abs(a.at - at) ? b : a));
}

/** What is searched. */
export interface LineCriterion {
  readonly solves: number;
  /** How closely the search looks for further valleys. */
  readonly valleys: Pick<LineSearchOptions, 'reach' | 'spacing'>;
  /** @param tolerance of the fits, relative to the penalty */
  at(at: number, tolerance: number, withSlope: boolean): Promise<LineVisit>;
}

/** Below the upper end the search starts here: with e⁻¹ of that penalty some features are in use. */
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

/** The settings of a search, checked and with their defaults. */
export type LineSettings = ReturnType<typeof readLineTuning>;

export function readLineTuning({
  optimiser = 'descent',
  depth,
  tolerance,
  limit,
  points = 100,
  ...rest
}: LineTuneOptions) {
  checkOneOf('optimiser', optimiser, { descent: 0, grid: 0 });
  if (checkCount('points', points) > MAXIMUM_POINTS) {
    throw createArgumentError('points: it', points, `at most ${MAXIMUM_POINTS}`);
  }
  return {
    optimiser,
    depth: checkPositive('depth', depth ?? 12),
    tolerance: checkPositive('tolerance', tolerance ?? 1e-2),
    limit: checkCount('limit', limit ?? 20),
    points,
    signal: rest.signal,
    timeLimit: rest.timeLimit ?? Number.POSITIVE_INFINITY,
  };
}

/** @throws RangeError where the criterion says nothing of rows that the host could judge on */
export function splitOf({ split, name }: Criterion): CriterionSplit {
  if (split) return split;
  throw new RangeError(`criterion: it is "${name}"; it must be heldOut or crossValidation`);
}

/**
 * Minimises the logarithm of a criterion, whose derivative does not shrink with the criterion, from the upper end of a range
 * downwards.
 * @param since when the call began
 * @param onVisit called after each evaluation, and awaited
 */
export async function tuneAlongLine(
  criterion: LineCriterion,
  high: number,
  settings: LineSettings,
  since: number,
  onVisit: (visit: LineVisit) => void | Promise<void>,
) {
  const { optimiser, depth, tolerance, limit, points, signal, timeLimit } = settings;
  const low = high - depth;
  const visited: LineVisit[] = [];
  const evaluate = async (at: number, accuracy: number, withSlope: boolean): Promise<LineVisit> => {
    signal?.throwIfAborted();
    if (visited.length > 0 && performance.now() - since > timeLimit) throw new OutOfTime();
    const visit = await criterion.at(at, accuracy, withSlope);
    visited.push(visit);
    await onVisit(visit);
    return visit;
  };
  const search = async (): Promise<SearchEnd | 'grid'> => {
    if (optimiser === 'descent') {
      const range = {
        low,
        high,
        tolerance,
        limit,
        start: high - FIRST,
        step: FIRST_STEP,
        ...criterion.valleys,
        decrease: DECREASE,
      };
      return searchLine(async (at, width) => {
        const accuracy = Math.min(Math.max(LOOSEST * width * width, FINEST), LOOSEST);
        const { value, slope = 0 } = await evaluate(at, accuracy, true);
        return { at, value: Math.log(value), slope: slope / value };
      }, range);
    }
    for (let point = 0; point < points; point++) {
      await evaluate(high - ((high - low) * point) / Math.max(points - 1, 1), GRID_TOLERANCE, false);
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
  return { best, visited, low, ended: ended ?? ('limit' as const), timedOut: ended === undefined };
}
