/** Sorting, the largest numbers and the median with their derivatives at ties, and what has no gradient. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import { argsort, rank, topKMask } from '../../src/implicit/sorting/rank.ts';
import { median, sort, topK } from '../../src/implicit/sorting/sort.ts';
import { concat, type Engine, jacobianVectorProduct, open, type Tensor, valueAndGrad } from '../../src/index.ts';
import { normals } from '../support/numbers.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

/** An independent reference with ties: `sorted` is x in descending order, and 0, 2, 4 and 1, 6 tie. */
const TIED = {
  x: [2, -1, 2, 0, 2, 5, -1],
  sorted: [5, 2, 2, 2, 0, -1, -1],
  blocks: [
    [0, 2, 4],
    [1, 6],
  ],
};

async function gradientOf(f: (x: Tensor) => Tensor, x: readonly number[]): Promise<number[]> {
  const [, [gradient]] = await valueAndGrad(f, [engine.tensor(x)]);
  return [...(await gradient.data())];
}

async function jacobianOf(f: (x: Tensor) => Tensor, x: readonly number[]): Promise<number[][]> {
  const rows = f(engine.tensor(x)).size;
  return Promise.all(
    Array.from({ length: rows }, (_, row) =>
      gradientOf((given) => f(given).reshape([rows]).slice([row], [1]).sum(), x),
    ),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('values', () => {
  test.each([1, 2, 3, 5, 8, 31, 64, 100])('%d numbers of each row, in both orders, with ties', async (n) => {
    const rows = [normals(n, n), normals(n, n + 1).map((value) => Math.round(value) + 0)].map((row) => [...row]);
    const x = engine.tensor(rows.flat(), [2, 1, n]);
    const descending = rows.map((row) => [...row].sort((a, b) => b - a));
    expect([...(await sort(x).data())]).toEqual(descending.flat());
    expect([...(await sort(x, { order: 'ascending' }).data())]).toEqual(descending.flatMap((row) => row.reverse()));
  });

  test('numbers are moved and not rounded, whatever their sizes', async () => {
    const x = [1e300, -1e300, 1, 1e-300, 3, 1 + Number.EPSILON];
    expect([...(await sort(engine.tensor(x)).data())]).toEqual([...x].sort((a, b) => b - a));
  });

  test('the k largest, and medians of odd and even lengths', async () => {
    const x = engine.tensor([3, 1, 2, 9, 7, 8, -1, 5], [2, 4]);
    expect(topK(x, 3).shape).toEqual([2, 3]);
    expect([...(await topK(x, 3).data())]).toEqual([9, 3, 2, 8, 7, 5]);
    expect([...(await median(x).data())]).toEqual([2.5, 6]);
    expect(median(engine.tensor([4, 9, 5])).shape).toEqual([]);
    expect([...(await median(engine.tensor([1.5e308, 1.5e308])).data())]).toEqual([1.5e308]);
    expect([...(await median(engine.tensor([4, 9, 5])).data())]).toEqual([5]);
  });

  test('ranks are means where numbers tie; orders and masks keep the order of the row', async () => {
    const x = engine.tensor(TIED.x);
    expect([...(await rank(x).data())]).toEqual([3, 6.5, 3, 5, 3, 1, 6.5]);
    expect([...(await argsort(x).data())]).toEqual([5, 0, 2, 4, 3, 1, 6]);
    expect([...(await topKMask(x, 3).data())]).toEqual([1, 0, 1, 0, 0, 1, 0]);
    const rows = engine.tensor([1, 2, 3, 3, 2, 1], [2, 1, 3]);
    expect((await argsort(rows)).shape).toEqual([2, 1, 3]);
    expect([...(await argsort(rows).data())]).toEqual([2, 1, 0, 0, 1, 2]);
  });
});

describe('derivatives', () => {
  test('away from ties the Jacobian is the permutation', async () => {
    const jacobian = await jacobianOf((x) => sort(x), [0.3, -1, 4, 2]);
    expect(jacobian).toEqual([
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ]);
  });

  test.each([0, 0.25, 0.5, 1])(
    'at ties it is doubly stochastic on each block, and a permutation at 0 and 1: %d',
    async (q) => {
      const jacobian = await jacobianOf((x) => sort(x, { selection: q }), TIED.x);
      for (const [place, value] of TIED.sorted.entries()) {
        expect(sum(jacobian[place])).toBe(1);
        for (const [index, share] of jacobian[place].entries()) {
          if (TIED.x[index] !== value) expect(share).toBe(0);
          expect(share).toBeGreaterThanOrEqual(0);
          if (q === 0 || q === 1) expect([0, 1]).toContain(share);
        }
      }
      for (const index of TIED.x.keys()) expect(sum(jacobian.map((row) => row[index]))).toBe(1);
    },
  );

  test('a tie of two takes the one order at 0, the other at 1, and their mean by default', async () => {
    const at = (selection?: number) => jacobianOf((x) => sort(x, { selection }), [1, 5, 5]);
    expect((await at(1)).slice(0, 2)).toEqual((await at(0)).slice(0, 2).reverse());
    expect(await at()).toEqual([
      [0, 0.5, 0.5],
      [0, 0.5, 0.5],
      [1, 0, 0],
    ]);
  });

  test('the sum of the k largest: 1 above the k-th, shares of the rest at a tie, and the same forwards', async () => {
    const shares = await gradientOf((x) => topK(x, 3).sum(), TIED.x);
    expect(shares[5]).toBe(1);
    expect(shares[0] + shares[2] + shares[4]).toBe(2);
    expect([shares[1], shares[3], shares[6]]).toEqual([0, 0, 0]);
    const tangents = await Promise.all(
      TIED.x.map(async (_, index) => {
        const direction = engine.tensor(TIED.x.map((__, at) => Number(at === index)));
        const [, tangent] = await jacobianVectorProduct((x) => topK(x, 3).sum(), [engine.tensor(TIED.x)], [direction]);
        return (await tangent.data())[0];
      }),
    );
    expect(tangents).toEqual(shares);
  });

  test('a median between two numbers shares its derivative', async () => {
    expect(await gradientOf((x) => median(x).square(), [3, 1, 2, 9, 7, 8])).toEqual([5, 0, 0, 0, 5, 0]);
  });
});

describe('inside of equations', () => {
  test('a tie of two is one kink, and its interval has the one-sided derivatives as ends', async () => {
    // z = ½·sort(z) + (1 + x, 1 − x) has z = (2, 2) at x = 0. To the right z₁ is the larger, so that dz₁/dx is 2; to the
    // left it is the smaller, and is 2/3.
    const z = fixedPoint(
      (y, x) =>
        sort(y)
          .mul(0.5)
          .add(concat([x.add(1), x.neg().add(1)])),
      {
        unknown: engine.tensor([2, 2], [1, 2]),
        inputs: [engine.tensor([0])],
        solver: 'given',
      },
    );
    const certificate = await z.solve.certify();
    expect([certificate.status, certificate.kinks.length]).toEqual(['certified', 1]);
    const { low, high, exact } = await z.solve.gradientInterval(engine.tensor([1, 0], [1, 2]));
    expect([low, high, exact]).toEqual([expect.closeTo(2 / 3, 12), expect.closeTo(2, 12), true]);
  });

  test('where a tie makes the system singular the certificate fails, and away from it holds', async () => {
    const solveAt = (x: number[], z: number[]) =>
      root((y, given) => sort(y).sub(given), {
        unknown: engine.tensor(z, [1, 2]),
        inputs: [engine.tensor(x, [1, 2])],
        solver: 'given',
        onFailedCertificate: 'ignore',
      }).solve.certify();
    expect((await solveAt([1, 1], [1, 1])).status).toBe('failed');
    expect((await solveAt([2, 1], [1, 2])).status).toBe('certified');
  });

  test('ties of three or more are certified or unknown, not failed, where sorting is damped', async () => {
    const { solve } = fixedPoint((y, given) => sort(y).mul(0.5).add(given), {
      unknown: engine.tensor([2, 2, 2, 2], [1, 4]),
      inputs: [engine.tensor([1, 1, 1, 1], [1, 4])],
    });
    expect(['certified', 'unknown']).toContain((await solve.certify()).status);
  });
});

describe('refusals', () => {
  test.each([
    ['rank', (x: Tensor) => rank(x)],
    ['argsort', (x: Tensor) => argsort(x)],
    ['topKMask', (x: Tensor) => topKMask(x, 2)],
  ] as const)('no gradient goes through %s, but through what stands beside it', async (name, f) => {
    const x = engine.tensor([3, 1, 2]);
    await expect(valueAndGrad((given) => f(given).mul(given).sum(), [x])).rejects.toThrow(
      `${name}: no gradient goes through it, since it is constant but for jumps at ties`,
    );
    await expect(jacobianVectorProduct((given) => f(given).sum(), [x], [x])).rejects.toThrow(`${name}: no gradient`);
  });

  test('arguments are named', () => {
    const x = engine.tensor([3, 1, 2]);
    expect(() => sort(x, { order: 'up' as never })).toThrow('sort: order is "up"; it must be descending or ascending');
    expect(() => sort(x, { selection: 2 })).toThrow('sort: selection');
    expect(() => sort(engine.tensor([1], []))).toThrow('sort: x has shape []; it needs at least one axis');
    expect(() => topK(x, 4)).toThrow('topK: k is 4; it must be at most 3, the length of the last axis');
    expect(() => topK(x, 0)).toThrow('topK: k');
    expect(() => median([1, 2] as never)).toThrow('median: x');
  });
});
