/** Rounds of a splitting, of all samples or of those that are still running. */
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { statusOf } from '../../monitor.ts';
import type { BatchProblem } from './batch-problem.ts';
import type { Tolerances } from './residuals.ts';
import { type Progress, type RoundProblem, runRound } from './round.ts';
import { type Picked, pickRunning, placesOf } from './running-samples.ts';

/** Runs rounds of all samples, at most so many, until each is solved or given up. */
export function runRounds(
  context: LoopContext,
  all: RoundProblem,
  start: Progress,
  tolerances: Tolerances,
  rounds: number,
): Progress {
  return context.loop<Record<keyof Progress, Tensor>>(
    { ...start },
    ({ state }) => statusOf(state),
    rounds,
    (progress) => ({ ...runRound(context, all, progress, tolerances) }),
  );
}

/**
 * Runs rounds of samples that are not solved, some of them at a time, until all are solved or given up.
 * @param rounds the largest number of rounds that a sample has on average
 */
export function runPickedRounds(
  context: LoopContext,
  all: RoundProblem,
  start: Progress,
  tolerances: Tolerances,
  rounds: number,
): Progress {
  const { batch } = all.problem;
  const isOne = all.weights.shape.length === 1;
  const count = samplesAtOnce(context, all.problem, isOne);
  if (count === batch) return runRounds(context, all, start, tolerances, rounds);
  const places = placesOf(context, batch);
  return context.loop<Record<keyof Progress, Tensor>>(
    { ...start },
    ({ state }) => statusOf(state),
    Math.ceil(batch / count) * rounds,
    (progress) => {
      const picked = pickRunning(progress.state, places, count);
      const part = picked.take(progress);
      return picked.put(progress, runRound(context, partOf(all, picked), part, tolerances));
    },
  );
}

/** The numbers in the matrices of the samples of a round: what a core keeps close by, and what a GPU has room for. */
const CLOSE = 2 ** 17;
const ROOM = 2 ** 25;
/** On a GPU a round takes as long for few samples as for many. */
const ON_GPU = 1024;
/** The fewest samples for which a core does more than what every kernel call costs. */
const FEWEST = 16;

/** How many samples a round takes. @param isOne whether they share a factor */
function samplesAtOnce({ runsOnHost }: LoopContext, { batch, n, m, set }: BatchProblem, isOne: boolean): number {
  if (runsOnHost) {
    const close = isOne ? batch : Math.floor(CLOSE / (n * n + n * m));
    return Math.min(batch, Math.max(FEWEST, Math.min(close, Math.ceil(batch / set.plan.portions))));
  }
  const most = isOne ? batch : Math.max(1, Math.floor(ROOM / (n + m) ** 2));
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
    set: of.set.pick(rows),
  });
  const { d, e, c } = scaled;
  return {
    problem: part(problem),
    scaled: { ...part(scaled), d: own(d, 2), e: own(e, 2), c: c.size === 1 ? c : rows(c) },
    weights: own(weights, 2),
  };
}
