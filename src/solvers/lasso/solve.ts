/**
 * Solves a batch of Lasso problems. Proximal gradient iterations or coordinate descent find the support, and a linear
 * solve on it finds the coefficients; or a homotopy finds both.
 */
import { combine, elementwise, reduceRows } from '../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import { conjugateGradients } from '../conjugate-gradients.ts';
import { runPlain } from '../iteration.ts';
import { krylov } from '../krylov.ts';
import {
  asColumn,
  countIterations,
  createFreshState,
  initialState,
  iterationsIn,
  monitor,
  statusOf,
  takeOverRemaining,
} from '../monitor.ts';
import { descendByCoordinates } from './coordinate-descent.ts';
import { proximalGradient } from './fista.ts';
import { followHomotopy } from './homotopy.ts';
import { createPlainRows, type PlainRows } from './plain-rows.ts';
import {
  type Correlation,
  correlationAt,
  dualityGap,
  type LassoProblem,
  leastSize,
  makeRelative,
  momentOf,
  objectiveAt,
  proximalDistance,
  roundingOf,
  scaleOf,
} from './problem.ts';
import { supportSystem } from './support.ts';

/**
 * How the support is found. The coefficients then come from a linear solve on it, except for the homotopy, which
 * computes them itself.
 */
export type LassoMethod = 'fista' | 'ista' | 'coordinate-descent' | 'homotopy';

interface LassoSolveOptions {
  readonly method: LassoMethod;
  /** Bound of the relative proximal residual, [1]. */
  readonly tolerance: Tensor;
  /** Largest number of iterations, as counted in the result. */
  readonly limit: number;
  /** Where to start, [batch, features]. Default zeros. */
  readonly initial: Tensor | undefined;
}

interface LassoResult {
  readonly beta: Tensor; // [batch, features]
  /** XᵀPy, [batch, features] */
  readonly moment: Tensor;
  readonly correlation: Correlation;
  /** Statuses of the monitor, [batch]. */
  readonly status: Tensor;
  /**
   * Proximal gradient iterations, passes of coordinate descent and steps of the homotopy, plus iterations of conjugate
   * gradients, [batch].
   */
  readonly iterations: Tensor;
  /** The relative proximal residual of the result, [batch], and its rounding. */
  readonly residual: Tensor;
  readonly floor: Tensor;
  /** Relative to the objective at 0, [batch]. */
  readonly gap: Tensor;
}

/**
 * The residual at which the first round ends; each further round ends ten times lower. An iteration costs less than
 * the linear solve.
 */
const FIRST_AIM: Readonly<Record<LassoMethod, number>> = {
  fista: 1e-3,
  ista: 1e-3,
  'coordinate-descent': 1e-5,
  homotopy: 1e-5,
};
const LOWERED = 0.1;
/** Each round removes a feature from the support, or ends with the solution, or lowers the aim. */
const ROUNDS = 200;
/** After this many rounds without progress a problem is given up. */
const STALE_ROUNDS = 20;
/** Largest number of iterations or passes in one round, after which the coefficients are polished in any case. */
const MAXIMUM_DESCENT = 500;
/** Tolerance of the linear solve, relative to its right-hand side: the next round corrects the rest. */
const POLISH_TOLERANCE = 1e-7;

