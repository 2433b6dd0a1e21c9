/**
 * Solves a batch of quadratic programs by operator splitting, on tensors: rounds, each of which iterates with a fixed
 * penalty, polishes what it found on the rows that are active, and evaluates the true residuals.
 */
import { combine, elementwise, reduceAll, reduceAxes, reduceRows } from '../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import { runPlain } from '../iteration.ts';
import {
  createFreshState,
  initialState,
  iterationsIn,
  monitor,
  statusOf,
  takeOverRemaining,
  whereRunning,
} from '../monitor.ts';
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
import { type Equilibrated, equilibrate } from './equilibration.ts';
import { solveSaddle } from './saddle.ts';
import { createSplitting, type SplittingPoint } from './splitting-iteration.ts';

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

export interface SplittingResult extends BatchResiduals {
  /** [batch, n] */
  readonly x: Tensor;
  /** [batch, m] */
  readonly y: Tensor;
  /** Statuses of the monitor, [batch]: see STATUS in iteration-kernels.ts. */
  readonly status: Tensor;
  readonly iterations: Tensor; // [batch]
}

/** σ: small beside the entries of the equilibrated P and A, large enough for a factor in float32. */
const SIGMA = 1e-4;
/** The first penalty, and how many times larger it is for equalities; for free rows it is as many times smaller. */
const PENALTY = 0.1;
const EQUALITY = 100;
/** A round ends after so many iterations, or at the aim. */
const ROUND = 50;
const FIRST_AIM = 1e-2;
const LOWERED = 0.1;
/** After so many rounds in which no residual fell by 10 % a sample is given up. */
const STALE_ROUNDS = 15;
/** The penalty changes when the residuals are out of balance by more than the square of this factor. */
const BALANCE = 2;
const MOST = 10;
/** Corrections of a polish. */
const POLISH = 25;

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);
const divide = (x: Tensor, y: Tensor): Tensor => elementwise('divide', [x, y]);
const norm = (x: Tensor): Tensor => reduceRows('maximumAbsolute', [x]);
const perSample = (x: Tensor): Tensor => x.context.alias(x, [x.size, 1]);

type Carried = Record<'x' | 'y' | 'z' | 'bestX' | 'bestY' | 'ratio' | 'rho' | 'aim' | 'state', Tensor>;

/**
 * Traces the solve. An infeasible or unbounded program does not converge; it ends with another status.
 * @throws RangeError if the shapes do not fit
 */
export function solveBySplitting(
  context: LoopContext,
  given: ProgramTensors,
  settings: SplittingSettings,
  start: SplittingStart = {},
): SplittingResult {
  const problem = batchProblem(given, [start.x, start.y]);
  const { batch, n, m, isShared } = problem;
  const sizes = sizesOf(problem);
  const scaled = equilibrate(problem);
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const [x, y] = [start.x ? repeatRows(start.x, batch) : zeros(n), start.y ? repeatRows(start.y, batch) : zeros(m)];
  const first = scalePoint(scaled, x, y);
  const one = constant(context, 1);
  const weights = weightsOf(problem);
  const observe = (state: Tensor, { ratio, floor }: BatchResiduals): Tensor =>
    monitor(state, ratio, one, floor, { giveUp: true, staleLimit: STALE_ROUNDS, count: 0 });
  const beginning = residualsAt(problem, sizes, x, y, settings);
  const final = context.loop<Carried>(
    {
      ...first,
      ...{ bestX: x, bestY: y, ratio: beginning.ratio },
      rho: context.constant({ kind: 'fill', value: PENALTY }, [isShared ? 1 : batch, 1]),
      aim: constant(context, FIRST_AIM),
      state: observe(initialState(context, batch, settings.limit), beginning),
    },
    ({ state }) => statusOf(state),
    Math.ceil(settings.limit / 2) + 8,
    ({ x, y, z, bestX, bestY, ratio, rho, aim, state }) => {
      const rows = multiply(weights, rho);
      const splitting = createSplitting(context, scaled, {
        sigma: SIGMA,
        rows: isShared ? context.alias(rows, [m]) : rows,
      });
      const stopping = { tolerance: aim, floor: constant(context, context.epsilon), limit: ROUND, giveUp: false };
      const inner = runPlain(context, splitting.begin(splitting.enter({ x, y, z })), stopping, createFreshState(state));
      const point = splitting.leave(inner.x);
      const found = candidateAt(problem, sizes, scaled, point, settings);
      const polished = candidateAt(problem, sizes, scaled, polish(context, scaled, point), settings);
      const best = better(polished, better(found, { x: bestX, y: bestY, ratio, floor: found.floor }));
      const keep = (after: Tensor, before: Tensor): Tensor => whereRunning(state, after, before);
      const counted = takeOverRemaining(state, inner.state);
      return {
        ...{ x: keep(point.x, x), y: keep(point.y, y), z: keep(point.z, z) },
        ...{ bestX: keep(best.x, bestX), bestY: keep(best.y, bestY) },
        ratio: context.alias(keep(perSample(best.ratio), perSample(ratio)), [batch]),
        rho: nextPenalty(scaled, point, rho, state),
        aim: elementwise('maximum', [elementwise('scale', [aim], [LOWERED, 0]), constant(context, context.epsilon)]),
        state: observe(counted, { ...found, ratio: best.ratio, floor: best.floor }),
      };
    },
  );
  const end = residualsAt(problem, sizes, final.bestX, final.bestY, settings);
  return {
    ...end,
    ...{ x: final.bestX, y: final.bestY },
    status: statusOf(final.state),
    iterations: iterationsIn(final.state, settings.limit),
  };
}

