/** Solves a batch of Lasso problems: proximal gradient steps or coordinate descent find the support, a linear solve on it finds the coefficients. */
import { STATE_ROWS } from '../../backends/kernels.ts';
import { elementwise, reduceRows } from '../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import { conjugateGradients } from '../conjugate-gradients.ts';
import { plain } from '../iteration.ts';
import { krylov } from '../krylov.ts';
import { column, freshState, initialState, monitor, rowOf, statusOf } from '../monitor.ts';
import { descendedByCoordinates, plainRows } from './coordinate-descent.ts';
import { proximalGradient } from './fista.ts';
import {
  type Correlation,
  correlationAt,
  dualityGap,
  type LassoProblem,
  momentOf,
  proximalDistance,
  relativeTo,
  roundingOf,
  scaleOf,
} from './problem.ts';
import { supportSystem } from './support.ts';

/** How the support is found; the coefficients on it then come from a linear solve. */
export type LassoMethod = 'fista' | 'ista' | 'coordinate-descent';

export interface LassoOptions {
  readonly method: LassoMethod;
  /** Of the relative proximal residual, [1]. */
  readonly tolerance: Tensor;
  /** Most proximal gradient steps, or passes over the coordinates, of a round. */
  readonly limit: number;
  /** Start, [batch, features]. Default zeros. */
  readonly initial: Tensor | undefined;
}

export interface LassoResult {
  readonly beta: Tensor; // [batch, features]
  /** XᵀPy, [batch, features] */
  readonly moment: Tensor;
  readonly correlation: Correlation;
  /** Statuses of the monitor, [batch]. */
  readonly status: Tensor;
  /** Proximal gradient steps or passes over the coordinates, and steps of conjugate gradients, [batch]. */
  readonly iterations: Tensor;
  /** The relative proximal residual of what is returned, [batch], and what rounding makes of it. */
  readonly residual: Tensor;
  readonly floor: Tensor;
  /** Relative to the objective at 0, [batch]. */
  readonly gap: Tensor;
}

/** The residual at which the first round ends; each later one ends ten times lower. */
const FIRST_AIM = 1e-3;
const LOWERED = 0.1;
const ROUNDS = 16;
/** Rounds that bring nothing, after which the precision has nothing more to give. */
const STALE_ROUNDS = 3;
/** Of the linear solve, relative to its right-hand side: the next round corrects what it leaves. */
const POLISH = 1e-7;

export function solveLasso(context: LoopContext, problem: LassoProblem, options: LassoOptions): LassoResult {
  const { y, design } = problem;
  const shape = [y.shape[0], design.X.shape[1]];
  const moment = momentOf(problem);
  const start = options.initial ?? context.constant({ kind: 'fill', value: 0 }, shape);
  const fresh = initialState(context, shape[0]);
  const zeros = rowOf(fresh, STATE_ROWS.iterations);
  const descended = descent(context, problem, moment, options);
  const final = context.loop<Record<'beta' | 'state' | 'iterations' | 'aim', Tensor>>(
    { beta: start, state: fresh, iterations: zeros, aim: elementwise('scale', [zeros], [1, FIRST_AIM]) },
    ({ state }) => statusOf(state),
    ROUNDS,
    ({ beta, state, iterations, aim }) => {
      const stepped = descended({ beta, state: freshState(state), aim });
      const polished = polish(context, problem, stepped.beta, freshState(state));
      const floor = roundingOf(problem, moment, polished.beta);
      const spent = elementwise('add', [stepped.iterations, polished.iterations]);
      return {
        beta: polished.beta,
        state: monitor(state, polished.residual, options.tolerance, floor, { giveUp: true, staleLimit: STALE_ROUNDS }),
        iterations: elementwise('add', [iterations, spent]),
        aim: elementwise('scale', [aim], [LOWERED, 0]),
      };
    },
  );
  const { beta, state, iterations } = final;
  const correlation = correlationAt(problem, beta);
  return {
    beta,
    moment,
    correlation,
    status: statusOf(state),
    iterations,
    residual: relativeTo(beta, proximalDistance(problem, beta, correlation.correlation)),
    floor: roundingOf(problem, moment, beta),
    gap: dualityGap(problem, beta, correlation),
  };
}

type Progress = Readonly<Record<'beta' | 'state' | 'aim', Tensor>>;

/** Brings the residual down to the aim. */
type Descent = (from: Progress) => { readonly beta: Tensor; readonly iterations: Tensor };

function descent(
  context: LoopContext,
  problem: LassoProblem,
  moment: Tensor,
  { method, limit }: LassoOptions,
): Descent {
  if (method === 'coordinate-descent') {
    const rows = plainRows(problem);
    return ({ beta, state, aim }) =>
      descendedByCoordinates(problem, rows, { beta, stopped: statusOf(state), tolerance: aim }, limit);
  }
  const curvature = elementwise('divide', [problem.design.bound, scaleOf(problem)]);
  const floor = elementwise('scale', [curvature], [context.epsilon, context.epsilon]);
  return ({ beta, state, aim }) => {
    const begun = proximalGradient(context, problem, moment, beta, { accelerated: method === 'fista' });
    const inner = plain(context, begun, { tolerance: aim, floor, limit, giveUp: false }, state);
    return { beta: inner.x, iterations: rowOf(inner.state, STATE_ROWS.iterations) };
  };
}

/**
 * A step of Newton's method for β = softThreshold(hβ + correlation, t)/h: with the signs of β, on its support A,
 *   (XᵀPX + ρ)_AA e_A = (correlation − t∘sign)_A,  β + e
 * where that solves the problem better than β does. Once the support and the signs are right, it solves it.
 */
function polish(
  context: LoopContext,
  problem: LassoProblem,
  beta: Tensor,
  state: Tensor,
): { readonly beta: Tensor; readonly residual: Tensor; readonly iterations: Tensor } {
  const signs = elementwise('sign', [beta]);
  const support = elementwise('abs', [signs]);
  const { correlation } = correlationAt(problem, beta);
  const before = proximalDistance(problem, beta, correlation);
  const excess = elementwise('subtract', [correlation, elementwise('multiply', [problem.penalty, signs])]);
  const one = context.constant({ kind: 'fill', value: 1 }, [1]);
  // In exact arithmetic conjugate gradients need as many steps as there are independent columns.
  const limit = 2 * Math.min(...problem.design.X.shape) + 20;
  const { problem: system } = supportSystem(problem, support, excess, { tolerance: one, limit });
  const tolerance = elementwise('scale', [reduceRows('norm', [system.v])], [POLISH, 0]);
  const round = { r: system.v, state, tolerance, limit, last: true };
  const { e, state: ended } = krylov(conjugateGradients).correct(context, system, round);
  const moved = elementwise('add', [beta, e]);
  const after = proximalDistance(problem, moved, correlationAt(problem, moved).correlation);
  // Not relative to what was found: that may be anything where the support is too large for its columns to be independent.
  const better = elementwise('greater', [before, after]);
  const found = elementwise('select', [column(better), moved, beta]);
  return {
    beta: found,
    residual: relativeTo(found, elementwise('select', [better, after, before])),
    iterations: rowOf(ended, STATE_ROWS.iterations),
  };
}
