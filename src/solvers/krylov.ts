/** Krylov methods as methods for a LinearProblem, in a form of the problem's choice. */
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LinearMethod, LinearProblem } from './linear.ts';
import { monitor, statusOf, whereRunning } from './monitor.ts';

/**
 * The correction e with Bᵀe = r is computed from a y with Sy = s. Without a better form, S is Bᵀ, s is r, and e is y.
 */
export interface KrylovProblem extends LinearProblem {
  /** S y */
  apply(y: Tensor): Tensor;
  /** Sᵀx */
  applyTransposed(x: Tensor): Tensor;
  /** Computes s from r. */
  enter(r: Tensor): Tensor;
  /** Computes e from y and r. */
  leave(y: Tensor, r: Tensor): Tensor;
}

/** A Krylov method. It carries values by name from iteration to iteration; `r` is its residual s − Sy, [batch, n]. */
export interface KrylovMethod {
  readonly restart?: number;
  /**
   * It gives up after this many iterations without a residual 10 % below the best one. Default: that of the monitor.
   */
  readonly staleLimit?: number;
  start(problem: KrylovProblem, r: Tensor): Record<string, Tensor>;
  step(
    problem: KrylovProblem,
    values: Record<string, Tensor>,
  ): { values: Record<string, Tensor>; change: Tensor; r: Tensor };
}

export function krylov<Problem extends KrylovProblem>(method: KrylovMethod): LinearMethod<Problem> {
  return {
    // In exact arithmetic a Krylov method ends after finitely many iterations.
    converges: 'linearly',
    restart: method.restart,
    correct(tracing, problem, { r, state, tolerance, limit }) {
      const zeros = tracing.constant({ kind: 'fill', value: 0 }, r.shape);
      const start = { ...method.start(problem, problem.enter(r)), y: zeros, state };
      const final = tracing.loop<Record<string, Tensor>>(
        start,
        (values) => statusOf(values.state),
        limit,
        (values) => {
          // Computed before y changes, so that y can change in place.
          const rounding = elementwise('multiply', [reduceRows('norm', [values.y]), problem.floor]);
          const { values: next, change, r: carried } = method.step(problem, values);
          const residual = reduceRows('norm', [carried]);
          return {
            ...next,
            y: whereRunning(values.state, combine({ x: values.y }, { x: change }), values.y),
            state: monitor(values.state, residual, tolerance, rounding, {
              giveUp: true,
              staleLimit: method.staleLimit,
            }),
          };
        },
      );
      return { e: problem.leave(final.y, r), state: final.state };
    },
  };
}
