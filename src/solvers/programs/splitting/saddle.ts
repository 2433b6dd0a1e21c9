/**
 * The saddle point systems of programs whose active rows are known, one for each sample:
 *   Pw + Aᵀv = f,  j∘(Aw − g) = (1 − j)∘v,
 * where j, [batch, m], is 1 for an active row, 0 for another one, whose v is then 0, and lies between for an element of
 * the derivative at a weakly active row. Proximal refinement: with weights δ and δ′ the corrections solve
 *   (P + δI + AᵀWA)Δw = r + Aᵀ(t/k),  Δv = (j∘AΔw − t)/k,  k = (1 − j) + jδ′,  W = j/k,
 * for the residuals r = f − Pw − Aᵀv and t = (1 − j)∘v − j∘(Aw − g). The matrix is positive definite whatever the active
 * rows are, and the iteration converges for dependent rows too if the system has a solution.
 */
import { batchedProduct, cholesky, choleskySolve } from '../../../tensor/batched.ts';
import { combine, elementwise, reduceRows } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';
import { initialState, iterationsIn, monitor, statusOf, whereRunning } from '../../monitor.ts';
import { type BatchProblem, constant, times } from './batch-problem.ts';
import { factorises } from './iteration.ts';
import { perRow } from './scaling.ts';

/** One system for each sample. */
export interface Saddle extends Pick<BatchProblem, 'P' | 'A' | 'batch' | 'n' | 'm'> {
  /** j, [batch, m]. */
  readonly active: Tensor;
}

export interface SaddlePoint {
  /** [batch, n] */
  readonly w: Tensor;
  /** [batch, m] */
  readonly v: Tensor;
}

interface SaddleOptions {
  /** Bound of the residual, [1]; see `SaddleSolution`. */
  readonly tolerance: Tensor;
  readonly limit: number;
}

export interface SaddleSolution extends SaddlePoint {
  /** ‖(r, t)‖/‖(f, j∘g)‖, [batch]. */
  readonly residual: Tensor;
  readonly status: Tensor;
  readonly iterations: Tensor;
}

/** The largest batch·n·max(n, m) for which the matrices of all samples are formed at once: 64 MiB in float32. */
const LARGEST_SYSTEMS = 2 ** 24;

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);

/**
 * Traces the refinement, for as many samples at a time as the memory for their matrices allows.
 * @param f [batch, n]
 * @param g [batch, m]
 * @param start default zeros
 */
export function solveSaddle(
  context: LoopContext,
  saddle: Saddle,
  right: Readonly<Record<'f' | 'g', Tensor>>,
  start: SaddlePoint | undefined,
  options: SaddleOptions,
): SaddleSolution {
  const { batch, n, m } = saddle;
  const most = Math.max(1, Math.floor(LARGEST_SYSTEMS / (n * Math.max(n, m))));
  if (batch <= most) return solveAtOnce(context, saddle, right, start, options);
  let joined: SaddleSolution | undefined;
  for (let first = 0; first < batch; first += most) {
    const count = Math.min(most, batch - first);
    const take = (x: Tensor): Tensor => gatherAlong(x, 0, count, { offset: first });
    const own = (X: Tensor): Tensor => (X.shape.length === 3 ? take(X) : X);
    const part = solveAtOnce(
      context,
      { P: own(saddle.P), A: own(saddle.A), active: take(saddle.active), batch: count, n, m },
      { f: take(right.f), g: take(right.g) },
      start && { w: take(start.w), v: take(start.v) },
      options,
    );
    joined = joined ? joinSolutions(joined, part) : part;
  }
  return joined as SaddleSolution;
}

function joinSolutions(first: SaddleSolution, second: SaddleSolution): SaddleSolution {
  const join = (x: Tensor, y: Tensor): Tensor => gatherAlong(x, 0, x.shape[0] + y.shape[0], { more: y });
  return {
    w: join(first.w, second.w),
    v: join(first.v, second.v),
    residual: join(first.residual, second.residual),
    status: join(first.status, second.status),
    iterations: join(first.iterations, second.iterations),
  };
}

