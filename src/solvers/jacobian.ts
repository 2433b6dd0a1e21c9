/** An element J of the conservative Jacobian of σ at the pre-activation, one for each sample: 0 ⪯ J ⪯ I, symmetric. */
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ProximalMap } from './equation.ts';

export interface Jacobian {
  /** J x */
  apply(x: Tensor): Tensor;
  /** F y, where J = F Fᵀ. */
  factor(y: Tensor): Tensor;
  /** Fᵀ x */
  factorTransposed(x: Tensor): Tensor;
  /** (J + α(I − J))⁻¹J: prox_{αf} where prox_f = J. */
  proximal(step: Tensor): (x: Tensor) => Tensor;
  /** F = diag of this if F is diagonal, [batch, n]: the kernel of a product can then scale its result too. */
  readonly diagonalFactor: Tensor | undefined;
  /** d if J = diag(d), [batch, n]. */
  readonly diagonal: Tensor | undefined;
}

/**
 * J = diag(d) of an element-wise σ: F = diag(√d), and prox_{αf} multiplies by d/(d + α(1 − d)) (Winston & Kolter 2020,
 * Theorem 2). Where d is 0 or 1, all three are d.
 * @param isBinary whether every number of d is 0 or 1
 */
export function diagonalJacobian(d: Tensor, isBinary: boolean): Jacobian {
  const root = isBinary ? d : elementwise('sqrt', [d]);
  const times = (y: Tensor): Tensor => elementwise('multiply', [root, y]);
  return {
    apply: (x) => elementwise('multiply', [d, x]),
    factor: times,
    factorTransposed: times,
    proximal(step) {
      if (isBinary) return (x) => elementwise('multiply', [d, x]);
      const scaled = elementwise('multiply', [d, elementwise('scale', [step], [-1, 1])]); // (1 − α)d
      const factor = elementwise('divide', [d, elementwise('add', [scaled, step])]);
      return (x) => elementwise('multiply', [factor, x]);
    },
    diagonalFactor: root,
    diagonal: d,
  };
}

/** The linear map J in place of σ. Its residual is absolute, because the cotangent has length 1. */
export function proximalMapOfJacobian(J: Jacobian, norm: (x: Tensor) => Tensor): ProximalMap {
  return {
    value: J.apply,
    proximal: J.proximal,
    residual: (z, p) => norm(combine({ x: z }, { x: J.apply(p), factor: -1 })),
    known: J.diagonal && { activation: 'identity', activationParameters: [0, 0], slope: J.diagonal },
  };
}

/**
 * J = diag(s) − ssᵀ of softmax, s its value. With t = √s and the projector P = I − ttᵀ, J = FFᵀ for F = diag(t)P. For
 * prox_{αf}: J + α(I − J) = diag(D) − (1 − α)ssᵀ with D = (1 − α)s + α, inverted by the formula of Sherman & Morrison,
 * whose denominator 1 − (1 − α)Σ s²/D is α·Σ s/D, since Σ s = 1.
 */
export function softmaxJacobian(s: Tensor): Jacobian {
  const root = elementwise('sqrt', [s]);
  const less = (x: Tensor, coefficient: Tensor, y: Tensor): Tensor => combine({ x }, { x: y, coefficient, factor: -1 });
  const projected = (x: Tensor): Tensor => less(x, reduceRows('dot', [root, x]), root);
  const apply = (x: Tensor): Tensor => less(elementwise('multiply', [s, x]), reduceRows('dot', [s, x]), s);
  return {
    apply,
    factor: (y) => elementwise('multiply', [root, projected(y)]),
    factorTransposed: (x) => projected(elementwise('multiply', [root, x])),
    proximal(step) {
      const rest = elementwise('scale', [step], [-1, 1]); // 1 − α
      const diagonal = elementwise('add', [elementwise('multiply', [s, rest]), step]);
      const share = elementwise('divide', [s, diagonal]);
      const denominator = elementwise('multiply', [reduceRows('sum', [share]), step]);
      const ratio = elementwise('divide', [rest, denominator]);
      return (x) => {
        const solved = elementwise('divide', [apply(x), diagonal]);
        const coefficient = elementwise('multiply', [reduceRows('dot', [s, solved]), ratio]);
        return combine({ x: solved }, { x: share, coefficient });
      };
    },
    diagonalFactor: undefined,
    diagonal: undefined,
  };
}
