/** A user's own equations on the GPU: gradients against float64 finite differences, and their certificates. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { argmin, type Engine, fixedPoint, open, root, type Tensor, valueAndGrad } from '../../src/index.ts';
import { centralDifferences, gradientError, normals } from '../support/numbers.ts';

let oracle: Engine;
let candidate: Engine;
beforeAll(async () => {
  oracle = await open({ backend: 'cpu' });
  candidate = await open({ backend: 'webgpu' });
});
afterAll(() => {
  oracle?.close();
  candidate?.close();
});

const [n, batch] = [4, 2];
const zeros = ({ context }: Tensor, x: Tensor): Tensor => context.upload(new Float64Array(n * batch), [batch, n], x);

/** Solutions of random systems in W [n, n] and x [batch, n], to the given tolerance. */
const SYSTEMS: Readonly<Record<string, (W: Tensor, x: Tensor, tolerance: number) => Tensor>> = {
  'a smooth fixed point': (W, x, tolerance) =>
    fixedPoint((z, w, b) => z.matmul(w).add(b).tanh(), { unknown: zeros(W, x), inputs: [W, x], tolerance }),
  'a fixed point with kinks': (W, x, tolerance) =>
    fixedPoint((z, w, b) => z.matmul(w).add(b).relu().sub(z.abs().mul(0.2)).maximum(z.mul(0.1)), {
      unknown: zeros(W, x),
      inputs: [W, x],
      tolerance,
    }),
  'a root by Newton steps': (W, x, tolerance) =>
    root((z, w, b) => z.add(z.matmul(w).softplus()).sub(b), { unknown: zeros(W, x), inputs: [W, x], tolerance }),
  'a minimiser': (W, x, tolerance) =>
    argmin((z, w, b) => z.sub(b).square().sum(-1).add(z.matmul(w).softplus().sum(-1)), {
      unknown: zeros(W, x),
      inputs: [W, x],
      tolerance,
    }),
};

describe.each(Object.entries(SYSTEMS))('%s', (_, solve) => {
  test.each([1, 2, 3])('gradients within 1e-3 of differences in float64, seed %i', async (seed) => {
    const arrays = [normals(n * n, seed, 0.3 / Math.sqrt(n)), normals(batch * n, seed + 10)];
    const shapes = [
      [n, n],
      [batch, n],
    ];
    const lossOn =
      (engine: Engine, tolerance: number) =>
      (W: Tensor, x: Tensor): Tensor =>
        solve(W, x, tolerance)
          .mul(engine.tensor(normals(batch * n, seed + 20), [batch, n]))
          .sum();
    const on = (engine: Engine, values: readonly number[][]): Tensor[] =>
      values.map((array, index) => engine.tensor(array, shapes[index]));
    const loss = lossOn(candidate, 1e-5);
    const [, gradients] = await valueAndGrad((W, x) => loss(W, x), on(candidate, arrays));
    const exact = lossOn(oracle, 1e-13);
    for (const [index, gradient] of gradients.entries()) {
      const lossAt = async (values: number[][]): Promise<number> => {
        const [W, x] = on(oracle, values);
        return (await exact(W, x).data())[0];
      };
      const differences = await centralDifferences(lossAt, arrays, index);
      expect(gradientError(await gradient.data(), differences)).toBeLessThan(1e-3);
    }
  });
});

test('kinks are found, counted and placed on the GPU as on the CPU', async () => {
  const found = await Promise.all(
    [oracle, candidate].map(async (engine) => {
      const solutions: ReturnType<typeof fixedPoint>[] = [];
      const values = [0, 1, 0.5, -0.25, 2, 0];
      await valueAndGrad(
        (x) => {
          const z = fixedPoint((y, b) => y.mul(0.25).abs().add(b.softThreshold(0.5)), {
            unknown: engine.tensor(new Float64Array(6), [3, 2]),
            inputs: [x],
            tolerance: 1e-5,
          });
          solutions.push(z);
          return z.sum();
        },
        [engine.tensor(values, [3, 2])],
      );
      const { certificate } = await solutions[0].solve.backwardReports[0];
      return {
        status: certificate.status,
        argument: certificate.argument,
        counts: certificate.samples.map(({ kinks }) => kinks),
        kinks: certificate.kinks.map(({ sample, operation, place, index, value }) => [
          sample,
          operation,
          place,
          index,
          value,
        ]),
      };
    }),
  );
  expect(found[1]).toEqual(found[0]);
  expect(found[0].argument).toBe('contraction');
  // The kinks are at z = 0, and at x = 0.5 for softThreshold.
  expect(found[0].counts).toEqual([1, 3, 1]);
});
