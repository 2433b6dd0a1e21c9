/** Forward iterations x⁺ = T(x) whose fixed points give the solutions of an equation, and the loop that runs one. */
import type { IterationName } from '../backends/kernels.ts';
import {
  afterPass,
  beforePass,
  type IterateOptions,
  iterateRows,
  passRows,
  type StopRule,
} from '../tensor/loop-kernels.ts';
import { gatherAlong, paddedColumns } from '../tensor/move-kernels.ts';
import { transpose } from '../tensor/operations.ts';
import type { Shape } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Equation } from './equation.ts';
import type { StoredMatrix } from './linear-map.ts';
import { monitor, STALE_LIMIT, statusOf, whereRunning } from './monitor.ts';

/** `x` is the vector that T maps, [batch, n]; what else rides along may be dropped for its start at any time. */
export type Iterate = { readonly x: Tensor } & Readonly<Record<string, Tensor>>;

/**
 * What is known of an iteration. linearly: the distance to the solution falls by a factor, for every monotone equation.
 * sublinearly: it falls for every such equation, by no fixed factor. where it contracts: only where W does, ‖W‖ < 1.
 */
export type Convergence = 'linearly' | 'sublinearly' | 'where it contracts';

/**
 * A way to solve z = σ(Wz + b) by repetition, and with it the adjoint equation. `monotoneFixedPoint` takes one in the place of a
 * solver's name; make it once: each object has its own Programs.
 */
export interface Iteration {
  /** In reports. */
  readonly name: string;
  readonly converges: Convergence;
  /** The equation must hold a resolvent. */
  readonly needsResolvent: boolean;
  /**
   * Called while a Program is traced, with tensors of that Program.
   * @param tracing makes constants
   * @param z where to start, [batch, n]
   * @param p Wz + b
   */
  begin(tracing: LoopContext, equation: Equation, z: Tensor, p: Tensor): Begun;
}

export interface Begun {
  readonly start: Iterate;
  /**
   * T, and a residual that the monitor may watch, [batch]: about that of the solution, such as `equation.sigma.residual` gives. A
   * round that ends with it is checked by the true one, and goes on where that is not small enough.
   */
  step(iterate: Iterate): { readonly next: Iterate; readonly residual: Tensor };
  /** Whether that residual speaks for x or for T(x): what a sample that stops then keeps. */
  readonly keeps: 'x' | 'next';
  /** z of an x. */
  solution(x: Tensor): Tensor;
  /** The same iteration as the kernels `iterate` and `pass` make it, where they know it. */
  readonly fused?: FusedIteration;
  /** The whole loop in one call of a kernel of its own, where there is one. */
  whole?(x: Tensor, state: Tensor, rule: StopRule): ReturnType<Runner>;
}

/** What a kernel call that iterates needs besides the iterate and the rule by which it stops. */
export interface FusedIteration
  extends Pick<
    IterateOptions,
    'iteration' | 'matrix' | 'b' | 'step' | 'slope' | 'activation' | 'activationParameters'
  > {
  /** What is multiplied for x is x·M, or x·Mᵀ. */
  readonly transposed: boolean;
  /** What is multiplied for x. Default: x. */
  factor?(x: Tensor): Tensor;
}

/**
 * The `fused` of an iteration that multiplies by W, or by the resolvent in its place.
 * @param matrix undefined where that is no matrix
 */
export function fused(
  iteration: IterationName,
  { b, sigma }: Equation,
  matrix: StoredMatrix | undefined,
  more: Partial<FusedIteration> = {},
): Pick<Begun, 'fused'> {
  const { known } = sigma;
  // Rows are samples: z·Mᵀ.
  const multiplied = matrix && { matrix: matrix.values, transposed: !matrix.transposed };
  return { fused: known && multiplied && { iteration, ...multiplied, b, step: undefined, ...known, ...more } };
}

/** When a loop stops. */
export interface Stopping {
  /** Of the residual watched, [1] or [batch]. */
  readonly tolerance: Tensor;
  /** Residual of rounding, [1] or [batch]. */
  readonly floor: Tensor;
  /** Most iterations. */
  readonly limit: number;
  /** A sample that makes no progress above the floor stops too. */
  readonly giveUp: boolean;
  /** Iterations without progress that count as none. Default: that of the monitor. */
  readonly staleLimit?: number;
}

/** Runs an iteration from a state of samples, some of which may have stopped before. */
export type Runner = (
  tracing: LoopContext,
  begun: Begun,
  stopping: Stopping,
  state: Tensor,
) => { readonly x: Tensor; readonly state: Tensor };

/** x⁺ = T(x), sample by sample until each has stopped. */
export const plain: Runner = (tracing, begun, stopping, initial) => {
  const { tolerance, floor, limit, giveUp, staleLimit = STALE_LIMIT } = stopping;
  const { fused, keeps, start } = begun;
  const { x } = start;
  const [batch, n] = x.shape;
  const rule = { tolerance, floor, limit, staleLimit, giveUp };
  if (begun.whole && n <= tracing.widestIteration) return begun.whole(x, initial, rule);
  if (fused) {
    if (n <= tracing.widestIteration) return wholeLoop(fused, x, initial, rule);
    if (2 * batch * n ** 2 <= tracing.largestPass) {
      const { factor, transposed, ...own } = fused;
      const options = { ...own, ...rule };
      const start = beforePass(factor?.(x) ?? x, x, initial);
      const end = inPairs(tracing, start, x.shape, limit, (carried) => passRows(carried, transposed, options));
      const { factor: next, kept, state } = afterPass(end, x.shape);
      return { x: keeps === 'x' ? whereRunning(state, next, kept) : kept, state };
    }
  }
  const final = tracing.loop<{ state: Tensor } & Iterate>(
    { ...start, state: initial },
    ({ state }) => statusOf(state),
    limit,
    ({ state, ...iterate }) => {
      const { next, residual } = begun.step(iterate);
      const after = monitor(state, residual, tolerance, floor, { giveUp, staleLimit });
      return { ...next, x: whereRunning(keeps === 'x' ? after : state, next.x, iterate.x), state: after };
    },
  );
  return { x: final.x, state: final.state };
};

/** In one kernel call; for n up to the context's widestIteration. */
export function wholeLoop(
  fused: FusedIteration,
  x: Tensor,
  state: Tensor,
  rule: StopRule & Pick<IterateOptions, 'accelerated'>,
): ReturnType<Runner> {
  const { transposed, factor: _, matrix, ...own } = fused;
  return iterateRows(x, state, { ...own, ...rule, matrix: paddedColumns(transposed ? transpose(matrix) : matrix) });
}

/** Passes in pairs, so that what one of them writes is what the other one reads, and nothing is copied. */
function inPairs(
  tracing: LoopContext,
  start: Tensor,
  [batch, n]: Shape,
  limit: number,
  pass: (carried: Tensor) => Tensor,
): Tensor {
  let end = start;
  if (limit > 1) {
    const { carried } = tracing.loop(
      { carried: start },
      (values) => gatherAlong(values.carried, 0, batch, { offset: 2 * batch * n }), // the first row of the state
      Math.floor(limit / 2),
      (values) => ({ carried: pass(pass(values.carried)) }),
    );
    end = carried;
  }
  return limit % 2 === 1 ? pass(end) : end;
}
