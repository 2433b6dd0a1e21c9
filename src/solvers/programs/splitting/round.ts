/**
 * One round of the splitting for a batch of quadratic programs: iterations with a fixed penalty, a polish on the rows
 * that are active, the true residuals, and the penalty for the next round.
 */
import { combine, elementwise, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { runPlain } from '../../iteration.ts';
import { asColumn, createFreshState, monitor, takeOverRemaining, whereRunning } from '../../monitor.ts';
import {
  type BatchProblem,
  type BatchResiduals,
  constant,
  residualsAt,
  sizesOf,
  type Tolerances,
  times,
} from './batch-problem.ts';
import { createSplitting, type SplittingPoint } from './iteration.ts';
import { solveSaddle } from './saddle.ts';
import type { Equilibrated } from './scaling.ts';

/** σ: small beside the entries of the equilibrated P and A, large enough for a factor in float32. */
export const SIGMA = 1e-4;
/** The first penalty. */
export const PENALTY = 0.15;
/** A round ends after so many iterations, or at the aim of the sample; the aim falls from round to round. */
const ROUND = 50;
export const FIRST_AIM = 1e-2;
const LOWERED = 0.1;
/** After so many rounds in which no residual fell by 10 % a sample is given up. */
const STALE_ROUNDS = 20;
/** The penalty changes when the residuals are out of balance by more than the square of this factor. */
const BALANCE = 4;
const MOST = 10;
/** The largest penalty, and the inverse of the smallest one: float32 could not hold the factors beyond. */
const FARTHEST = 1e4;
/** Corrections of a polish, and the residual that is good enough, in units of ε. */
const POLISH = 25;
const POLISHED = 1;
const STALE_POLISH = 4;

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);
const divide = (x: Tensor, y: Tensor): Tensor => elementwise('divide', [x, y]);
const norm = (x: Tensor): Tensor => reduceRows('maximumAbsolute', [x]);

/** What the rounds carry for each sample. */
export interface Progress {
  /** The point of the splitting, [batch, n], [batch, m] and [batch, m]. */
  readonly x: Tensor;
  readonly z: Tensor;
  readonly y: Tensor;
  /** The best point of the program itself that was found, [batch, n] and [batch, m], and its residuals, [batch]. */
  readonly bestX: Tensor;
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
  /** [batch, m]; [m] where the samples share P and A, and one factor. They must then have the first penalty. */
  readonly weights: Tensor;
  /** M of that factor, where the host computed it. */
  readonly matrix?: Tensor;
}

/** The state of the samples after a look at the true residuals. */
export function observe(state: Tensor, { ratio, floor }: Pick<BatchResiduals, 'ratio' | 'floor'>): Tensor {
  const options = { giveUp: true, staleLimit: STALE_ROUNDS, count: 0 };
  return monitor(state, ratio, constant(state.context, 1), floor, options);
}

/** Traces a round. Samples that have stopped stay as they are. */
export function runRound(
  context: LoopContext,
  { problem, scaled, weights, matrix }: RoundProblem,
  { x, y, z, bestX, bestY, ratio, floor, rho, aim, state }: Progress,
  tolerances: Tolerances,
): Progress {
  const isOne = weights.shape.length === 1;
  const rows = isOne ? elementwise('scale', [weights], [PENALTY, 0]) : multiply(weights, asColumn(rho));
  const splitting = createSplitting(context, scaled, { sigma: SIGMA, rows }, matrix);
  const stopping = { tolerance: aim, floor: constant(context, context.epsilon), limit: ROUND, giveUp: false };
  const begun = splitting.begin(splitting.enter({ x, y, z }));
  const inner = runPlain(context, begun, stopping, createFreshState(state));
  const point = splitting.leave(inner.x);
  const sizes = sizesOf(problem);
  const at = (reached: Pick<SplittingPoint, 'x' | 'y'>): Candidate =>
    candidateAt(problem, sizes, scaled, reached, tolerances);
  const found = at(point);
  const best = better(at(polish(context, scaled, point)), better(found, { x: bestX, y: bestY, ratio, floor }));
  const keep = (after: Tensor, before: Tensor): Tensor => whereRunning(state, after, before);
  const keepNumber = (after: Tensor, before: Tensor): Tensor =>
    context.alias(keep(asColumn(after), asColumn(before)), [after.size]);
  const lowered = elementwise('scale', [aim], [LOWERED, 0]);
  return {
    ...{ x: keep(point.x, x), y: keep(point.y, y), z: keep(point.z, z) },
    ...{ bestX: keep(best.x, bestX), bestY: keep(best.y, bestY), ratio: keepNumber(best.ratio, ratio) },
    floor: keepNumber(best.floor, floor),
    rho: keepNumber(nextPenalty(scaled, point, rho), rho),
    aim: elementwise('maximum', [lowered, constant(context, context.epsilon)]),
    state: observe(takeOverRemaining(state, inner.state), best),
  };
}

