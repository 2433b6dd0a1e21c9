/**
 * The saddle point systems of programs whose active rows are known, one for each sample:
 *   Pw + Aᵀv = f,  j∘(Aw − g) = (1 − j)∘v,
 * where j, [batch, m], is 1 for an active row, 0 for another one, whose v is then 0, and lies between for an element of
 * the derivative at a weakly active row; or, for cones, J(Aw − g) = (I − J)v with an element J of a projection, which is
 * symmetric with 0 ⪯ J ⪯ I. Proximal refinement: with weights δ and δ′ the corrections solve
 *   (P + δI + AᵀWA)Δw = r + AᵀK⁻¹t,  Δv = K⁻¹(JAΔw − t),  K = (I − J) + δ′J,  W = K⁻¹J,
 * for the residuals r = f − Pw − Aᵀv and t = J(g − Aw) + (I − J)v. The matrix is positive definite whatever rows are
 * active. Each correction is combined with the step before it so that the residual becomes as small as it can (ORTHOMIN,
 * P. K. W. Vinsome 1976), which converges where regularisation or the rounding of a factor makes plain refinement slow.
 */
import { batchedProduct, cholesky, choleskySolve } from '../../../tensor/batched.ts';
import { combine, divideOrZero, elementwise, reduceRows } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';
import { asColumn, initialState, iterationsIn, monitor, statusOf, whereRunning } from '../../monitor.ts';
import { type BatchProblem, constant, times } from './batch-problem.ts';
import { factorises } from './iteration.ts';
import { perRow } from './scaling.ts';

/** One system for each sample. */
export interface Saddle extends Pick<BatchProblem, 'P' | 'A' | 'batch' | 'n' | 'm'> {
  readonly slope: Slope;
}

/** J of the systems. */
export interface Slope {
  /** Jh, [batch, m]. */
  apply(h: Tensor): Tensor;
  /** (I − J)h */
  complement(h: Tensor): Tensor;
  /** What solves with K. @param delta δ′ */
  regularise(context: LoopContext, delta: number): Regularised;
  /** J of some samples. @param rows picks them */
  pick(rows: (x: Tensor) => Tensor): Slope;
}

interface Regularised {
  /** K⁻¹h, [batch, m]. */
  solve(h: Tensor): Tensor;
  /** WA, [batch, m, n]. @param A [batch, m, n] or [m, n] */
  weigh(A: Tensor): Tensor;
}

/** J of rows of which each has a bound of its own. @param active j, [batch, m] */
export function rowSlope(active: Tensor): Slope {
  const inactive = elementwise('scale', [active], [-1, 1]);
  return {
    apply: (h) => multiply(active, h),
    complement: (h) => multiply(inactive, h),
    regularise(_, delta) {
      const k = combine({ x: inactive }, { x: active, factor: delta });
      const weights = perRow(elementwise('divide', [active, k]));
      return { solve: (h) => elementwise('divide', [h, k]), weigh: (A) => multiply(A, weights) };
    },
    pick: (rows) => rowSlope(rows(active)),
  };
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
  /** After so many corrections without progress a sample stops. */
  readonly staleLimit: number;
  /**
   * Where w and v are large beside the right side, what rounding leaves of a residual is as much larger: it counts up to
   * this. Default: not at all.
   */
  readonly largestFloor?: number;
}

