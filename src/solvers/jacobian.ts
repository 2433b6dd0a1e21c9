/** An element J of the conservative Jacobian of σ at the pre-activation, one for each sample: 0 ⪯ J ⪯ I, symmetric. */
import { combine, elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ProximalMap } from './equation.ts';

export interface Jacobian {
  /** J x */
  apply(x: Tensor): Tensor;
  /** F y, where J = F Fᵀ. */
  factor(y: Tensor): Tensor;
  /** Fᵀ x */
  factorTransposed(x: Tensor): Tensor;
  /** (J + α(I − J))⁻¹J x: prox_{αf} where prox_f = J. */
  proximal(x: Tensor, step: Tensor): Tensor;
  /** F = diag of this, where F is diagonal, [batch, n]: lets a product scale its result in passing. */
  readonly diagonalFactor: Tensor | undefined;
}

/** J = diag(d) of an element-wise σ: F = diag(√d), and prox_{αf} has d/(d + α(1 − d)) (Winston & Kolter 2020, Theorem 2). */
export function diagonalJacobian(d: Tensor): Jacobian {
  const root = elementwise('sqrt', [d]);
  const times = (y: Tensor): Tensor => elementwise('multiply', [root, y]);
  return {
    apply: (x) => elementwise('multiply', [d, x]),
    factor: times,
    factorTransposed: times,
    proximal(x, step) {
      const rest = elementwise('multiply', [elementwise('scale', [d], [-1, 1]), step]);
      return elementwise('multiply', [elementwise('divide', [d, elementwise('add', [d, rest])]), x]);
    },
    diagonalFactor: root,
  };
}

/** The linear map J in the place of σ; its residual is not relative: the cotangent has length 1. */
export function proximalMapOfJacobian(J: Jacobian, norm: (x: Tensor) => Tensor): ProximalMap {
  return {
    value: J.apply,
    proximal: J.proximal,
    residual: (z, p) => norm(combine({ x: z }, { x: J.apply(p), factor: -1 })),
  };
}
