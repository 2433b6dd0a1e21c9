import { combine, divideOrZero, reduceRows } from '../tensor/kernels.ts';
import type { KrylovMethod } from './krylov.ts';

/**
 * Conjugate gradients on the normal equations, in the form that updates the residual r of the system itself. With A =
 * S, s = Aᵀr and γ = ‖s‖²: q = Ap, α = γ/‖q‖², y += αp, r −= αq, β = γ⁺/γ, p = s⁺ + βp. Converges for every
 * nonsingular A, with two products an iteration, but squares the condition number.
 */
export const cgnr: KrylovMethod = {
  start(problem, r) {
    const s = problem.applyTransposed(r);
    return { r, p: s, gamma: reduceRows('dot', [s, s]) };
  },
  step(problem, { r, p, gamma }) {
    const q = problem.apply(p);
    const alpha = divideOrZero(gamma, reduceRows('dot', [q, q]));
    const change = combine({ x: p, coefficient: alpha });
    const rNext = combine({ x: r }, { x: q, coefficient: alpha, factor: -1 });
    const s = problem.applyTransposed(rNext);
    const gammaNext = reduceRows('dot', [s, s]);
    const pNext = combine({ x: s }, { x: p, coefficient: divideOrZero(gammaNext, gamma) });
    return { values: { r: rNext, p: pNext, gamma: gammaNext }, change, r: rNext };
  },
};
