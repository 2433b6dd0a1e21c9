/** Forward iterations x⁺ = T(x) whose fixed points give the solutions of an equation, and the loop that runs one. */
import type { IterationName } from '../backends/kernels.ts';
import { iterateRows, paddedColumns, type StopRule } from '../tensor/kernels.ts';
import { transpose } from '../tensor/operations.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Equation } from './equation.ts';
import { monitor, STALE_LIMIT, statusOf, whereRunning } from './monitor.ts';

/** `x` is the vector that T maps, [batch, n]; what else rides along may be dropped for its start at any time. */
export type Iterate = { readonly x: Tensor } & Readonly<Record<string, Tensor>>;

export interface Iteration {
  readonly name: string;
  /** The equation must hold a resolvent. */
  readonly needsResolvent: boolean;
  /**
   * @param z where to start, [batch, n]
   * @param p Wz + b
   */
  begin(tracing: LoopContext, equation: Equation, z: Tensor, p: Tensor): Begun;
}

export interface Begun {
  readonly start: Iterate;
  /** T, and a residual that the monitor may watch, [batch]: about that of the solution. */
  step(iterate: Iterate): { readonly next: Iterate; readonly residual: Tensor };
  /** Whether that residual speaks for x or for T(x): what a sample that stops then keeps. */
  readonly keeps: 'x' | 'next';
  /** z of an x. */
  solution(x: Tensor): Tensor;
  /** The whole loop in one kernel call, where there is a kernel for it. */
  whole?(x: Tensor, state: Tensor, rule: StopRule): ReturnType<Runner>;
}

/** The `whole` of an iteration that multiplies by W, or by the inverse in its place. */
export function wholeLoop(
  iteration: IterationName,
  { transposed, b, sigma }: Equation,
  matrix: Tensor,
  step?: Tensor,
): Pick<Begun, 'whole'> {
  const { known } = sigma;
  if (!known) return {};
  // Rows are samples: z·Mᵀ.
  const oriented = (): Tensor => paddedColumns(transposed ? matrix : transpose(matrix));
  return {
    whole: (x, state, rule) => iterateRows(x, state, { iteration, matrix: oriented(), b, step, ...known, ...rule }),
  };
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
}

/** Runs an iteration from a state of samples, some of which may have stopped before. */
export type Runner = (
  tracing: LoopContext,
  begun: Begun,
  stopping: Stopping,
  state: Tensor,
) => { readonly x: Tensor; readonly state: Tensor };

/** x⁺ = T(x), sample by sample until each has stopped. */
export const plain: Runner = (tracing, begun, { tolerance, floor, limit, giveUp }, initial) => {
  const { x } = begun.start;
  if (begun.whole && x.shape[1] <= tracing.widestIteration) {
    return begun.whole(x, initial, { tolerance, floor, limit, staleLimit: STALE_LIMIT, giveUp });
  }
  const final = tracing.loop<{ state: Tensor } & Iterate>(
    { ...begun.start, state: initial },
    ({ state }) => statusOf(state),
    limit,
    ({ state, ...iterate }) => {
      const { next, residual } = begun.step(iterate);
      const after = monitor(state, residual, tolerance, floor, { giveUp });
      return { ...next, x: whereRunning(begun.keeps === 'x' ? after : state, next.x, iterate.x), state: after };
    },
  );
  return { x: final.x, state: final.state };
};