/** Traces the solve: rounds, each of which reduces the residual to an aim and then polishes the coefficients. */
export function solveLasso(context: LoopContext, problem: LassoProblem, options: LassoSolveOptions): LassoResult {
  const { y, design } = problem;
  const shape = [y.shape[0], design.X.shape[1]];
  const moment = momentOf(problem);
  const least = leastSize(problem, moment);
  const initial = options.initial ?? context.constant({ kind: 'fill', value: 0 }, shape);
  const begun = begin(context, problem, moment, { ...options, initial });
  const descended = createDescent(context, problem, moment, options, begun);
  const final = context.loop<Record<'beta' | 'state' | 'aim', Tensor>>(
    {
      beta: begun.beta,
      state: begun.state,
      aim: context.constant({ kind: 'fill', value: FIRST_AIM[options.method] }, [shape[0]]),
    },
    ({ state }) => statusOf(state),
    ROUNDS,
    ({ beta, state, aim }) => {
      const stepped = descended({ beta, state: createFreshState(state), aim });
      const polished = polishOnSupport(context, problem, stepped.beta, stepped.state, least);
      const floor = roundingOf(problem, moment, polished.beta);
      const reachable = elementwise('maximum', [floor, options.tolerance]);
      const counted = takeOverRemaining(state, polished.state);
      const watched = { giveUp: true, staleLimit: STALE_ROUNDS, count: 0 };
      return {
        beta: polished.beta,
        state: monitor(counted, polished.residual, reachable, floor, watched),
        aim: elementwise('maximum', [
          elementwise('scale', [aim], [LOWERED, 0]),
          elementwise('scale', [floor], [0.1, 0]),
        ]),
      };
    },
  );
  const { beta, state } = final;
  const correlation = correlationAt(problem, beta);
  const gap = dualityGap(problem, beta, correlation);
  return {
    beta,
    moment,
    correlation,
    status: statusOf(state),
    iterations: iterationsIn(state, options.limit),
    residual: makeRelative(beta, proximalDistance(problem, beta, correlation.correlation), least),
    floor: roundingOf(problem, moment, beta),
    gap: begun.gap ? elementwise('select', [statusOf(begun.state), begun.gap, gap]) : gap,
  };
}

/**
 * Where the rounds begin, which problems have stopped by then, and the gap of these if the homotopy computed it more
 * accurately.
 */
interface Beginning {
  readonly beta: Tensor;
  readonly state: Tensor;
  readonly gap?: Tensor;
  /** The problems in the form that coordinate descent reads; undefined for proximal gradient iterations. */
  readonly rows?: PlainRows;
}

/**
 * Begins at the start, or at the end of the homotopy: the rounds then solve what it left unsolved, by coordinate
 * descent.
 */
function begin(
  context: LoopContext,
  problem: LassoProblem,
  moment: Tensor,
  { method, initial, limit, tolerance }: LassoSolveOptions & { readonly initial: Tensor },
): Beginning {
  const fresh = initialState(context, initial.shape[0], limit);
  const start = { beta: initial, state: fresh };
  if (method === 'fista' || method === 'ista') return start;
  const rows = createPlainRows(problem);
  if (method === 'coordinate-descent') return { ...start, rows };
  const { beta, iterations, gap } = followHomotopy(problem, rows, initial, limit);
  const { correlation } = correlationAt(problem, beta);
  const residual = makeRelative(beta, proximalDistance(problem, beta, correlation), leastSize(problem, moment));
  const floor = roundingOf(problem, moment, beta);
  const counted = countIterations(fresh, iterations);
  const state = monitor(counted, residual, elementwise('maximum', [floor, tolerance]), floor, { count: 0 });
  return { beta, state, gap, rows };
}

type Progress = Readonly<Record<'beta' | 'state' | 'aim', Tensor>>;

/** Reduces the residual to the aim. The state that it returns is for the rest of the same round. */
type Descent = (from: Progress) => Pick<Progress, 'beta' | 'state'>;

function createDescent(
  context: LoopContext,
  problem: LassoProblem,
  moment: Tensor,
  { method, limit }: LassoSolveOptions,
  { rows }: Beginning,
): Descent {
  const most = Math.min(limit, MAXIMUM_DESCENT);
  if (rows) {
    return ({ beta, state, aim }) => {
      const found = descendByCoordinates(problem, rows, { beta, state, tolerance: aim }, most);
      return { beta: found.beta, state: countIterations(state, found.iterations) };
    };
  }
  const curvature = elementwise('divide', [problem.design.bound, scaleOf(problem)]);
  const floor = elementwise('scale', [curvature], [context.epsilon, context.epsilon]);
  const begin = proximalGradient(context, problem, moment, { accelerated: method === 'fista' });
  return ({ beta, state, aim }) => {
    const inner = runPlain(context, begin(beta), { tolerance: aim, floor, limit: most, giveUp: false }, state);
    return { beta: inner.x, state: countIterations(takeOverRemaining(state, inner.state)) };
  };
}

