/**
 * Solves a batch of quadratic programs by operator splitting, on tensors, in rounds. Where all samples share P and A, the
 * first round has one factor for all of them. The rounds after it take only samples that are not solved yet, with a
 * penalty for each of them, so that a few difficult samples cost no more than their own iterations.
 */
import { elementwise, reduceAxes } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { initialState, iterationsIn, statusOf } from '../../monitor.ts';
import {
  type BatchProblem,
  type BatchResiduals,
  batchProblem,
  constant,
  NO_BOUND,
  type ProgramTensors,
  repeatRows,
  residualsAt,
  sizesOf,
  type Tolerances,
  times,
} from './batch-problem.ts';
import type { SplittingPoint } from './iteration.ts';
import { FIRST_AIM, observe, PENALTY, type Progress, type RoundProblem, runRound } from './round.ts';
import { type Picked, pickRunning, placesOf } from './running-samples.ts';
import { type Equilibrated, equilibrateBatch, scaleBatch } from './scaling.ts';

/** The options of a solve. A sample has converged when each residual is at most absolute + relative · (its terms). */
export interface SplittingSettings extends Tolerances {
  /** The largest number of iterations of a sample. */
  readonly limit: number;
}

/** Where to start; either may be absent, or the same for all samples. */
export interface SplittingStart {
  /** [batch, n] or [n] */
  readonly x?: Tensor | undefined;
  /** [batch, m] or [m] */
  readonly y?: Tensor | undefined;
}

/** What the host prepared of P and A that all samples share, as tensors: see `Preparation` in host-preparation.ts. */
export interface PreparedTensors {
  readonly d: Tensor; // [n]
  readonly e: Tensor; // [m]
  readonly c: Tensor; // [1, 1]
  readonly weights: Tensor; // [m]
  readonly matrix: Tensor; // [n + m, n + m]
}

export interface SplittingResult extends BatchResiduals {
  /** [batch, n] */
  readonly x: Tensor;
  /** [batch, m] */
  readonly y: Tensor;
  /** Statuses of the monitor, [batch]: see STATUS in iteration-kernels.ts. */
  readonly status: Tensor;
  readonly iterations: Tensor; // [batch]
}

/** How many times the weight of an equality is larger than that of another row; that of a free row is as much smaller. */
export const EQUALITY = 50;

/**
 * Traces the solve. An infeasible or unbounded program does not converge; it ends with another status.
 * @param prepared only where all samples share P and A
 * @throws RangeError if the shapes do not fit
 */
export function solveBySplitting(
  context: LoopContext,
  given: ProgramTensors,
  settings: SplittingSettings,
  start: SplittingStart = {},
  prepared?: PreparedTensors,
): SplittingResult {
  const problem = batchProblem(given, [start.x, start.y]);
  const { batch, n, m, isShared } = problem;
  if (prepared && !isShared) {
    throw new RangeError('solveBySplitting: prepared is given, but the samples do not share P and A; leave it out');
  }
  const scaled = prepared ? scaleBatch(problem, prepared) : equilibrateBatch(problem);
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const [x, y] = [start.x ? repeatRows(start.x, batch) : zeros(n), start.y ? repeatRows(start.y, batch) : zeros(m)];
  const beginning = residualsAt(problem, sizesOf(problem), x, y, settings);
  const each = (value: number): Tensor => context.constant({ kind: 'fill', value }, [batch]);
  let progress: Progress = {
    ...scalePoint(scaled, x, y),
    ...{ bestX: x, bestY: y, ratio: beginning.ratio, floor: beginning.floor, rho: each(PENALTY), aim: each(FIRST_AIM) },
    state: observe(initialState(context, batch, settings.limit), beginning),
  };
  if (isShared) {
    const { weights, matrix } = prepared ?? { weights: weightsOf(problem, true), matrix: undefined };
    progress = runRound(context, { problem, scaled, weights, ...(matrix && { matrix }) }, progress, settings);
  }
  progress = finish(context, { problem, scaled, weights: weightsOf(problem, false) }, progress, settings);
  const { bestX, bestY, state } = progress;
  return {
    ...residualsAt(problem, sizesOf(problem), bestX, bestY, settings),
    ...{ x: bestX, y: bestY },
    status: statusOf(state),
    iterations: iterationsIn(state, settings.limit),
  };
}

