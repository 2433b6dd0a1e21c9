import { combine, elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createFusedIteration, type Iteration } from './iteration.ts';
import { repeatForBatch } from './monitor.ts';

/**
 * Peaceman-Rachford splitting (Winston & Kolter 2020, section 3); converges for every α > 0. With V = (I + α(I −
 * W))⁻¹:
 *   z = prox_{αf}(u);  u½ = 2z − u;  z½ = V(u½ + αb);  u⁺ = 2z½ − u½;  start u = (1 − α)z + α(Wz + b).
 * The x of this iteration is u.
 *
 * The equation of z½ yields its pre-activation without a product, p½ = Wz½ + b = z½ + (z½ − u½)/α, so that the
 * fixed-point residual r of z½ costs nothing. The solution is z = prox_{αf}(u⁺) with u⁺ = (1 − α)z½ + αp½, which
 * preserves exact zeros. It is within max(1, α)‖r‖ of z½, so that its own residual is at most (1 + (1 + ‖W‖)max(1,
 * α))‖r‖, and usually about ‖r‖. Its pre-activation is (u⁺ − (1 − α)z)/α up to W(z½ − z).
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
    const onePlusInverse = elementwise('scale', [inverseRows], [1, 1]); // 1 + 1/α
    const scaledBias = { x: b, coefficient: stepRows }; // αb
    // u½ + αb
    const factor = (u: Tensor): Tensor => combine({ x: proximal(u), factor: 2 }, { x: u, factor: -1 }, scaledBias);
    return {
      start: {
        x: combine({ x: z, coefficient: elementwise('scale', [stepRows], [-1, 1]) }, { x: p, coefficient: stepRows }),
      },
      step({ x: u }) {
        const right = factor(u);
        const half = resolvent.apply(right, { transposed: false }); // z½
        const halfPre = combine(
          { x: half, coefficient: onePlusInverse },
          { x: right, coefficient: inverseRows, factor: -1 },
          { x: b },
        ); // p½ = z½ + (z½ − u½)/α
        const next = combine({ x: half, factor: 2 }, { x: right, factor: -1 }, scaledBias);
        return { next: { x: next }, residual: sigma.residual(half, halfPre) };
      },
      keeps: 'next',
      solution: proximal,
      preActivation(u) {
        const share = elementwise('scale', [inverseRows], [1, -1]); // (1 − α)/α
        return combine({ x: u, coefficient: inverseRows }, { x: proximal(u), coefficient: share, factor: -1 });
      },
      ...createFusedIteration('peacemanRachford', equation, resolvent.matrix, { step, factor }),
    };
  },
};
