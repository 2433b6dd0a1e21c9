/**
 * Krylov methods for the adjoint system in its active-block form. The correction e of a u with residual r solves
 * (I − JW)ᵀe = r. With J = F Fᵀ (F = diag(√d) where J = diag(d)) and e = r + WᵀFy that becomes
 *   S y = Fᵀr,  S = I − FᵀWᵀF,
 * which for 0/1 J is the system on the active block A, (I − W_AA)ᵀy_A = v_A, and the identity off it. Its symmetric part is
 * I − FᵀF + Fᵀ(I − (W + Wᵀ)/2)F ⪰ min(1, m)·I for every 0 ⪯ J ⪯ I, whereas that of I − JW can be indefinite.
 * A residual s of it leaves the residual WᵀFs of the whole system. Each round solves for a correction, as iterative
 * refinement does, and so reaches the precision of u and not only that of y.
 */
import { combine, elementwise, product, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AdjointMethod, AdjointProblem } from './adjoint.ts';
import { monitor, statusOf, whereRunning } from './monitor.ts';

/** A Krylov method: what it carries from step to step, by name. `r` is its residual Fᵀr − Sy, [batch, n]. */
export interface KrylovMethod {
  readonly restart?: number;
  start(problem: AdjointProblem, r: Tensor): Record<string, Tensor>;
  step(
    problem: AdjointProblem,
    values: Record<string, Tensor>,
  ): { values: Record<string, Tensor>; change: Tensor; r: Tensor };
}

/** S y = y − Fᵀ(WᵀFy). */
export function applySystem({ W, J }: AdjointProblem, y: Tensor): Tensor {
  const weighted = J.factor(y);
  if (J.diagonalFactor) return product(weighted, W, { scale: J.diagonalFactor, prior: y, residual: true });
  return elementwise('subtract', [y, J.factorTransposed(product(weighted, W))]);
}

/** Sᵀx = x − Fᵀ(WFx). */
export function applySystemTransposed({ W, J }: AdjointProblem, x: Tensor): Tensor {
  const weighted = J.factor(x);
  const transposeB = true;
  if (J.diagonalFactor) {
    return product(weighted, W, { transposeB, scale: J.diagonalFactor, prior: x, residual: true });
  }
  return elementwise('subtract', [x, J.factorTransposed(product(weighted, W, { transposeB }))]);
}

export function krylov(method: KrylovMethod): AdjointMethod {
  return {
    restart: method.restart,
    round(tracing, problem, { u, r, state, tolerance, limit }) {
      const { W, J, norms } = problem;
      const zeros = tracing.constant({ kind: 'fill', value: 0 }, r.shape);
      const start = { ...method.start(problem, J.factorTransposed(r)), y: zeros, state };
      const final = tracing.loop<Record<string, Tensor>>(
        start,
        (values) => statusOf(values.state),
        limit,
        (values) => {
          // Before y changes, so that it can change in place.
          const rounding = elementwise('multiply', [reduceRows('norm', [values.y]), norms.floor]);
          const { values: next, change, r: carried } = method.step(problem, values);
          const residual = reduceRows('norm', [carried]);
          return {
            ...next,
            y: whereRunning(values.state, combine({ x: values.y }, { x: change }), values.y),
            state: monitor(values.state, residual, tolerance, rounding, { giveUp: true }),
          };
        },
      );
      // u + e
      const bias = combine({ x: u }, { x: r });
      return { u: product(J.factor(final.y), W, { bias }), state: final.state };
    },
  };
}
