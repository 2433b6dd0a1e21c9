/** Which sample a number of a function belongs to, however the function lays its numbers out; and functions that mix samples. */
import { afterAll, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { fixedPoint } from '../../src/implicit/root.ts';
import type { ImplicitFunction } from '../../src/implicit/system.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const t = (values: number[], shape: number[]): Tensor => engine.tensor(values, shape);
const given = (f: ImplicitFunction, z: Tensor, inputs: Tensor[] = [], more: object = {}) =>
  fixedPoint(f, { unknown: z, inputs, solver: 'given', ...more });

test('a certificate does not depend on how the rows are laid out', async () => {
  const inputs = [t([2, 0, 0, 0.5], [2, 2]), t([-1, 0.5, 0, 0.5], [2, 2])];
  const z = t([1, 1, 0, 1], [2, 2]);
  const rows = await given((y, W, c) => y.matmul(W, { transposeB: true }).relu().add(c), z, inputs).solve.certify();
  const columns = await given(
    (y, W, c) => W.matmul(y, { transposeB: true }).relu().transpose().add(c),
    z,
    inputs,
  ).solve.certify();
  expect(rows.samples.map(({ status }) => status)).toEqual(['certified', 'failed']);
  expect(columns).toEqual(rows);
});

test('a function that mixes rows is refused', () => {
  expect(() => given((y) => y.gather([1, 0]).neg(), t([0, 0], [2, 1]))).toThrow(/coupled/);
});
