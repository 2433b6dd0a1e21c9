/** Entropic transport: the reference on every backend, small and large ε, batches, tangents and refusals. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  type Engine,
  open,
  optimalTransport,
  type Tensor,
  valueAndGrad,
} from '../../../src/index.ts';
import { DECLARATIVE } from '../../fixtures/load-declarative.ts';
import { adjointError, largestDifference, matrixOn } from '../../support/declarative.ts';
import { engineOn } from '../../support/engines.ts';
import { normals } from '../../support/numbers.ts';

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

describe.each(BACKENDS)('the reference on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const [value, gradient] = backend === 'cpu' ? [1e-9, 1e-8] : [1e-5, 1e-3];

  test.each(DECLARATIVE.transport.map((point) => [point.epsilon, point] as const))('ε = %d', async (_, point) => {
    const engine = await opened();
    const inputs = [
      matrixOn(engine, point.C),
      engine.tensor(point.a),
      engine.tensor(point.b),
      engine.tensor([point.epsilon]),
    ];
    const [C, a, b, epsilon] = inputs;
    const { plan, certificate } = optimalTransport(C, { a, b, epsilon });
    expect(largestDifference(await plan.data(), point.P.flat())).toBeLessThan(value);
    expect((await certificate()).status).toBe('certified');
    const G = matrixOn(engine, point.G);
    const [, gradients] = await valueAndGrad(
      (...[c, rows, columns, strength]: Tensor[]) =>
        optimalTransport(c, { a: rows, b: columns, epsilon: strength }).plan.mul(G).sum(),
      inputs,
    );
    const expected = [point.grad_C.flat(), point.grad_a, point.grad_b, [point.grad_epsilon]];
    for (const [index, each] of gradients.entries()) {
      expect(largestDifference(await each.data(), expected[index])).toBeLessThan(gradient);
    }
  });
});

describe('on the oracle', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  test.each([
    [3, 5],
    [5, 3],
    [4, 4],
    [1, 4],
    [4, 1],
  ])('%d × %d: marginals hold, and tangents are the adjoints of gradients', async (n, m) => {
    const C = engine.tensor(normals(2 * n * m, n), [2, n, m]);
    const a = engine.tensor(normals(n, 3).map((value) => 0.1 + value ** 2));
    const share = a.div(a.sum());
    const epsilon = engine.tensor([0.3]);
    const f = (c: Tensor, rows: Tensor, strength: Tensor): Tensor =>
      optimalTransport(c, { a: rows, epsilon: strength }).plan;
    const plan = f(C, share, epsilon);
    expect(largestDifference(await plan.sum(1).data(), new Array(2 * m).fill(1 / m))).toBeLessThan(1e-11);
    const sums = await plan.sum(2).data();
    const wanted = [...(await share.data())];
    expect(largestDifference(sums, [...wanted, ...wanted])).toBeLessThan(1e-11);
    // b = Σa/m follows a here, so that a is left out of the comparison.
    expect(
      await adjointError(((c: Tensor, strength: Tensor) => f(c, share, strength)) as never, [C, epsilon]),
    ).toBeLessThan(1e-10);
  });

  test('gradients agree with differences where a and b move together', async () => {
    const C = engine.tensor(normals(12, 1), [3, 4]);
    const [a, b] = [engine.tensor([0.2, 0.3, 0.5]), engine.tensor([0.1, 0.4, 0.3, 0.2])];
    const G = engine.tensor(normals(12, 2), [3, 4]);
    const loss = (rows: Tensor, columns: Tensor): Tensor =>
      optimalTransport(C, { a: rows, b: columns, epsilon: 0.2 }).plan.mul(G).sum();
    const [, gradients] = await valueAndGrad(loss, [a, b]);
    const [inA, inB] = await Promise.all(gradients.map((each) => each.data()));
    const [da, db] = [
      [0.5, -1, 0.8],
      [1, -0.2, -0.3, -0.2],
    ];
    const moved = async (h: number): Promise<number> => {
      const [rows, columns] = [
        a.add(engine.tensor(da.map((value) => value * h))),
        b.add(engine.tensor(db.map((value) => value * h))),
      ];
      return (await loss(rows, columns).data())[0];
    };
    const h = 1e-5;
    const difference = ((await moved(h)) - (await moved(-h))) / (2 * h);
    const product =
      da.reduce((sum, value, i) => sum + value * inA[i], 0) + db.reduce((sum, value, j) => sum + value * inB[j], 0);
    expect(product).toBeCloseTo(difference, 8);
  });

  test('small ε: solved by Newton steps, and unknown where the plan falls apart', async () => {
    const C = engine.tensor(normals(36, 8), [6, 6]);
    const sharp = optimalTransport(C, { epsilon: 0.01 });
    await sharp.plan.data();
    expect((await sharp.report).samples[0]).toMatchObject({ status: 'converged' });
    expect((await sharp.report).samples[0].iterations).toBeLessThan(3000);
    // The assignment is the diagonal by far: everything else underflows.
    const far = engine.tensor([0, 1, 1, 0], [2, 2]);
    const apart = optimalTransport(far, { epsilon: 1e-3 });
    expect(largestDifference(await apart.plan.data(), [0.5, 0, 0, 0.5])).toBeLessThan(1e-15);
    expect(await apart.certificate()).toMatchObject({ status: 'unknown', argument: 'marginals' });
    const gradient = valueAndGrad((c) => optimalTransport(c, { epsilon: 1e-3 }).plan.square().sum(), [far]);
    await expect(gradient.then(([, [each]]) => each.data())).rejects.toThrow(/larger epsilon/);
  });

  test('what is not allowed is named', async () => {
    const C = engine.tensor([0, 1, 1, 0], [2, 2]);
    const read = (options: Partial<Parameters<typeof optimalTransport>[1]>) =>
      optimalTransport(C, { epsilon: 1, ...options }).plan.data();
    await expect(read({ a: engine.tensor([0, 1]) })).rejects.toThrow(/a, sample 0, holds 0/);
    await expect(read({ a: engine.tensor([1, 1]), b: engine.tensor([1, 2]) })).rejects.toThrow(/have the same/);
    await expect(read({ epsilon: engine.tensor([-1]) })).rejects.toThrow(/epsilon is -1/);
    await expect(read({ epsilon: 0.002, limit: 1, a: engine.tensor([0.3, 0.7]) })).rejects.toThrow(
      /optimalTransport, forward/,
    );
    expect(() => optimalTransport(C, { epsilon: 0 })).toThrow(/epsilon is 0/);
    expect(() => optimalTransport(C, { epsilon: 1, a: engine.tensor([1, 2, 3]) })).toThrow(/a has shape \[3\]/);
  });
});