/**
 * A Newton iteration for β = softThreshold(hβ + correlation, t)/h. With the signs of β, on its support A:
 *   (XᵀPX + ρ)_AA e_A = (correlation − t∘sign)_A,  β + αe,
 * where α ≤ 1 is the length at which the first coefficient reaches 0 and leaves the support (H. Lee et al. 2006,
 * feature-sign search). Up to there the objective is the quadratic function that e descends, so that it falls. Once
 * support and signs are right, the full length solves the problem. A result is taken only if it improves on β.
 */
function polishOnSupport(
  context: LoopContext,
  problem: LassoProblem,
  beta: Tensor,
  state: Tensor,
  least: Tensor,
): { readonly beta: Tensor; readonly residual: Tensor; readonly state: Tensor } {
  const signs = elementwise('sign', [beta]);
  const support = elementwise('abs', [signs]);
  const here = correlationAt(problem, beta);
  const { correlation } = here;
  const before = proximalDistance(problem, beta, correlation);
  const excess = elementwise('subtract', [correlation, elementwise('multiply', [problem.penalty, signs])]);
  const one = context.constant({ kind: 'fill', value: 1 }, [1]);
  // In exact arithmetic conjugate gradients need as many iterations as there are independent columns.
  const limit = 2 * Math.min(...problem.design.X.shape) + 20;
  const { problem: system } = supportSystem(problem, support, excess, { tolerance: one, limit });
  const tolerance = elementwise('scale', [reduceRows('norm', [system.v])], [POLISH_TOLERANCE, 0]);
  const round = { r: system.v, state, tolerance, limit, last: true };
  const { e, state: ended } = krylov(conjugateGradients).correct(context, system, round);
  const { moved, isPart } = moveUntilZero(beta, e);
  const there = correlationAt(problem, moved);
  const after = proximalDistance(problem, moved, there.correlation);
  // Not relative to the result, which may be arbitrary if the support is too large for its columns to be independent.
  const nearer = elementwise('greater', [before, after]);
  const lower = isLower(objectiveAt(problem, beta, here), objectiveAt(problem, moved, there));
  const taken = elementwise('multiply', [lower, elementwise('maximum', [nearer, isPart])]);
  const found = elementwise('select', [asColumn(taken), moved, beta]);
  return {
    beta: found,
    residual: makeRelative(found, elementwise('select', [taken, after, before]), least),
    state: ended,
  };
}

/**
 * β + αe, with the largest α ≤ 1 for which no coefficient changes its sign; one that reaches 0 is set to 0. isPart,
 * [batch]: whether α < 1.
 */
function moveUntilZero(beta: Tensor, e: Tensor): { readonly moved: Tensor; readonly isPart: Tensor } {
  const { context } = beta;
  const constant = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
  // −e/β exceeds 1 if the full length would change the sign.
  const rate = elementwise('select', [beta, elementwise('negate', [elementwise('divide', [e, beta])]), constant(0)]);
  const fastest = elementwise('maximum', [reduceRows('maximum', [rate]), constant(1)]);
  const step = elementwise('reciprocal', [fastest]);
  const moved = combine({ x: beta }, { x: e, coefficient: step });
  const left = elementwise('subtract', [constant(1), elementwise('multiply', [rate, asColumn(step)])]);
  const stays = elementwise('greater', [left, constant(4 * context.epsilon)]);
  const isPart = elementwise('greater', [fastest, constant(1)]);
  return { moved: elementwise('select', [stays, moved, constant(0)]), isPart };
}

/** Whether an objective has fallen, or is equal up to rounding; false if it is NaN. [batch] */
function isLower(before: Tensor, after: Tensor): Tensor {
  const rounded = elementwise('scale', [before], [1 + 64 * before.context.epsilon, 0]);
  return elementwise('greater', [rounded, after]);
}
