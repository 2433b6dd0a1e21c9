/**
 * One round of the splitting for a batch of programs: iterations with a fixed penalty, a polish, the true residuals, and
 * the penalty for the next round.
 */
import { combine, elementwise, reduceAll, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { runAccelerated } from '../../anderson.ts';
import { runPlain } from '../../iteration.ts';
import { asColumn, createFreshState, monitor, statusOf, takeOverRemaining, whereRunning } from '../../monitor.ts';
import { type BatchProblem, constant, times } from './batch-problem.ts';
import type { SplittingPoint } from './constraint-set.ts';
import { createSplitting } from './iteration.ts';
import { type BatchResiduals, residualsAt, type Sizes, sizesOf, type Tolerances } from './residuals.ts';
import type { Equilibrated } from './scaling.ts';

/** σ: small beside the entries of the equilibrated P and A, large enough for a factor in float32. */
export const SIGMA = 1e-4;
/** The first penalty. */
export const PENALTY = 0.15;
/** By this factor the aim of a sample falls from round to round. */
const LOWERED = 0.1;
/** The penalty changes when the residuals are out of balance by more than the square of this factor. */
const BALANCE = 4;
const MOST = 10;
/** The largest penalty, and the inverse of the smallest one: float32 could not hold the factors beyond. */
const FARTHEST = 1e4;

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);
const divide = (x: Tensor, y: Tensor): Tensor => elementwise('divide', [x, y]);
const norm = (x: Tensor): Tensor => reduceRows('maximumAbsolute', [x]);

/** What the rounds carry for each sample. */
export interface Progress {
  /** The point of the splitting, [batch, n], [batch, m] and [batch, m]. */
  readonly x: Tensor;
  readonly z: Tensor;
  readonly y: Tensor;
  /** The best point of the program itself that was found, and its residuals, [batch]. */
  readonly bestX: Tensor;
  readonly bestZ: Tensor;
  readonly bestY: Tensor;
  readonly ratio: Tensor;
  readonly floor: Tensor;
  /** The penalty, [batch]. */
  readonly rho: Tensor;
  /** The residual of the iteration at which the round ends, [batch]. */
  readonly aim: Tensor;
  readonly state: Tensor; // [5, batch]
}

/** The program and the weights of its rows relative to the penalty. */
export interface RoundProblem {
  readonly problem: BatchProblem;
  readonly scaled: Equilibrated;
  /** [batch, m]; [m] where the samples share P and A, and one factor. */
  readonly weights: Tensor;
  /** M of that factor with the first penalty, where the host computed it. */
  readonly matrix?: Tensor;
}

/** The state of the samples after a look at the true residuals. @param staleLimit as of `SplittingPlan` */
export function observe(
  state: Tensor,
  { ratio, floor }: Pick<BatchResiduals, 'ratio' | 'floor'>,
  staleLimit: number,
): Tensor {
  const options = { giveUp: true, staleLimit, count: 0 };
  return monitor(state, ratio, constant(state.context, 1), floor, options);
}

/** Traces a round. Samples that have stopped stay as they are. */
export function runRound(
  context: LoopContext,
  { problem, scaled, weights, matrix }: RoundProblem,
  progress: Progress,
  tolerances: Tolerances,
): Progress {
  const { aim, state } = progress;
  const { shared, own, isAccelerated, polishesShared, staleRounds } = problem.set.plan;
  const isOne = weights.shape.length === 1;
  const rho = isOne ? commonPenalty(progress) : progress.rho;
  const rows = multiply(weights, isOne ? rho : asColumn(rho));
  const splitting = createSplitting(context, scaled, { sigma: SIGMA, rows }, matrix);
  const limit = isOne ? shared : own;
  const stopping = { tolerance: aim, floor: constant(context, context.epsilon), limit, giveUp: false };
  const begun = splitting.begin(splitting.enter(progress));
  const run = isAccelerated ? runAccelerated : runPlain;
  const inner = run(context, begun, stopping, createFreshState(state));
  // What was extrapolated last may be far off: nobody has looked at its residual.
  const point = splitting.leave(inner.settled ?? inner.x);
  const sizes = sizesOf(problem);
  const at = (near: SplittingPoint): Candidate => candidateAt(problem, sizes, scaled, near, tolerances);
  const found = better(at(point), {
    ...{ x: progress.bestX, y: progress.bestY, z: progress.bestZ },
    ...{ ratio: progress.ratio, floor: progress.floor },
  });
  const isPolished = !isOne || polishesShared;
  const best = isPolished ? better(at(scaled.set.polish(context, scaled, point)), found) : found;
  const keep = (after: Tensor, before: Tensor): Tensor => whereRunning(state, after, before);
  const keepNumber = (after: Tensor, before: Tensor): Tensor =>
    context.alias(keep(asColumn(after), asColumn(before)), [before.size]);
  const lowered = elementwise('scale', [aim], [LOWERED, 0]);
  return {
    ...{ x: keep(point.x, progress.x), y: keep(point.y, progress.y), z: keep(point.z, progress.z) },
    ...{ bestX: keep(best.x, progress.bestX), bestY: keep(best.y, progress.bestY) },
    bestZ: keep(best.z, progress.bestZ),
    ratio: keepNumber(best.ratio, progress.ratio),
    floor: keepNumber(best.floor, progress.floor),
    rho: keepNumber(nextPenalty(scaled, point, rho), progress.rho),
    aim: elementwise('maximum', [lowered, constant(context, context.epsilon)]),
    state: observe(takeOverRemaining(state, inner.state), best, staleRounds),
  };
}