/** x̄, ȳ and the z̄ that belongs to them. */
function scalePoint({ d, e, c, A, l, u }: Equilibrated, x: Tensor, y: Tensor): SplittingPoint {
  const scaledX = divide(x, d);
  const z = elementwise('minimum', [elementwise('maximum', [times(A, scaledX), l]), u]);
  return { x: scaledX, z, y: multiply(divide(y, e), c) };
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
  const choose = (yes: Tensor, no: Tensor): Tensor => elementwise('select', [perSample(isLower), yes, no]);
  return {
    x: choose(candidate.x, best.x),
    y: choose(candidate.y, best.y),
    ratio: elementwise('select', [isLower, candidate.ratio, best.ratio]),
    floor: elementwise('select', [isLower, candidate.floor, best.floor]),
  };
}

/**
 * Weights of the rows relative to the penalty, [batch, m] or [m]: EQUALITY for equalities, its inverse for free rows, 1
 * otherwise. Where samples share P and A, a row is an equality, or free, if it is that for all of them.
 */
function weightsOf({ l, u, isShared }: BatchProblem): Tensor {
  const { context } = l;
  const one = constant(context, 1);
  const all = (flags: Tensor): Tensor =>
    isShared
      ? elementwise('scale', [reduceAxes('maximum', [elementwise('scale', [flags], [-1, 1])], 0, 1)], [-1, 1])
      : flags;
  const isApart = elementwise('greater', [u, l]);
  const isEqual = all(elementwise('scale', [isApart], [-1, 1]));
  const isFree = all(
    multiply(
      elementwise('greater', [u, constant(context, 0.99 * NO_BOUND)]),
      elementwise('greater', [constant(context, -0.99 * NO_BOUND), l]),
    ),
  );
  const bound = elementwise('select', [isEqual, constant(context, EQUALITY), one]);
  return elementwise('select', [isFree, constant(context, 1 / EQUALITY), bound]);
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
  const tolerance = constant(context, context.epsilon);
  const options = { tolerance, limit: POLISH };
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

/**
 * The penalty for the next round, larger where the primal residual is the larger one in relation to its terms. Samples
 * that share P and A have one penalty: the geometric mean of what those still running would choose.
 */
function nextPenalty(
  { P, q, A, isShared, batch }: Equilibrated,
  { x, z, y }: SplittingPoint,
  rho: Tensor,
  state: Tensor,
): Tensor {
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
  const one = constant(context, 1);
  const isOff = largest(
    elementwise('greater', [clipped, constant(context, BALANCE)]),
    elementwise('greater', [constant(context, 1 / BALANCE), clipped]),
  );
  const isRunning = elementwise('greater', [one, statusOf(state)]);
  const counts = multiply(isOff, isRunning);
  const factor = elementwise('select', [counts, clipped, one]);
  if (!isShared) return elementwise('clip', [multiply(rho, context.alias(factor, [batch, 1]))], [1e-6, 1e6]);
  const running = largest(reduceAll('sum', isRunning), one);
  const mean = elementwise('exp', [divide(reduceAll('sum', elementwise('log', [factor])), running)]);
  return elementwise('clip', [multiply(rho, mean)], [1e-6, 1e6]);
}
