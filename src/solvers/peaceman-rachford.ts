import { combine, elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createFusedIteration, type Iterate, type Iteration } from './iteration.ts';
import { repeatForBatch } from './monitor.ts';

/**
 * Peaceman-Rachford splitting (Winston & Kolter 2020, section 3); converges for every α > 0. With V = (I + α(I −
 * W))⁻¹:
 *   z = prox_{αf}(u);  u½ = 2z − u;  z½ = V(u½ + αb);  u⁺ = 2z½ − u½;  start u = (1 − α)z + α(Wz + b).
 * The x of this iteration is u, and z is carried with it.
 *
 * The equation of z½ yields its pre-activation without a product, p½ = Wz½ + b = z½ + (z½ − u½)/α, and u⁺ = (1 − α)z½ +
 * αp½. So z½ − prox_{αf}(u⁺) is the residual of a gradient step of size α from z½. It costs nothing, since the next iteration
 * begins with prox_{αf}(u⁺), and is between min(1, α) and max(1, α) times as long as the fixed-point residual r of z½, the
 * same for α = 1. The solution is z = prox_{αf}(u⁺), which preserves exact zeros. It is within max(1, α)‖r‖ of z½, so that
 * its own residual is at most (1 + (1 + ‖W‖)max(1, α))‖r‖, and usually about ‖r‖. Its pre-activation is (u⁺ − (1 − α)z)/α,
 * up to W(z½ − z).
 */
export const peacemanRachford: Iteration = {
  name: 'peaceman-rachford',
  converges: 'linearly',
  needsResolvent: true,
  begin(_tracing, equation, z, p) {
    const { b, sigma, resolvent } = equation;
    if (!resolvent) throw new Error('peaceman-rachford: the equation holds no resolvent');
    const { step } = resolvent;
    const proximal = sigma.proximal(step);
    const stepRows = repeatForBatch(step, b.shape[0]);
    const inverseRows = elementwise('reciprocal', [stepRows]); // 1/α
    const rest = elementwise('scale', [stepRows], [-1, 1]); // 1 − α
    const scaledBias = elementwise('multiply', [b, step]); // αb
    // u½ + αb, for z = prox_{αf}(u)
    const rightOf = (z: Tensor, u: Tensor): Tensor =>
      combine({ x: z, factor: 2 }, { x: u, factor: -1 }, { x: scaledBias });
    const at = (u: Tensor): Iterate => ({ x: u, z: proximal(u) });
    return {
      start: at(combine({ x: z, coefficient: rest }, { x: p, coefficient: stepRows })),
      at,
      step({ x: u, z }) {
        const right = rightOf(z, u);
        const half = resolvent.apply(right, { transposed: false }); // z½
        const next = combine({ x: half, factor: 2 }, { x: right, factor: -1 }, { x: scaledBias });
        const after = proximal(next);
        return { next: { x: next, z: after }, residual: sigma.distance(half, after) };
      },
      keeps: 'next',
      solution: proximal,
      preActivation(u) {
        const coefficient = elementwise('multiply', [rest, inverseRows]);
        return combine({ x: u, coefficient: inverseRows }, { x: proximal(u), coefficient, factor: -1 });
      },
      ...createFusedIteration('peacemanRachford', equation, resolvent.matrix, {
        step,
        factor: (u) => rightOf(proximal(u), u),
      }),
    };
  },
};