/** The penalty of samples that share a factor, [1]: the geometric mean of those that run. */
function commonPenalty({ rho, state }: Progress): Tensor {
  const { context } = rho;
  const runs = elementwise('greater', [constant(context, 0.5), statusOf(state)]);
  const logs = elementwise('select', [runs, elementwise('log', [rho]), constant(context, 0)]);
  const total = reduceAll('sum', logs);
  const count = elementwise('maximum', [reduceAll('sum', runs), constant(context, 1)]);
  return elementwise('exp', [divide(total, count)]);
}

interface Candidate extends SplittingPoint {
  readonly ratio: Tensor;
  readonly floor: Tensor;
}

function candidateAt(
  problem: BatchProblem,
  sizes: Sizes,
  { d, e, c }: Equilibrated,
  point: SplittingPoint,
  tolerances: Tolerances,
): Candidate {
  const reached = {
    x: multiply(point.x, d),
    z: divide(point.z, e),
    y: divide(multiply(point.y, e), c),
  };
  return { ...reached, ...residualsAt(problem, sizes, reached, tolerances) };
}

/** Of each sample the one with the lower ratio; one that is not a number is not taken. */
function better(candidate: Candidate, best: Candidate): Candidate {
  const isLower = elementwise('greater', [best.ratio, candidate.ratio]);
  const choose = (yes: Tensor, no: Tensor): Tensor => elementwise('select', [asColumn(isLower), yes, no]);
  return {
    x: choose(candidate.x, best.x),
    y: choose(candidate.y, best.y),
    z: choose(candidate.z, best.z),
    ratio: elementwise('select', [isLower, candidate.ratio, best.ratio]),
    floor: elementwise('select', [isLower, candidate.floor, best.floor]),
  };
}

/** The penalty for the next round, larger where the primal residual is the larger one in relation to its terms. */
function nextPenalty({ P, q, A, set: { offset } }: Equilibrated, { x, z, y }: SplittingPoint, rho: Tensor): Tensor {
  const { context } = x;
  const [Ax, Px, Ay] = [times(A, x), times(P, x), times(A, y, true)];
  const largest = (first: Tensor, ...others: Tensor[]): Tensor =>
    others.reduce((left, right) => elementwise('maximum', [left, right]), first);
  const tiny = constant(context, 1e-10);
  const relative = (residual: Tensor, ...terms: Tensor[]): Tensor =>
    largest(divide(norm(residual), largest(tiny, ...terms.map(norm))), constant(context, context.epsilon));
  const moved = offset ? elementwise('subtract', [Ax, offset]) : Ax;
  const primal = relative(elementwise('subtract', [moved, z]), Ax, z);
  const dual = relative(combine({ x: Px }, { x: q }, { x: Ay }), Px, q, Ay);
  const wanted = elementwise('sqrt', [divide(primal, dual)]);
  const clipped = elementwise('clip', [wanted], [1 / MOST, MOST]);
  // No change where the residuals are about equal, or not numbers.
  const isOff = largest(
    elementwise('greater', [clipped, constant(context, BALANCE)]),
    elementwise('greater', [constant(context, 1 / BALANCE), clipped]),
  );
  const factor = elementwise('select', [isOff, clipped, constant(context, 1)]);
  return elementwise('clip', [multiply(rho, factor)], [1 / FARTHEST, FARTHEST]);
}