function solveAtOnce(
  context: LoopContext,
  saddle: Saddle,
  { f, g }: Readonly<Record<'f' | 'g', Tensor>>,
  start: SaddlePoint | undefined,
  { tolerance, limit }: SaddleOptions,
): SaddleSolution {
  const { P, A, active, batch, n, m } = saddle;
  const [delta, deltaRows] = regularisationOf(context);
  const inactive = elementwise('scale', [active], [-1, 1]);
  const k = combine({ x: inactive }, { x: active, factor: deltaRows });
  const solve = factorOf(context, saddle, elementwise('divide', [active, k]), delta);
  const scale = sizeOf(f, multiply(active, g));
  const floor = constant(context, n * context.epsilon);
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const first = start ?? { w: zeros(n), v: zeros(m) };
  const residualsOf = ({ w, v }: SaddlePoint): { r: Tensor; t: Tensor; size: Tensor } => {
    const r = combine({ x: f }, { x: times(P, w), factor: -1 }, { x: times(A, v, true), factor: -1 });
    const missed = combine({ x: times(A, w) }, { x: g, factor: -1 });
    const t = combine({ x: multiply(inactive, v) }, { x: multiply(active, missed), factor: -1 });
    return { r, t, size: elementwise('divide', [sizeOf(r, t), scale]) };
  };
  const initial = { ...first, ...residualsOf(first) };
  const final = context.loop<Record<'w' | 'v' | 'r' | 't' | 'size' | 'state', Tensor>>(
    { ...initial, state: monitor(initialState(context, batch, limit), initial.size, tolerance, floor, { count: 0 }) },
    ({ state }) => statusOf(state),
    limit,
    ({ w, v, r, t, size, state }) => {
      const pushed = elementwise('divide', [t, k]);
      const dw = solve(elementwise('add', [r, times(A, pushed, true)]));
      const dv = elementwise('divide', [elementwise('subtract', [multiply(active, times(A, dw)), t]), k]);
      const point = { w: elementwise('add', [w, dw]), v: elementwise('add', [v, dv]) };
      const next = residualsOf(point);
      // A correction that rounding spoils, or that is not a number, is not taken.
      const isTaken = elementwise('greater', [elementwise('scale', [size], [2, 0]), next.size]);
      const after = monitor(state, elementwise('select', [isTaken, next.size, size]), tolerance, floor, {
        giveUp: true,
        staleLimit: STALE,
      });
      const keep = (x: Tensor, before: Tensor): Tensor =>
        whereRunning(state, elementwise('select', [perSample(isTaken), x, before]), before);
      return {
        w: keep(point.w, w),
        v: keep(point.v, v),
        r: keep(next.r, r),
        t: keep(next.t, t),
        size: context.alias(keep(perSample(next.size), perSample(size)), [batch]),
        state: after,
      };
    },
  );
  return {
    w: final.w,
    v: final.v,
    residual: final.size,
    status: statusOf(final.state),
    iterations: iterationsIn(final.state, limit),
  };
}

/**
 * δ and δ′, which balance how fast the refinement converges and what rounding leaves of a factor. An inverse by products
 * has twice the digits to lose.
 */
function regularisationOf(context: LoopContext): readonly [number, number] {
  const { epsilon } = context;
  return factorises(context) ? [epsilon ** 0.5, epsilon ** 0.4] : [epsilon ** 0.4, epsilon ** 0.25];
}

/** After so many corrections without progress a sample stops. */
const STALE = 3;

function perSample(x: Tensor): Tensor {
  return x.context.alias(x, [x.size, 1]);
}

/** √(‖a‖² + ‖b‖²) of each sample, and the least normal number where that is 0. */
function sizeOf(a: Tensor, b: Tensor): Tensor {
  const pair = [a, b].map((x) => elementwise('square', [reduceRows('norm', [x])]));
  return elementwise('maximum', [elementwise('sqrt', [elementwise('add', pair)]), constant(a.context, 2 ** -100)]);
}

/** How to solve with P + δI + AᵀWA. */
function factorOf(
  context: LoopContext,
  { P, A, batch, n }: Saddle,
  weights: Tensor,
  delta: number,
): (right: Tensor) => Tensor {
  const identity = context.constant({ kind: 'identity', order: n }, [n, n]);
  const zeros = context.constant({ kind: 'fill', value: 0 }, [batch, n, n]);
  const base = elementwise('add', [P, elementwise('scale', [identity], [delta, 0])]);
  const bias = base.shape.length === 3 ? base : elementwise('add', [zeros, base]);
  const weighted = elementwise('multiply', [A, perRow(weights)]);
  const system = batchedProduct(A, weighted, { transposeA: true, bias });
  const column = (x: Tensor): Tensor => context.alias(x, [batch, n, 1]);
  if (!factorises(context)) {
    const { inverse } = batchedInverse(context, system);
    return (right) => times(inverse, right);
  }
  const factors = cholesky(system, (2 * context.epsilon) / n);
  return (right) => context.alias(choleskySolve(factors, column(right)), [batch, n]);
}
