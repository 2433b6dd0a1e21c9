import { combine, divideOrZero, elementwise, reduceRows, scalarStep } from '../tensor/kernels.ts';
import type { KrylovMethod } from './krylov.ts';

/**
 * BiCGSTAB (van der Vorst 1992). With A = S, shadow r̂ = r₀, ρ = r̂·r:
 *   q = Ap, α = ρ/(r̂·q), s = r − αq, t = As, ω = (t·s)/(t·t), y += αp + ωs, r⁺ = s − ωt,
 *   β = (ρ⁺/ρ)(α/ω), p⁺ = r⁺ + β(p − ωq).
 * It does not square the condition number. It may break down: the sample then goes stale and the round ends.
 */
export const bicgstab: KrylovMethod = {
  start(_problem, r) {
    return { r, p: r, shadow: r, rho: reduceRows('dot', [r, r]) };
  },
  step(problem, { r, p, shadow, rho }) {
    const q = problem.apply(p);
    const alpha = divideOrZero(rho, reduceRows('dot', [shadow, q]));
    const s = combine({ x: r }, { x: q, coefficient: alpha, factor: -1 });
    const t = problem.apply(s);
    const omega = divideOrZero(reduceRows('dot', [t, s]), reduceRows('dot', [t, t]));
    const change = combine({ x: p, coefficient: alpha }, { x: s, coefficient: omega });
    const rNext = combine({ x: s }, { x: t, coefficient: omega, factor: -1 });
    const rhoNext = reduceRows('dot', [shadow, rNext]);
    const beta = scalarStep('ratioProduct', rho.size, [rhoNext, rho, alpha, omega], rho.shape);
    const betaOmega = elementwise('multiply', [beta, omega]);
    const pNext = combine({ x: rNext }, { x: p, coefficient: beta }, { x: q, coefficient: betaOmega, factor: -1 });
    return { values: { r: rNext, p: pNext, shadow, rho: rhoNext }, change, r: rNext };
  },
};
