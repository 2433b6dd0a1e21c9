import { combine, divideOrZero, reduceRows } from '../tensor/kernels.ts';
import type { KrylovMethod } from './krylov.ts';

/**
 * Conjugate gradients, for symmetric positive definite S only: q = Sp, α = γ/⟨p, q⟩, y += αp, r −= αq, β = γ⁺/γ, p =
 * r + βp, with γ = ‖r‖². It takes one product an iteration and does not square the condition number.
 */
export const conjugateGradients: KrylovMethod = {
  // Every iteration reduces the error, but for ill-conditioned matrices the residual may grow for a long time.
  staleLimit: 200,
  start: (_, r) => ({ r, p: r, gamma: reduceRows('dot', [r, r]) }),
  step(problem, { r, p, gamma }) {
    const q = problem.apply(p);
    const alpha = divideOrZero(gamma, reduceRows('dot', [p, q]));
    const change = combine({ x: p, coefficient: alpha });
    const rNext = combine({ x: r }, { x: q, coefficient: alpha, factor: -1 });
    const gammaNext = reduceRows('dot', [rNext, rNext]);
    const pNext = combine({ x: rNext }, { x: p, coefficient: divideOrZero(gammaNext, gamma) });
    return { values: { r: rNext, p: pNext, gamma: gammaNext }, change, r: rNext };
  },
};