/** Runs rounds of some samples that are not solved, until all are solved or given up. */
function finish(context: LoopContext, all: RoundProblem, start: Progress, settings: SplittingSettings): Progress {
  const { batch } = all.problem;
  const count = samplesAtOnce(context, all.problem);
  const rounds = Math.ceil(batch / count) * (settings.limit + 2); // a round has at least one iteration of each sample
  const places = count < batch ? placesOf(context, batch) : undefined;
  return context.loop<Record<keyof Progress, Tensor>>(
    { ...start },
    ({ state }) => statusOf(state),
    rounds,
    (progress) => {
      if (!places) return { ...runRound(context, all, progress, settings) };
      const picked = pickRunning(progress.state, places, count);
      const part = picked.take(progress);
      return picked.put(progress, runRound(context, partOf(all, picked), part, settings));
    },
  );
}

/** The numbers in the matrices of the samples of a round: what a core keeps close by, and what a GPU has room for. */
const CLOSE = 2 ** 17;
const ROOM = 2 ** 25;
/** On a GPU a round takes as long for few samples as for many. */
const ON_GPU = 1024;

/** How many samples a round takes. */
function samplesAtOnce({ runsOnHost }: LoopContext, { batch, n, m }: BatchProblem): number {
  if (runsOnHost) return Math.min(batch, Math.max(16, Math.floor(CLOSE / (n * n + n * m))));
  const most = Math.max(1, Math.floor(ROOM / (n + m) ** 2));
  return Math.min(batch, most, Math.max(ON_GPU, Math.ceil(batch / 8)));
}

/** The samples that were picked, as a batch. */
function partOf({ problem, scaled, weights }: RoundProblem, { count, rows }: Picked): RoundProblem {
  const own = (X: Tensor, rank: number): Tensor => (X.shape.length === rank ? rows(X) : X);
  const part = <Problem extends BatchProblem>(of: Problem): Problem => ({
    ...of,
    batch: count,
    P: own(of.P, 3),
    A: own(of.A, 3),
    q: rows(of.q),
    l: rows(of.l),
    u: rows(of.u),
  });
  const { d, e, c } = scaled;
  return {
    problem: part(problem),
    scaled: { ...part(scaled), d: own(d, 2), e: own(e, 2), c: c.size === 1 ? c : rows(c) },
    weights: rows(weights),
  };
}

/** x̄, ȳ and the z̄ that belongs to them. */
function scalePoint({ d, e, c, A, l, u }: Equilibrated, x: Tensor, y: Tensor): SplittingPoint {
  const scaledX = elementwise('divide', [x, d]);
  const z = elementwise('minimum', [elementwise('maximum', [times(A, scaledX), l]), u]);
  return { x: scaledX, z, y: elementwise('multiply', [elementwise('divide', [y, e]), c]) };
}

/**
 * Weights of the rows relative to the penalty: EQUALITY for equalities, its inverse for free rows, 1 otherwise.
 * @param isOne whether there is one weight for all samples, [m], in place of [batch, m]: a row is then an equality, or
 *   free, if it is that for all of them
 */
function weightsOf({ l, u }: BatchProblem, isOne: boolean): Tensor {
  const { context } = l;
  const not = (flags: Tensor): Tensor => elementwise('scale', [flags], [-1, 1]);
  const all = (flags: Tensor): Tensor => (isOne ? not(reduceAxes('maximum', [not(flags)], 0, 1)) : flags);
  const isEqual = all(not(elementwise('greater', [u, l])));
  const far = 0.99 * NO_BOUND;
  const isFree = all(
    elementwise('multiply', [
      elementwise('greater', [u, constant(context, far)]),
      elementwise('greater', [constant(context, -far), l]),
    ]),
  );
  const bound = elementwise('select', [isEqual, constant(context, EQUALITY), constant(context, 1)]);
  return elementwise('select', [isFree, constant(context, 1 / EQUALITY), bound]);
}
