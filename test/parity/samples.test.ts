/** Samples, nested functions and margins on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import type { BackendName } from '../../src/backends/backend.ts';
import { fixedPoint, monotoneFixedPoint, monotoneMatrix, type Tensor } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'gpujs', 'webgpu'];

describe.each(BACKENDS)('%s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test('columns can be samples: certificate, count and selection', async () => {
    const own = await engine();
    const inputs = [own.tensor([2, 0, 0, 0.5], [2, 2]), own.tensor([-1, 0.5, 0, 0.5], [2, 2])];
    const solution = fixedPoint((y, W, c) => W.matmul(y, { transposeB: true }).relu().transpose().add(c), {
      ...{ unknown: own.tensor([1, 1, 0, 1], [2, 2]), inputs, solver: 'given' },
      selection: ({ sample }) => (sample === 1 ? 1 : 0),
    });
    expect((await solution.solve.certify()).samples.map(({ status, kinks }) => [status, kinks])).toEqual([
      ['certified', 0],
      ['failed', 1],
    ]);
  });

  test('a backward solve counts the kinks of each sample in any layout', async () => {
    const own = await engine();
    const solution = fixedPoint((y, x) => y.mul(0.5).add(x).transpose().relu().transpose(), {
      unknown: own.tensor([0, 0, 0, 0, 0, 0], [2, 3]),
      inputs: [own.tensor([0, 0, -1, -1, 0, -1], [2, 3])],
      certify: true,
    });
    const { kinks, samples } = await solution.solve.certify({ estimate: true });
    expect(samples.map((sample) => sample.kinks)).toEqual([2, 1]);
    expect(kinks.map(({ sample, index }) => [sample, index])).toEqual([
      [0, 0],
      [0, 1],
      [1, 1],
    ]);
  });

  test('rows that depend on one another are refused', async () => {
    const own = await engine();
    const unknown = own.tensor([0, 0], [2, 1]);
    expect(() => fixedPoint((z) => z.gather([1, 0]).neg(), { unknown, inputs: [] })).toThrow('coupled');
    const matrix = (values: number[]): Promise<unknown> =>
      fixedPoint((z, M) => M.matmul(z), { unknown, inputs: [own.tensor(values, [2, 2])] }).data();
    await expect(matrix([0.5, 0.25, 0, 0.5])).rejects.toThrow('coupled');
    expect(await matrix([0.5, 0, 0, 0.25])).toHaveLength(2);
  });

  test('a function within a function', async () => {
    const own = await engine();
    const zero = own.tensor([0], [1, 1]);
    const inner = (x: Tensor): Tensor =>
      fixedPoint((y, given) => y.mul(0.5).add(given).relu(), { unknown: own.tensor([1], [1, 1]), inputs: [x] });
    const outer = (c: number) =>
      fixedPoint((z) => inner(z).mul(c), { unknown: zero, inputs: [], solver: 'given', tolerance: 1 }).solve.certify();
    expect((await outer(0.75)).status).toBe('failed');
    expect((await outer(0.25)).status).toBe('certified');
  });

  test('a margin that the matrix does not have', async () => {
    const own = await engine();
    const zero = own.tensor([0], [1, 1]);
    const W = monotoneMatrix(zero, zero, own.tensor([-1], [1]));
    const { z } = monotoneFixedPoint(W, own.tensor([-1], [1, 1]), {
      activation: 'relu',
      margin: 0.5,
      checkInputs: false,
    });
    await expect(z.data()).rejects.toThrow('margin: it is -1');
  });
});
