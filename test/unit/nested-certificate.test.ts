/** Functions that solve something themselves: their certificates and intervals see the kinks of what they solve. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { fixedPoint } from '../../src/implicit/root.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const t = (values: number[], shape: number[]): Tensor => engine.tensor(values, shape);

/** y = relu(y/2 + x): y′ is in [0, 2] at 0. */
const inner = (x: Tensor): Tensor =>
  fixedPoint((y, given) => y.mul(0.5).add(given).relu(), { unknown: t([0], [1, 1]), inputs: [x] });

describe('a fixed point within', () => {
  const at = (slope: number) =>
    fixedPoint((z) => inner(z).mul(slope), { unknown: t([0], [1, 1]), inputs: [], solver: 'given' });
  test('its kinks are those of the function', async () => {
    expect((await at(0.75).solve.certify()).status).toBe('failed');
    expect((await at(0.25).solve.certify()).status).toBe('certified');
    expect((await at(-4).solve.certify()).status).toBe('certified');
  });
});