interface Candidate {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly ratio: Tensor;
  readonly floor: Tensor;
}

function candidateAt(
  problem: BatchProblem,
  sizes: Parameters<typeof residualsAt>[1],
  { d, e, c }: Equilibrated,
  point: Pick<SplittingPoint, 'x' | 'y'>,
  tolerances: Tolerances,
): Candidate & BatchResiduals {
  const x = multiply(point.x, d);
  const y = divide(multiply(point.y, e), c);
  return { x, y, ...residualsAt(problem, sizes, x, y, tolerances) };
}

/** Of each sample the one with the lower ratio; one that is not a number is not taken. */
function better(candidate: Candidate, best: Candidate): Candidate {
  const isLower = elementwise('greater', [best.ratio, candidate.ratio]);
  const choose = (yes: Tensor, no: Tensor): Tensor => elementwise('select', [asColumn(isLower), yes, no]);
  return {
    x: choose(candidate.x, best.x),
    y: choose(candidate.y, best.y),
    ratio: elementwise('select', [isLower, candidate.ratio, best.ratio]),
    floor: elementwise('select', [isLower, candidate.floor, best.floor]),
  };
}

/**
 * Solves the equations of the rows at which a point is active, starting there. Multipliers of the wrong sign become 0.
 */
function polish(
  context: LoopContext,
  problem: Equilibrated,
  { x, z, y }: SplittingPoint,
): Pick<SplittingPoint, 'x' | 'y'> {
  const { l, u, q } = problem;
  const isEqual = elementwise('scale', [elementwise('greater', [u, l])], [-1, 1]);
  const signs = elementwise('sign', [y]);
  const active = elementwise('maximum', [isEqual, elementwise('abs', [signs])]);
  const tolerance = constant(context, POLISHED * context.epsilon);
  const options = { tolerance, limit: POLISH, staleLimit: STALE_POLISH };
  const { w, v } = solveSaddle(
    context,
    { ...problem, active },
    { f: elementwise('negate', [q]), g: z },
    { w: x, v: y },
    options,
  );
  const signed = multiply(signs, elementwise('relu', [multiply(signs, v)]));
  return { x: w, y: elementwise('select', [isEqual, v, signed]) };
}

/** The penalty for the next round, larger where the primal residual is the larger one in relation to its terms. */
function nextPenalty({ P, q, A }: Equilibrated, { x, z, y }: SplittingPoint, rho: Tensor): Tensor {
  const { context } = x;
  const [Ax, Px, Ay] = [times(A, x), times(P, x), times(A, y, true)];
  const largest = (first: Tensor, ...others: Tensor[]): Tensor =>
    others.reduce((left, right) => elementwise('maximum', [left, right]), first);
  const tiny = constant(context, 1e-10);
  const relative = (residual: Tensor, ...terms: Tensor[]): Tensor =>
    largest(divide(norm(residual), largest(tiny, ...terms.map(norm))), constant(context, context.epsilon));
  const primal = relative(elementwise('subtract', [Ax, z]), Ax, z);
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
