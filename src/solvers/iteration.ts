/** Forward iterations x⁺ = T(x) whose fixed points yield the solutions of an equation, and the loop that runs them. */
import type { IterationName } from '../backends/kernels.ts';
import {
  type IterateOptions,
  iterateRows,
  packPass,
  passRows,
  type StopRule,
  unpackPass,
} from '../tensor/loop-kernels.ts';
import { gatherAlong, padColumns } from '../tensor/move-kernels.ts';
import { transpose } from '../tensor/operations.ts';
import type { Shape } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Equation } from './equation.ts';
import type { StoredMatrix } from './linear-map.ts';
import { monitor, STALE_LIMIT, statusOf, whereRunning } from './monitor.ts';

/** `x` is the vector that T maps, [batch, n]. All else is carried along, and may be reset to its start at any time. */
export type Iterate = Readonly<Record<'x', Tensor>> & Readonly<Record<string, Tensor>>;

/**
 * When an iteration converges. linearly: for every monotone equation, the distance to the solution falls by a fixed
 * factor. sublinearly: it falls for every such equation, but by no fixed factor. where it contracts: only if ‖W‖ < 1.
 */
export type Convergence = 'linearly' | 'sublinearly' | 'where it contracts';

/**
 * An iteration that solves z = σ(Wz + b), and with it the adjoint equation. `monotoneFixedPoint` accepts one in place
 * of a solver's name. Create it once: each object has Programs of its own.
 */
export interface Iteration {
  /** The name that reports use. */
  readonly name: string;
  /** When it converges. */
  readonly converges: Convergence;
  /** Whether the equation must hold a resolvent. */
  readonly needsResolvent: boolean;
  /**
   * Starts the iteration. Called while a Program is traced, with tensors of that Program.
   * @param tracing creates constants
   * @param z where to start, [batch, n]
   * @param p Wz + b
   */
  begin(tracing: LoopContext, equation: Equation, z: Tensor, p: Tensor): Begun;
}

/** An iteration that has been started. */
export interface Begun {
  /** The first iterate. */
  readonly start: Iterate;
  /**
   * Applies T, and computes a residual for the monitor, [batch], which must be close to that of the solution, such as
   * `equation.sigma.residual`. Each round ends with the true residual, and another round follows if that is too
   * large.
   */
  step(iterate: Iterate): Readonly<Record<'next', Iterate> & Record<'residual', Tensor>>;
  /** Whether the residual belongs to x or to T(x): a sample that stops keeps that one. */
  readonly keeps: 'x' | 'next';
  /** Computes z from x. */
  solution(x: Tensor): Tensor;
  /** Computes Wz + b of that z without a product, up to about the residual; absent where that takes a product. */
  preActivation?(x: Tensor): Tensor;
  /**
   * The same iteration as the kernels `iterate` and `pass` compute it, if they know it.
   * @internal
   */
  readonly fused?: FusedIteration;
  /**
   * Runs the whole loop in one call of a kernel of its own; absent if there is none.
   * @internal
   */
  whole?(x: Tensor, state: Tensor, rule: StopRule): ReturnType<Runner>;
}

/** The operands of a kernel that iterates, except the iterate and the rule by which it stops. */
interface FusedIteration
  extends Pick<
    IterateOptions,
    'iteration' | 'matrix' | 'b' | 'step' | 'slope' | 'activation' | 'activationParameters'
  > {
  /** Whether the kernel multiplies by Mᵀ: x·Mᵀ in place of x·M. */
  readonly transposed: boolean;
  /** Computes the rows that are multiplied in place of x. Default: x. */
  factor?(x: Tensor): Tensor;
}

/**
 * The `fused` of an iteration that multiplies by W, or by the resolvent in its place.
 * @param matrix undefined if the map is not stored as a matrix
 * @internal
 */
export function createFusedIteration(
  iteration: IterationName,
  { b, sigma }: Equation,
  matrix: StoredMatrix | undefined,
  more: Partial<FusedIteration> = {},
): Pick<Begun, 'fused'> {
  const { known } = sigma;
  // Rows are samples: z·Mᵀ.
  const multiplied = matrix && { matrix: matrix.values, transposed: !matrix.transposed };
  return {
    fused: known && multiplied && { iteration, ...multiplied, b, step: undefined, ...known, ...more },
  };
}

/** When a loop stops. */
interface Stopping {
  /** Bound of the residual that is watched, [1] or [batch]. */
  readonly tolerance: Tensor;
  /** Residual of rounding, [1] or [batch]. */
  readonly floor: Tensor;
  /** Largest number of iterations. */
  readonly limit: number;
  /** Whether a sample that makes no progress above the floor stops too. */
  readonly giveUp: boolean;
  /** After this many iterations without progress a sample counts as stale. Default: that of the monitor. */
  readonly staleLimit?: number;
}

/** Runs an iteration from a state of the samples, some of which may have stopped already. */
export type Runner = (
  tracing: LoopContext,
  begun: Begun,
  stopping: Stopping,
  state: Tensor,
) => {
  readonly x: Tensor;
  readonly state: Tensor;
  /** Where x may be extrapolated: T of the last x, or of a better one where that x was extrapolated too far. */
  readonly settled?: Tensor;
};

/** Runs x⁺ = T(x) until every sample has stopped. */
export const runPlain: Runner = (tracing, begun, stopping, initial) => {
  const { tolerance, floor, limit, giveUp, staleLimit = STALE_LIMIT } = stopping;
  const { fused, keeps, start } = begun;
  const { x } = start;
  const [batch, n] = x.shape;
  const rule = { tolerance, floor, limit, staleLimit, giveUp };
  if (begun.whole && n <= tracing.widestIteration) return begun.whole(x, initial, rule);
  if (fused) {
    if (n <= tracing.widestIteration) return runWholeLoop(fused, x, initial, rule);
    if (2 * batch * n ** 2 <= tracing.largestPass) {
      const { factor, transposed, ...own } = fused;
      const options = { ...own, ...rule };
      const start = packPass(factor?.(x) ?? x, x, initial);
      const end = runInPairs(tracing, start, x.shape, limit, (carried) => passRows(carried, transposed, options));
      const { factor: next, kept, state } = unpackPass(end, x.shape);
      return { x: keeps === 'x' ? whereRunning(state, next, kept) : kept, state };
    }
  }
  const final = tracing.loop<{ state: Tensor } & Iterate>(
    { ...start, state: initial },
    ({ state }) => statusOf(state),
    limit,
    ({ state, ...iterate }) => {
      const { next, residual } = begun.step(iterate);
      // Before the monitor where it does not decide this, so that it is done together with what else reads the same rows.
      const moved = keeps === 'next' ? whereRunning(state, next.x, iterate.x) : undefined;
      const after = monitor(state, residual, tolerance, floor, { giveUp, staleLimit });
      return { ...next, x: moved ?? whereRunning(after, next.x, iterate.x), state: after };
    },
  );
  return { x: final.x, state: final.state };
};

/** Runs the loop in one kernel call; for n up to the context's widestIteration. */
export function runWholeLoop(
  fused: FusedIteration,
  x: Tensor,
  state: Tensor,
  rule: StopRule & Pick<IterateOptions, 'accelerated'>,
): ReturnType<Runner> {
  const { transposed, factor: _, matrix, ...own } = fused;
  return iterateRows(x, state, { ...own, ...rule, matrix: padColumns(transposed ? transpose(matrix) : matrix) });
}

/** Runs passes in pairs, so that each reads what the other one writes and nothing is copied. */
function runInPairs(
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
