/** Samples that have failed, and that the loss leaves out, do not affect the gradients of what the batch shares. */
import { afterAll, describe, expect, test } from 'vitest';
import { type BackendName, fixedPoint, monotoneFixedPoint, root, type Tensor, valueAndGrad } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const near = (values: readonly number[]): number[] => values.map((value) => expect.closeTo(value, 4) as number);

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('%s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);

  // z = σ(−3z + b), which Picard solves only when started at the solution: z = (1, 2) for the first sample.
  const b = [4, 8, 1, 2];
  const start = [1, 2, 0, 0];
  const lossOf = (z: Tensor): Tensor => z.slice([0, 0], [1, 2]).square().sum();

  test.each(['bicgstab', 'cgnr', 'gmres', 'peaceman-rachford'] as const)(
    'a monotone layer, %s',
    async (linearSolver) => {
      const engine = await opened();
      const inputs = [engine.tensor([-3, 0, 0, -3], [2, 2]), engine.tensor(b, [2, 2])];
      const options = {
        activation: { name: 'leakyRelu', slope: 0.9375 },
        margin: 4,
        solver: 'picard',
        limit: 2000,
      } as const;
      const [, [dW, db]] = await valueAndGrad((W, c) => {
        const initial = engine.tensor(start, [2, 2]);
        return lossOf(monotoneFixedPoint(W, c, { ...options, initial, linearSolver, onFailure: 'report' }).z);
      }, inputs);
      expect([...(await db.data())]).toEqual(near([0.5, 1, 0, 0]));
      expect([...(await dW.data())]).toEqual(near([0.5, 1, 1, 2]));
    },
  );

  test('a fixed point of a function of the user', async () => {
    const engine = await opened();
    const c = engine.tensor(b, [2, 2]);
    const [, [dA]] = await valueAndGrad(
      (A) => {
        const unknown = engine.tensor(start, [2, 2]);
        const options = { unknown, inputs: [A, c], solver: 'picard', onFailure: 'report', limit: 2000 } as const;
        return lossOf(fixedPoint((z: Tensor, M: Tensor, d: Tensor) => z.matmul(M).add(d), options));
      },
      [engine.tensor([-3, 0, 0, -3], [2, 2])],
    );
    expect([...(await dA.data())]).toEqual(near([0.5, 1, 1, 2]));
  });

  test.each([false, true])(
    'a fixed point whose inputs are outside the domain of f in one sample, certify %s',
    async (certify) => {
      const engine = await opened();
      const f = (z: Tensor, x: Tensor, M: Tensor): Tensor => z.matmul(M).add(x.log()).tanh();
      const M = engine.tensor([0.3, 0.1, -0.2, 0.2], [2, 2]);
      const gradientFrom = async (rows: readonly number[]) => {
        const samples = rows.length / 2;
        const unknown = engine.tensor(new Float32Array(rows.length), [samples, 2]);
        const x = engine.tensor(rows, [samples, 2]);
        const [, [dM, dx]] = await valueAndGrad(
          (M, x) => lossOf(fixedPoint(f, { unknown, inputs: [x, M], onFailure: 'report', certify })),
          [M, x],
        );
        return { dM: [...(await dM.data())], dx: [...(await dx.data())].slice(0, 2) };
      };
      const alone = await gradientFrom([1, 2]);
      for (const failing of [
        [-1, 3],
        [3, -1],
        [-1, -2],
      ]) {
        const { dM, dx } = await gradientFrom([1, 2, ...failing]);
        expect(dM).toEqual(near(alone.dM));
        expect(dx).toEqual(near(alone.dx));
      }
    },
  );

  test('a root with a sample that starts outside the domain of F', async () => {
    const engine = await opened();
    // a·ln z = x, so that z = exp(x/a); from −3 no solution is found.
    const x = engine.tensor([1, 1, 2], [3, 1]);
    for (const starts of [
      [2, -3, 3],
      [-3, 2, 3],
    ]) {
      const kept = starts.flatMap((start, sample) => (start > 0 ? [sample] : []));
      const [, [da, dx]] = await valueAndGrad(
        (a, y) => {
          const F = (z: Tensor, factor: Tensor, right: Tensor): Tensor => z.log().mul(factor).sub(right);
          const options = { inputs: [a, y], onFailure: 'report', tolerance: 1e-6 } as const;
          return root(F, { ...options, unknown: engine.tensor(starts, [3, 1]) })
            .gather(kept)
            .sum();
        },
        [engine.tensor([2]), x],
      );
      const right = await x.data();
      const z = (sample: number): number => Math.exp(right[sample] / 2);
      expect([...(await da.data())]).toEqual(near([-kept.reduce((sum, at) => sum + (z(at) * right[at]) / 4, 0)]));
      expect([...(await dx.data())]).toEqual(near(starts.map((start, at) => (start > 0 ? z(at) / 2 : 0))));
    }
  });

  test('a root with a sample that leaves the domain of F', async () => {
    const engine = await opened();
    // √z = ax has no solution for x = −1: the steps end where √z is undefined.
    const x = engine.tensor([1, -1], [2, 1]);
    const [, [da]] = await valueAndGrad(
      (a) => {
        const unknown = engine.tensor([1, 1], [2, 1]);
        const F = (z: Tensor, factor: Tensor, y: Tensor): Tensor => z.sqrt().sub(y.mul(factor));
        return root(F, { unknown, inputs: [a, x], onFailure: 'report', limit: 20, tolerance: 1e-6 })
          .slice([0, 0], [1, 1])
          .sum();
      },
      [engine.tensor([1.5])],
    );
    expect([...(await da.data())]).toEqual(near([3])); // z = a²x²
  });
});
