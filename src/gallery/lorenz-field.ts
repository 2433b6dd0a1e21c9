/** The vector field of the Lorenz system. */
import { concat, type Tensor } from '../index.ts';

export type Vector = readonly [number, number, number];

/** The field of E. N. Lorenz (1963) with σ = 10, ρ = 28, β = 8/3: (σ(y − x), x(ρ − z) − y, xy − βz), row by row. */
export function field(u: Tensor): Tensor {
  const [x, y, z] = [0, 1, 2].map((axis) => u.slice([0, axis], [u.shape[0], 1]));
  const first = y.sub(x).mul(10);
  const second = x.mul(z.neg().add(28)).sub(y);
  const third = x.mul(y).sub(z.mul(8 / 3));
  return concat([first, second, third], 1);
}
