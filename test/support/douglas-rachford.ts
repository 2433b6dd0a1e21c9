/** An iteration as a user would write it, with the public exports only. */
import type { Iteration } from '../../src/index.ts';

/** Douglas-Rachford splitting: the mean of u and its image under Peaceman-Rachford splitting. */
export const douglasRachford: Iteration = {
  name: 'douglas-rachford',
  converges: 'linearly',
  needsResolvent: true, // V = (I + α(I − W))⁻¹
  begin(_tracing, { b, sigma, resolvent }, z, p) {
    if (!resolvent) throw new Error('douglas-rachford needs a resolvent');
    const { step } = resolvent; // α
    const proximal = sigma.proximal(step);
    return {
      start: { x: z.add(p.sub(z).mul(step)) }, // u = (1 − α)z + α(Wz + b)
      step({ x: u }) {
        const near = proximal(u);
        const right = near.mul(2).sub(u).add(b.mul(step));
        const half = resolvent.apply(right, { transposed: false }); // V(2z − u + αb)
        const pre = half.add(half.sub(right).div(step)).add(b); // W·half + b, without a product
        return { next: { x: u.add(half).sub(near) }, residual: sigma.residual(half, pre) };
      },
      keeps: 'next',
      solution: proximal,
    };
  },
};
