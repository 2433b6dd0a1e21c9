/** The linear system of a Lasso solution: symmetric and positive definite, on the active features. */
import { elementwise, reduceAll } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { KrylovProblem } from '../krylov.ts';
import { applyHessian, type LassoProblem } from './problem.ts';

interface SupportSystem {
  /** S = (XᵀPX + ρ) on the active features, plus 1/q − 1 on its diagonal. */
  readonly problem: KrylovProblem;
  /** 1 where q > 0, else 0, [batch, features]. */
  readonly active: Tensor;
}

/**
 * With Q = diag(q) and H = XᵀPX + ρ, the derivative of the solution (Bolte et al. 2021, Proposition 5, step 1) is (I
 * − Q(I − H))⁻¹Q. It is 0 except on the features with q > 0, and there it is S⁻¹ with S = H + Q⁻¹ − I: symmetric, and
 * positive definite if H is.
 * @param q from 0 to 1, [batch, features]
 * @param v right-hand side, [batch, features]; entries outside of the active features are ignored
 */
export function supportSystem(
  problem: Pick<LassoProblem, 'design' | 'ridge'>,
  q: Tensor,
  v: Tensor,
  { tolerance, limit }: Pick<KrylovProblem, 'tolerance' | 'limit'>,
): SupportSystem {
  const { context } = q;
  const constant = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
  const active = elementwise('sign', [q]);
  const slack = elementwise('select', [
    q,
    elementwise('scale', [elementwise('reciprocal', [q])], [1, -1]),
    constant(0),
  ]);
  const on = (x: Tensor): Tensor => elementwise('multiply', [active, x]);
  const apply = (y: Tensor): Tensor =>
    elementwise('add', [on(applyHessian(problem, y)), elementwise('multiply', [slack, y])]);
  const largest = elementwise('add', [
    problem.design.bound,
    elementwise('add', [reduceAll('maximum', problem.ridge), reduceAll('maximum', slack)]),
  ]);
  const floor = elementwise('scale', [largest], [context.epsilon, context.epsilon]);
  return {
    active,
    problem: {
      v: on(v),
      tolerance,
      limit,
      floor,
      residual: (u, right) => elementwise('subtract', [right, apply(u)]),
      apply,
      applyTransposed: apply,
      enter: (r) => r,
      leave: (y) => y,
    },
  };
}
