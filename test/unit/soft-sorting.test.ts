/** Isotonic regression, soft sorting and ranking: the reference on every backend, kinks, and derivatives in the strength. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  type Engine,
  isotonicRegression,
  open,
  rank,
  softRank,
  softSort,
  sort,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { DECLARATIVE } from '../fixtures/load-declarative.ts';
import { adjointError, largestDifference } from '../support/declarative.ts';
import { engineOn } from '../support/engines.ts';
import { normals } from '../support/numbers.ts';

const { isotonic, soft } = DECLARATIVE;
const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

/** The matrix of the derivative, row by row. */
async function jacobianOf(engine: Engine, f: (x: Tensor) => Tensor, x: readonly number[]): Promise<number[]> {
  const rows = await Promise.all(
    x.map(async (_, row) => {
      const unit = engine.tensor(x.map((_, index) => (index === row ? 1 : 0)));
      const [, [gradient]] = await valueAndGrad((given) => f(given).mul(unit).sum(), [engine.tensor(x)]);
      return [...(await gradient.data())];
    }),
  );
  return rows.flat();
}

describe.each(BACKENDS)('the reference on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const [value, gradient] = backend === 'cpu' ? [1e-12, 1e-12] : [1e-4, 1e-4];

  test.each(isotonic.points.map((point, at) => [at, point] as const))('isotonic regression %d', async (_, point) => {
    const engine = await opened();
    expect(largestDifference(await isotonicRegression(engine.tensor(point.y)).data(), point.v)).toBeLessThan(value);
    const jacobian = await jacobianOf(engine, (x) => isotonicRegression(x), point.y);
    expect(largestDifference(jacobian, point.jacobian.flat())).toBeLessThan(gradient);
  });

  test.each(soft.points.map((point) => [point.epsilon, point] as const))('ε = %d', async (strength, point) => {
    const engine = await opened();
    const [theta, v] = [engine.tensor(point.theta), engine.tensor(point.v)];
    for (const [f, expected, grad] of [
      [softSort, point.soft_sort, point.sort_grad],
      [softRank, point.soft_rank, point.rank_grad],
    ] as const) {
      expect(largestDifference(await f(theta, { strength }).data(), expected)).toBeLessThan(value);
      const [, [inTheta]] = await valueAndGrad((x) => f(x, { strength }).mul(v).sum(), [theta]);
      expect(largestDifference(await inTheta.data(), grad)).toBeLessThan(gradient);
    }
  });
});

