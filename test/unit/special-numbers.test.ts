/** NaN, infinities, and norms whose squares overflow or underflow, on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import {
  type BackendName,
  boxProjection,
  fixedPoint,
  l1BallProjection,
  monotoneFixedPoint,
  root,
  simplexProjection,
  type Tensor,
} from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

describe.each(BACKENDS)('%s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const isNarrow = backend !== 'cpu';

  test('the logarithm and the root of a negative number are NaN, that of 0 is −∞', async () => {
    const engine = await opened();
    const x = engine.tensor([-1, -2, -0.29, 0]);
    expect([...(await x.log().data())]).toEqual([Number.NaN, Number.NaN, Number.NaN, -Infinity]);
    expect([...(await x.sqrt().data())]).toEqual([Number.NaN, Number.NaN, Number.NaN, 0]);
  });

  test('a NaN comes out of every operation and of every sum that it enters', async () => {
    const engine = await opened();
    const bad = engine.tensor([-1, 2]).log(); // NaN, ln 2
    const operations: Record<string, (x: Tensor) => Tensor> = {
      clip: (x) => x.clip(-1, 1),
      relu: (x) => x.relu(),
      maximum: (x) => x.maximum(x.neg()),
      maximumLeft: (x) => x.maximum(engine.tensor([1, 1])),
      maximumRight: (x) => engine.tensor([1, 1]).maximum(x),
      minimum: (x) => engine.tensor([1, 1]).minimum(x),
      elu: (x) => x.elu(0.5),
      softplus: (x) => x.softplus(),
      softsign: (x) => x.softsign(),
      arctan: (x) => x.arctan(),
      exp: (x) => x.exp(),
      tanh: (x) => x.tanh(),
      sigmoid: (x) => x.sigmoid(),
      abs: (x) => x.abs(),
      square: (x) => x.square(),
      softThreshold: (x) => x.softThreshold(0.5),
      leakyRelu: (x) => x.leakyRelu(0.5),
      simplexProjection: (x) => simplexProjection(x),
      l1BallProjection: (x) => l1BallProjection(x),
      boxProjection: (x) => boxProjection(x, { low: -1, high: 1 }),
      boxProjectionTensor: (x) => boxProjection(x, { low: engine.tensor([-1, 0]) }),
      softmax: (x) => x.softmax(),
      logSoftmax: (x) => x.logSoftmax(),
      layerNorm: (x) => x.reshape([1, 2]).layerNorm(),
      sum: (x) => x.sum(),
      mean: (x) => x.mean(),
      dropout: (x) => x.dropout(0.9, { seed: 1 }),
      matmul: (x) => x.reshape([1, 2]).matmul(engine.tensor([0, 0], [2, 1])),
    };
    const lost: string[] = [];
    for (const [name, operation] of Object.entries(operations)) {
      if (!Number.isNaN((await operation(bad).data())[0])) lost.push(name);
    }
    expect(lost).toEqual([]);
  });

  test.each([null, '2', true, undefined, [5], 5n])('a value that is not a number is refused: %o', async (value) => {
    const engine = await opened();
    const x = engine.tensor([1, 2]);
    expect(() => engine.tensor([1, value as unknown as number])).toThrow('every number must be finite');
    expect(() => engine.write(x, [1, value as unknown as number])).toThrow('every number must be finite');
    expect([...(await x.data())]).toEqual([1, 2]);
  });

  test('numbers that are not finite in the precision of the backend are refused', async () => {
    const engine = await opened();
    const x = engine.tensor([1, 2]);
    expect(() => engine.write(x, [1, Number.NaN])).toThrow('write: values[1] is NaN');
    expect(() => engine.write(x, [Infinity, 1])).toThrow('write: values[0] is Infinity');
    expect([...(await x.data())]).toEqual([1, 2]);
    if (!isNarrow) {
      expect([...(await engine.tensor([1e39]).mul(1e39).data())]).toEqual([1e39 * 1e39]);
      return;
    }
    expect(() => engine.tensor([0, 1e39])).toThrow(
      'tensor: values[1] is 1e+39; every number must be finite, and of at most',
    );
    expect(() => engine.write(x, [1, -1e39])).toThrow('write: values[1] is -1e+39');
    expect(() => x.mul(1e39)).toThrow('the number operand');
    expect(() => x.div(1e-39)).toThrow('the number operand');
    expect([...(await engine.tensor([3.4028234663852886e38]).data())]).toEqual([3.4028234663852886e38]);
  });

  test.each([2e19, 1e25, 1e30, 1e-19, 1e-25])('a root of size %s is found', async (size) => {
    const engine = await opened();
    const c = engine.tensor([size, -size / 4, size * 2], [1, 3]);
    const z = root((y: Tensor, d: Tensor) => y.mul(1.5).sub(d), { unknown: c, inputs: [c] });
    const found = [...(await z.data())].map((value) => value / size);
    for (const [index, want] of [2 / 3, -1 / 6, 4 / 3].entries()) expect(found[index]).toBeCloseTo(want, 3);
  });

  test('a solution whose norm overflows is not accepted', async () => {
    const engine = await opened();
    const size = isNarrow ? 3e38 : 1.5e308;
    const start = engine.tensor([size, size, size, size], [1, 4]);
    const options = { unknown: start, inputs: [], onFailure: 'report', solver: 'given' } as const;
    const { report } = root((y: Tensor) => y.mul(0.01), options).solve;
    expect((await report).samples[0].status).not.toBe('converged');
  });

  test.each([1e20, 1e28])('a monotone layer with b of size %s', async (size) => {
    const engine = await opened();
    const W = engine.tensor([0.25, -0.5, 0.5, 0.25], [2, 2]);
    const b = (scale: number): Tensor => engine.tensor([scale, 2 * scale, scale, -scale], [2, 2]);
    const [small, large] = await Promise.all(
      [1, size].map((scale) => monotoneFixedPoint(W, b(scale), { activation: 'relu', margin: 0.5 }).z.data()),
    );
    expect([...large].map((value) => value / size)).toEqual([...small].map((value) => expect.closeTo(value, 3)));
  });

  test('a bound of ‖∂f/∂z‖ neither overflows nor underflows', async () => {
    const engine = await opened();
    const diagonal = (value: number): Tensor => engine.tensor([value, 0, 0, value], [2, 2]);
    const [small, large] = [diagonal(3e-25), diagonal(3e25)];
    const certificateOf = async (f: (z: Tensor, S: Tensor, L: Tensor) => Tensor) => {
      const tape = new Tape();
      const x = tape.watch(engine.tensor([1e-3, 2e-3], [1, 2]));
      const solved = fixedPoint((y: Tensor, c: Tensor, S: Tensor, L: Tensor) => f(y, S, L).add(c), {
        unknown: engine.tensor([0, 0], [1, 2]),
        inputs: [x, small, large],
        onFailure: 'report',
      });
      tape.pullback(solved, [x], engine.tensor([1, 1], [1, 2]));
      return (await solved.solve.backwardReports[0]).certificate;
    };
    // 9e-50 and 1.8e-24: in float32 the squares of the entries underflow, and so does the product of the norms.
    const twice = await certificateOf((z, S) => z.matmul(S).matmul(S));
    const once = await certificateOf((z, S) => z.matmul(S));
    for (const { argument, reason } of [twice, once]) {
      expect(argument).toBe('contraction');
      expect(reason).not.toMatch(/≤ 0(\.0*)? /);
    }
    expect(once.reason).toMatch(/≤ 4\.24e-25 /);
    // 81, although products of the factors are 9e-50 and 9e50.
    const { status } = await certificateOf((z, S, L) => z.matmul(S).matmul(S).matmul(L).matmul(L));
    expect(status).toBe('unknown');
  });

  test.each([3, 5, 10, 100, 1e4, 0.01])(
    'a Newton step that leaves the domain is shortened: ln z = 0 from %s',
    async (start) => {
      const engine = await opened();
      const z = root((y: Tensor) => y.log(), { unknown: engine.tensor([start], [1, 1]), inputs: [], tolerance: 1e-5 });
      expect((await z.data())[0]).toBeCloseTo(1, 4);
    },
  );

  test('where even the shortest step leaves the domain, shorter ones are tried', async () => {
    const engine = await opened();
    // Newton's update is z·ln z, 66.8 times z, and the shortest one of the line search is a 64th of it.
    const F = (y: Tensor): Tensor => y.log().mul(1e30);
    const z = root(F, { unknown: engine.tensor([1e29], [1, 1]), inputs: [], onFailure: 'report' });
    expect((await z.data())[0]).toBeLessThan(1e25);
  });

  test('nothing is found from a start where F is undefined', async () => {
    const engine = await opened();
    const { solve } = root((y: Tensor) => y.log(), {
      unknown: engine.tensor([-1], [1, 1]),
      inputs: [],
      onFailure: 'report',
    });
    expect((await solve.report).samples[0].status).toBe('diverged');
  });
});
