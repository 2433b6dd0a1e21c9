/** Weighted and total least squares: the reference on every backend, batches, tangents, and verdicts. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type BackendName,
  type Engine,
  open,
  type Tensor,
  totalLeastSquares,
  valueAndGrad,
  weightedLeastSquares,
} from '../../../src/index.ts';
import { DECLARATIVE } from '../../fixtures/load-declarative.ts';
import { adjointError, largestDifference, matrixOn } from '../../support/declarative.ts';
import { engineOn } from '../../support/engines.ts';
import { normals } from '../../support/numbers.ts';

const { leastSquares, leastDirections } = DECLARATIVE;
const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

describe.each(BACKENDS)('the reference on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const [value, gradient] = backend === 'cpu' ? [1e-10, 1e-9] : [1e-5, 1e-4];

  test('weighted least squares', async () => {
    const engine = await opened();
    const { A, y, weights, v } = leastSquares;
    const inputs = [matrixOn(engine, A), engine.tensor(y), engine.tensor(weights)];
    const fit = weightedLeastSquares(inputs[0], inputs[1], { weights: inputs[2] });
    expect(largestDifference(await fit.beta.data(), leastSquares.beta)).toBeLessThan(value);
    expect(await fit.certificate()).toMatchObject({ status: 'certified', argument: 'cholesky' });
    const cotangent = engine.tensor(v);
    const [, gradients] = await valueAndGrad(
      (a, b, c) => weightedLeastSquares(a, b, { weights: c }).beta.mul(cotangent).sum(),
      inputs,
    );
    const expected = [leastSquares.grad_A.flat(), leastSquares.grad_y, leastSquares.grad_weights];
    for (const [index, each] of gradients.entries()) {
      expect(largestDifference(await each.data(), expected[index])).toBeLessThan(gradient);
    }
    const failing = weightedLeastSquares(inputs[0], inputs[1], {
      weights: engine.tensor(leastSquares.failing.weights),
    });
    expect((await failing.certificate()).status).toBe('failed');
  });

  test.each(leastDirections.points.map((point, at) => [at, point] as const))(
    'total least squares %d',
    async (_, point) => {
      const engine = await opened();
      const M = matrixOn(engine, point.M);
      const { x, value: least, certificate } = totalLeastSquares(M);
      expect(largestDifference(await x.data(), point.x)).toBeLessThan(value);
      expect(largestDifference(await least.data(), [point.smallest_eigenvalue])).toBeLessThan(value);
      expect((await certificate()).status).toBe('certified');
      const v = engine.tensor(point.v);
      const [, [inX]] = await valueAndGrad((given) => totalLeastSquares(given).x.mul(v).sum(), [M]);
      expect(largestDifference(await inX.data(), point.grad_M.flat())).toBeLessThan(gradient);
      const [, [inValue]] = await valueAndGrad((given) => totalLeastSquares(given).value, [M]);
      expect(largestDifference(await inValue.data(), point.eigenvalue_grad_M.flat())).toBeLessThan(gradient);
    },
  );

  test.each(leastDirections.hypothesis.map((each, at) => [at, each] as const))('verdict %d', async (_, each) => {
    const engine = await opened();
    const { status } = await totalLeastSquares(matrixOn(engine, each.M)).certificate();
    expect(each.expected).toMatch(new RegExp(`^${status}`));
  });
});

describe('on the oracle', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  test('tangents are the adjoints of gradients, also where samples share an argument', async () => {
    const A = engine.tensor(normals(12, 1), [4, 3]);
    const y = engine.tensor(normals(8, 2), [2, 4]);
    const weights = engine.tensor(
      normals(4, 3).map((value) => value ** 2),
      [4],
    );
    const fit = (a: Tensor, b: Tensor, c: Tensor): Tensor => weightedLeastSquares(a, b, { weights: c }).beta;
    expect(fit(A, y, weights).shape).toEqual([2, 3]);
    expect(await adjointError(fit as never, [A, y, weights])).toBeLessThan(1e-12);
    const M = engine.tensor(normals(40, 4), [2, 5, 4]);
    expect(totalLeastSquares(M).value.shape).toEqual([2]);
    expect(await adjointError((given) => totalLeastSquares(given).x, [M])).toBeLessThan(1e-12);
    expect(await adjointError((given) => totalLeastSquares(given).value, [M])).toBeLessThan(1e-12);
  });

  test('a fit of least norm where beta is not unique, whose gradient is refused', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const A = engine.tensor([1, 1, 2, 2, 3, 3], [3, 2]);
    const y = engine.tensor([2, 4, 6]);
    const fit = weightedLeastSquares(A, y);
    expect(largestDifference(await fit.beta.data(), [1, 1])).toBeLessThan(1e-14);
    expect((await fit.certificate()).status).toBe('failed');
    const gradient = valueAndGrad((given) => weightedLeastSquares(A, given).beta.sum(), [y]);
    await expect(gradient.then(([, [each]]) => each.data())).rejects.toThrow(/leave out columns of A/);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  test('verdicts of exact small matrices: rank by elimination in integers', async () => {
    const counts = { certified: 0, failed: 0 };
    for (let seed = 1; seed <= 150; seed++) {
      const rows = Array.from({ length: 4 }, (_, i) => [...normals(3, 7 * seed + i)].map((value) => Math.round(value)));
      const weights = [...normals(4, seed)].map((value) => Math.max(0, Math.round(value + 1)));
      if (weights.every((weight) => weight === 0)) continue;
      const { status } = await weightedLeastSquares(matrixOn(engine, rows), engine.tensor([1, 2, 3, 4]), {
        weights: engine.tensor(weights),
      }).certificate();
      const counted = rows.filter((_, i) => weights[i] > 0);
      expect(status).toBe(rankOf(counted) === 3 ? 'certified' : 'failed');
      counts[status as 'certified'] += 1;
    }
    expect(Math.min(counts.certified, counts.failed)).toBeGreaterThan(20);
  });

  test('the sign of total least squares jumps at a tie of different signs alone', async () => {
    const statusOf = async (rows: number[][]): Promise<string> =>
      (await totalLeastSquares(matrixOn(engine, rows)).certificate()).status;
    expect(
      await statusOf([
        [1, 1],
        [2, 2],
      ]),
    ).toBe('failed'); // x = ±(1, −1)/√2
    expect(
      await statusOf([
        [1, -1],
        [2, -2],
      ]),
    ).toBe('certified'); // x = (1, 1)/√2
    expect(
      await statusOf([
        [1, 1.1],
        [2, 2.2],
      ]),
    ).toBe('certified');
  });

  describe('numbers that differ in size', () => {
    const rows = [1, 2, 3, -1, 0.5, 2, -2, 1, 1, 1];

    test.each([1e-150, 1e-12, 1e12, 1e150])('columns of which one is %s times as large', async (size) => {
      const A = rows.map((value, at) => (at % 2 === 0 ? value : value * size));
      const y = engine.tensor([1, 2, 3, 4, 6]);
      const { beta, certificate } = weightedLeastSquares(engine.tensor(A, [5, 2]), y);
      expect((await certificate()).status).toBe('certified');
      const plain = weightedLeastSquares(engine.tensor(rows, [5, 2]), y);
      const [scaled, expected] = [await beta.data(), await plain.beta.data()];
      expect(largestDifference([scaled[0], scaled[1] * size], [...expected])).toBeLessThan(1e-13);
      const gradientAt = async (matrix: readonly number[]): Promise<ArrayLike<number>> => {
        const given = [engine.tensor(matrix, [5, 2]), y];
        const weigh = (x: Tensor) => x.mul(engine.tensor([1, matrix === rows ? 1 : size]));
        const [, [inA]] = await valueAndGrad((a, b) => weigh(weightedLeastSquares(a, b).beta).sum(), given);
        return inA.data();
      };
      const wanted = await gradientAt(rows);
      const found = await gradientAt(A);
      const back = Array.from(found, (value, at) => (at % 2 === 0 ? value : value * size));
      expect(largestDifference(back, Array.from(wanted))).toBeLessThan(1e-12);
    });

    test.each([
      [[1e40, 1, 1, 1, 1], 'unknown'],
      [[1e-40, 1, 1, 1, 1], 'certified'],
      [[1e-20, 1e20, 0, 0, 0], 'unknown'],
      [[1e200, 0, 0, 0, 0], 'failed'],
    ] as const)('weights %j are %s, since sizes make no columns dependent', async (weights, status) => {
      const A = engine.tensor(rows, [5, 2]);
      const fit = weightedLeastSquares(A, engine.tensor([1, 2, 3, 4, 6]), { weights: engine.tensor(weights) });
      expect((await fit.certificate()).status).toBe(status);
    });

    test('a derivative that overflows is no number in silence', async () => {
      const A = engine.tensor([1, 1e-300, 2, 0, 3, 0], [3, 2]);
      const y = engine.tensor([1, 2, 4]);
      const gradient = valueAndGrad((a) => weightedLeastSquares(a, y).beta.sum(), [A]);
      await expect(gradient.then(([, [one]]) => one.data())).rejects.toThrow(/did not converge/);
    });

    test.each([1e-150, 1e-12, 1e12, 1e150])('a matrix of the size %s for total least squares', async (size) => {
      const M = rows.slice(0, 9).map((value, at) => value + (at % 4 === 0 ? 0.3 : 0));
      const at = async (factor: number): Promise<[x: number[], gradient: number[]]> => {
        const given = engine.tensor(
          M.map((value) => value * factor),
          [3, 3],
        );
        const { x, certificate } = totalLeastSquares(given);
        expect((await certificate()).status).toBe('certified');
        const loss = (m: Tensor) => {
          const solved = totalLeastSquares(m);
          return solved.x.sum().add(solved.value.mul(1 / factor ** 2));
        };
        const [, [gradient]] = await valueAndGrad(loss, [given]);
        return [Array.from(await x.data()), Array.from(await gradient.data(), (value) => value * factor)];
      };
      const [[x, gradient], [expected, wanted]] = [await at(size), await at(1)];
      expect(largestDifference(x, expected)).toBeLessThan(1e-12);
      expect(largestDifference(gradient, wanted)).toBeLessThan(1e-11);
    });

    test('small singular values that differ are told apart beside large ones', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const M = engine.tensor([1e12, 0, 0, 0, 1e-6, 0, 0, 0, 1e-7], [3, 3]);
      const { x, certificate } = totalLeastSquares(M);
      expect(Array.from(await x.data())).toEqual([0, 0, 1]);
      expect((await certificate()).status).toBe('certified');
      await valueAndGrad((m) => totalLeastSquares(m).x.sum(), [M]);
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
    });

    test('a minimum that overflows is refused by name', async () => {
      const { x } = totalLeastSquares(engine.tensor([1e200, 1, 1, 1], [2, 2]));
      await expect(x.data()).rejects.toThrow('M, sample 0, holds 1e+200; the sum of its squares must be finite');
    });
  });

  test('shapes and numbers that do not fit are named', async () => {
    const A = engine.tensor(normals(6, 1), [3, 2]);
    expect(() => weightedLeastSquares(A, engine.tensor([1, 2]))).toThrow(
      /y has shape \[2\]; with A of shape \[3, 2\] it must be \[3\]/,
    );
    expect(() => totalLeastSquares(engine.tensor([1, 2]))).toThrow(/at least 2 axes/);
    const weights = engine.tensor([1, -1, 0]);
    await expect(weightedLeastSquares(A, engine.tensor([1, 2, 3]), { weights }).beta.data()).rejects.toThrow(/hold -1/);
  });
});

/** The rank of small integer matrices, by fractions without rounding. */
function rankOf(rows: readonly (readonly number[])[]): number {
  const left = rows.map((row) => row.map((value) => BigInt(value)));
  let rank = 0;
  for (let column = 0; column < 3; column++) {
    const at = left.findIndex((row, index) => index >= rank && row[column] !== 0n);
    if (at < 0) continue;
    [left[rank], left[at]] = [left[at], left[rank]];
    const pivot = left[rank];
    for (let index = rank + 1; index < left.length; index++) {
      const factor = left[index][column];
      left[index] = left[index].map((value, j) => value * pivot[column] - factor * pivot[j]);
    }
    rank += 1;
  }
  return rank;
}