describe('on the oracle', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  test('at a kink the selection goes from the merged to the split blocks', async () => {
    const { y, J_min: least, J_max: greatest } = isotonic.kink;
    for (const selection of [0, 0.25, 1]) {
      const jacobian = await jacobianOf(engine, (x) => isotonicRegression(x, { selection }), y);
      const expected = least.flat().map((value, at) => (1 - selection) * value + selection * greatest.flat()[at]);
      expect(largestDifference(jacobian, expected)).toBeLessThan(1e-14);
    }
    // A block may also be a tie inside, of which the parts have equal means.
    const inside = await jacobianOf(engine, (x) => isotonicRegression(x, { selection: 1 }), [1, 1]);
    expect(inside).toEqual([1, 0, 0, 1]);
  });

  test('the elements at a kink are one-sided derivatives', async () => {
    const { y, h, plus, minus } = isotonic.kink;
    const step = 2 ** -20;
    const at = async (sign: number): Promise<number[]> => {
      const moved = engine.tensor(y.map((value, index) => value + sign * step * h[index]));
      const v = await isotonicRegression(moved).data();
      return isotonic.kink.v.map((value, index) => (v[index] - value) / step / sign);
    };
    expect(largestDifference(await at(1), plus)).toBeLessThan(1e-9);
    expect(largestDifference(await at(-1), minus)).toBeLessThan(1e-9);
  });

  test('isotonic regression is the nearest of all nonincreasing rows', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const y = [...normals(3 + (seed % 6), seed)];
      const v = [...(await isotonicRegression(engine.tensor(y)).data())];
      // Optimality: v descends, and the partial sums of y − v are ≤ 0, 0 where v falls and at the end.
      let sum = 0;
      for (const [index, value] of y.entries()) {
        sum += value - v[index];
        expect(sum).toBeLessThan(1e-12);
        const falls = index === y.length - 1 || v[index] - v[index + 1] > 1e-12;
        if (falls) expect(Math.abs(sum)).toBeLessThan(1e-12);
        else expect(v[index]).toBeGreaterThanOrEqual(v[index + 1] - 1e-15);
      }
    }
  });

  test('tangents are the adjoints of gradients, in the strength too; differences agree', async () => {
    const x = engine.tensor(normals(18, 2), [2, 3, 3]);
    const strength = engine.tensor([0.7]);
    for (const f of [softSort, softRank]) {
      expect(f(x).shape).toEqual([2, 3, 3]);
      expect(await adjointError((a, b) => f(a, { strength: b }), [x, strength])).toBeLessThan(1e-12);
      const v = engine.tensor(normals(18, 5), [2, 3, 3]);
      const loss = (s: Tensor): Tensor => f(x, { strength: s }).mul(v).sum();
      const [, [inStrength]] = await valueAndGrad(loss, [strength]);
      const h = 1e-6;
      const [[up], [down]] = await Promise.all([loss(strength.add(h)).data(), loss(strength.sub(h)).data()]);
      expect((await inStrength.data())[0]).toBeCloseTo((up - down) / (2 * h), 6);
    }
    expect(await adjointError((a) => softSort(a, { order: 'ascending', strength: 2 }), [x])).toBeLessThan(1e-12);
  });

  test('for a small strength they are the hard ones, and ascending is the reverse', async () => {
    const x = engine.tensor(normals(10, 4), [2, 5]);
    expect(largestDifference(await softSort(x, { strength: 1e-3 }).data(), [...(await sort(x).data())])).toBeLessThan(
      1e-12,
    );
    expect(largestDifference(await softRank(x, { strength: 1e-3 }).data(), [...(await rank(x).data())])).toBeLessThan(
      1e-12,
    );
    const [down, up] = await Promise.all([softSort(x).data(), softSort(x, { order: 'ascending' }).data()]);
    expect([...up.subarray(0, 5)].reverse()).toEqual([...down.subarray(0, 5)]);
  });

  test('ties: a kink of soft sorting where blocks do not merge them, and none of soft ranking', async () => {
    const x = [2, 1, 1, -3];
    const at = (f: typeof softSort, selection: number, strength: number) =>
      jacobianOf(engine, (given) => f(given, { strength, selection }), x);
    expect(await at(softSort, 1, 1e-3)).not.toEqual(await at(softSort, 0, 1e-3));
    expect(largestDifference(await at(softSort, 1, 100), await at(softSort, 0, 100))).toBeLessThan(1e-14);
    expect(largestDifference(await at(softRank, 1, 0.3), await at(softRank, 0, 0.3))).toBeLessThan(1e-14);
  });

  test('numbers of any size: what is far away hides no tie, and no sum overflows', async () => {
    for (const x of [
      [1e17, 1e17, 1e17, 1e17],
      [3e300, 3e300, 3e300, 3e300],
    ]) {
      expect([...(await softRank(engine.tensor(x)).data())]).toEqual([2.5, 2.5, 2.5, 2.5]);
    }
    expect([...(await softRank(engine.tensor([0, 1e17, 1e17, 0])).data())]).toEqual([3.5, 1.5, 1.5, 3.5]);
    expect([...(await isotonicRegression(engine.tensor([1e308, 1.5e308])).data())]).toEqual([1.25e308, 1.25e308]);
    expect([...(await softSort(engine.tensor([8e307, 8e307, 8e307])).data())]).toEqual([8e307, 8e307, 8e307]);
  });

  test('what is not allowed is named', async () => {
    const x = engine.tensor([1, 2]);
    expect(() => softSort(x, { strength: 0 })).toThrow(/softSort: strength is 0/);
    expect(() => softSort(x, { order: 'up' as 'ascending' })).toThrow(/softSort: order is "up"/);
    expect(() => softRank(x, { selection: 2 })).toThrow(/softRank: selection is 2/);
    await expect(softRank(x, { strength: engine.tensor([-1]) }).data()).rejects.toThrow(/strength is -1/);
    await expect(isotonicRegression(x.sub(1).log().mul(0)).data()).rejects.toThrow(/x, sample 0, holds NaN/);
  });
});