export interface SaddleSolution extends SaddlePoint {
  /** ‖(r, t)‖/‖(f, Jg)‖, [batch]. */
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
      { P: own(saddle.P), A: own(saddle.A), slope: saddle.slope.pick(take), batch: count, n, m },
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

/** What the refinement carries: the point, its residual, the last step and what the system makes of it, and states. */
type Refinement = Record<'w' | 'v' | 'r' | 't' | 'size' | 'stepW' | 'stepV' | 'imageW' | 'imageV' | 'state', Tensor>;

function solveAtOnce(
  context: LoopContext,
  saddle: Saddle,
  { f, g }: Readonly<Record<'f' | 'g', Tensor>>,
  start: SaddlePoint | undefined,
  { tolerance, limit, staleLimit, largestFloor }: SaddleOptions,
): SaddleSolution {
  const { P, A, slope, batch, n, m } = saddle;
  const [delta, deltaRows] = regularisationOf(context);
  const regularised = slope.regularise(context, deltaRows);
  const solve = factorOf(context, saddle, regularised.weigh(A), delta);
  const right = { w: f, v: slope.apply(g) };
  const scale = elementwise('maximum', [lengthOf(right), constant(context, 2 ** -100)]);
  const leastFloor = n * context.epsilon;
  const floorAt = (point: SaddlePoint): Tensor => {
    if (largestFloor === undefined) return constant(context, leastFloor);
    const rounding = elementwise('scale', [elementwise('divide', [lengthOf(point), scale])], [2 * context.epsilon, 0]);
    return elementwise('clip', [rounding], [leastFloor, Math.max(leastFloor, largestFloor)]);
  };
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const first = start ?? { w: zeros(n), v: zeros(m) };
  /** What the system makes of a point: Pw + Aᵀv and JAw − (I − J)v. */
  const apply = ({ w, v }: SaddlePoint, JAw = slope.apply(times(A, w))): SaddlePoint => ({
    w: elementwise('add', [times(P, w), times(A, v, true)]),
    v: elementwise('subtract', [JAw, slope.complement(v)]),
  });
  const residualAt = (point: SaddlePoint): SaddlePoint => plus(right, apply(point), -1);
  const relative = (residual: SaddlePoint): Tensor => elementwise('divide', [lengthOf(residual), scale]);
  const beginning = residualAt(first);
  const initial: Refinement = {
    ...{ w: first.w, v: first.v, r: beginning.w, t: beginning.v, size: relative(beginning) },
    ...{ stepW: zeros(n), stepV: zeros(m), imageW: zeros(n), imageV: zeros(m) },
    state: monitor(initialState(context, batch, limit), relative(beginning), tolerance, floorAt(first), { count: 0 }),
  };
  const final = context.loop<Refinement>(
    initial,
    ({ state }) => statusOf(state),
    limit,
    ({ w, v, r, t, size, stepW, stepV, imageW, imageV, state }) => {
      const dw = solve(elementwise('add', [r, times(A, regularised.solve(t), true)]));
      const JAdw = slope.apply(times(A, dw));
      const correction = { w: dw, v: regularised.solve(elementwise('subtract', [JAdw, t])) };
      const image = apply(correction, JAdw);
      // The step is the correction without its share of the step before, at the length that is best for the residual.
      const before = { w: imageW, v: imageV };
      const share = elementwise('negate', [divideOrZero(dotOf(image, before), dotOf(before, before))]);
      const step = plus(correction, { w: stepW, v: stepV }, share);
      const moved = plus(image, before, share);
      const length = divideOrZero(dotOf({ w: r, v: t }, moved), dotOf(moved, moved));
      const point = plus({ w, v }, step, length);
      const residual = residualAt(point);
      const reached = relative(residual);
      // A step that rounding spoils, or that is not a number, is not taken.
      const isTaken = elementwise('greater', [elementwise('scale', [size], [2, 0]), reached]);
      const after = monitor(state, elementwise('select', [isTaken, reached, size]), tolerance, floorAt(point), {
        giveUp: true,
        staleLimit,
      });
      const keep = (x: Tensor, old: Tensor): Tensor =>
        whereRunning(state, elementwise('select', [asColumn(isTaken), x, old]), old);
      return {
        ...{ w: keep(point.w, w), v: keep(point.v, v), r: keep(residual.w, r), t: keep(residual.v, t) },
        ...{ stepW: keep(step.w, stepW), stepV: keep(step.v, stepV) },
        ...{ imageW: keep(moved.w, imageW), imageV: keep(moved.v, imageV) },
        size: context.alias(keep(asColumn(reached), asColumn(size)), [batch]),
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

/** x + factor·y, with a factor for all samples or for each of them, [batch]. */
function plus(x: SaddlePoint, y: SaddlePoint, factor: Tensor | number): SaddlePoint {
  const scaled = typeof factor === 'number' ? { factor } : { coefficient: factor };
  return { w: combine({ x: x.w }, { x: y.w, ...scaled }), v: combine({ x: x.v }, { x: y.v, ...scaled }) };
}

/** [batch] */
function dotOf(x: SaddlePoint, y: SaddlePoint): Tensor {
  return elementwise('add', [reduceRows('dot', [x.w, y.w]), reduceRows('dot', [x.v, y.v])]);
}

/** √(‖w‖² + ‖v‖²) of each sample. */
function lengthOf({ w, v }: SaddlePoint): Tensor {
  const squares = [w, v].map((x) => elementwise('square', [reduceRows('norm', [x])]));
  return elementwise('sqrt', [elementwise('add', squares)]);
}

/** How to solve with P + δI + AᵀWA. @param weighted WA */
function factorOf(
  context: LoopContext,
  { P, A, batch, n }: Saddle,
  weighted: Tensor,
  delta: number,
): (right: Tensor) => Tensor {
  const identity = context.constant({ kind: 'identity', order: n }, [n, n]);
  const zeros = context.constant({ kind: 'fill', value: 0 }, [batch, n, n]);
  const base = elementwise('add', [P, elementwise('scale', [identity], [delta, 0])]);
  const bias = base.shape.length === 3 ? base : elementwise('add', [zeros, base]);
  const system = batchedProduct(A, weighted, { transposeA: true, bias });
  const column = (x: Tensor): Tensor => context.alias(x, [batch, n, 1]);
  if (!factorises(context)) {
    const { inverse } = batchedInverse(context, system);
    return (right) => times(inverse, right);
  }
  const factors = cholesky(system, (2 * context.epsilon) / n);
  return (right) => context.alias(choleskySolve(factors, column(right)), [batch, n]);
}
