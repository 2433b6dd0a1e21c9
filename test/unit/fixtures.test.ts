import { describe, expect, test } from 'vitest';
import { loadKinks, loadMonotone, type Matrix } from '../fixtures/load.ts';

/** The activation by its definition, in float64. */
const activations: Record<string, (x: number, tau: number) => number> = {
  relu: (x) => Math.max(x, 0),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softthreshold: (x, tau) => Math.sign(x) * Math.max(Math.abs(x) - tau, 0),
};

/** The greatest |z − σ(Wz + b)| of one sample. */
function residual(W: Matrix, b: readonly number[], z: readonly number[], activation: string, tau = 0): number {
  const errors = W.map((row, i) => {
    const argument = row.reduce((sum, weight, j) => sum + weight * z[j], b[i]);
    return Math.abs(z[i] - activations[activation](argument, tau));
  });
  return Math.max(...errors);
}

describe('the reference problems are consistent', () => {
  test.each(['n4', 'n32', 'n87', 'illcond'] as const)('%s: z is a fixed point of the rebuilt W', (name) => {
    for (const each of loadMonotone(name)) {
      each.z.forEach((z, sample) => {
        expect(residual(each.W, each.b[sample], z, each.activation, each.tau)).toBeLessThan(1e-14);
      });
    }
  });

  test.each(['n4', 'n32', 'n87', 'illcond'] as const)('%s: grad_W = Σ grad_b zᵀ and grad_m = −trace', (name) => {
    for (const { grad_W, grad_b, grad_m, z } of loadMonotone(name)) {
      const scale = Math.max(...grad_W.flat().map(Math.abs));
      grad_W.forEach((row, i) => {
        row.forEach((entry, j) => {
          const expected = z.reduce((sum, sample, s) => sum + grad_b[s][i] * sample[j], 0);
          expect(Math.abs(entry - expected)).toBeLessThan(1e-12 * scale);
        });
      });
      const trace = grad_W.reduce((sum, row, i) => sum + row[i], 0);
      if (grad_m !== undefined) expect(Math.abs(grad_m + trace)).toBeLessThan(1e-11 * scale);
    }
  });

  test('kinks: z is exact, and so are the kinks', () => {
    for (const each of loadKinks()) {
      expect(residual(each.W, each.b, each.z, each.activation, each.tau)).toBe(0);
      for (const coordinate of each.kink_coords) {
        expect(Math.abs(each.pre_activation[coordinate])).toBe(each.tau ?? 0);
      }
      expect(each.admissible).toHaveLength(9);
    }
  });
});
