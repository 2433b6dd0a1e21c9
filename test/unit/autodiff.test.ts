/** Each operation and its pullback, against its definition and central differences in float64. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { denseSolve } from '../../src/tensor/kernels.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gradientChecker } from '../support/gradients.ts';
import { matmul, normals, positiveNormals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const checkGradient = gradientChecker(engine);

/** Numbers away from 0. */
const apart = (count: number, seed: number): number[] => normals(count, seed).map((x) => x + 0.1 * Math.sign(x));

describe('pullbacks against central differences', () => {
  const unary: Record<string, (x: Tensor) => Tensor> = {
    neg: (x) => x.neg(),
    exp: (x) => x.exp(),
    log: (x) => x.log(),
    sqrt: (x) => x.sqrt(),
    square: (x) => x.square(),
    tanh: (x) => x.tanh(),
    sigmoid: (x) => x.sigmoid(),
    relu: (x) => x.relu(),
    abs: (x) => x.abs(),
    softThreshold: (x) => x.softThreshold(0.05),
    'number operands': (x) => x.add(2).sub(0.5).mul(3).div(7),
    softmax: (x) => x.softmax(),
    logSoftmax: (x) => x.logSoftmax(),
    'sum of all': (x) => x.sum(),
    'mean over axis 0': (x) => x.mean(0),
    'sum over the last axis, kept': (x) => x.sum(-1, { keepAxes: true }),
    reshape: (x) => x.reshape([x.size]).square(),
    transpose: (x) => x.transpose().mul(engine.tensor(normals(x.size, 5), [...x.shape].reverse())),
  };
  for (const [name, f] of Object.entries(unary)) {
    test(name, async () => {
      const make = name === 'log' || name === 'sqrt' ? positiveNormals : apart;
      await checkGradient(f, [make(15, 1)], [[3, 5]]);
    });
  }

  const binary: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    add: (a, b) => a.add(b),
    sub: (a, b) => a.sub(b),
    mul: (a, b) => a.mul(b),
    div: (a, b) => a.div(b),
  };
  const shapes = [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 1],
      [1, 4],
    ],
    [[4], [2, 3, 4]],
    [
      [2, 1, 3],
      [5, 1],
    ],
    [[1], [3, 2]],
  ];
  for (const [name, f] of Object.entries(binary)) {
    for (const [a, b] of shapes) {
      test(`${name} broadcasts [${a}] and [${b}]`, async () => {
        const size = (shape: number[]): number => shape.reduce((x, y) => x * y, 1);
        await checkGradient(f, [apart(size(a), 2), positiveNormals(size(b), 3)], [a, b]);
      });
    }
  }

  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`matmul, transposes ${transposeA} ${transposeB}`, async () => {
        const a = transposeA ? [4, 3] : [3, 4];
        const b = transposeB ? [5, 4] : [4, 5];
        await checkGradient(
          (x, y) => x.matmul(y, { transposeA, transposeB }),
          [normals(12, 7), normals(20, 8)],
          [a, b],
        );
      });
    }
  }

  test('transpose of rank 3 by a permutation', async () => {
    await checkGradient((x) => x.transpose([2, 0, 1]).square(), [normals(24, 4)], [[2, 3, 4]]);
  });

  test('a value that is used twice gets both cotangents', async () => {
    await checkGradient((x) => x.mul(x).add(x.tanh()), [normals(6, 4)], [[6]]);
  });

  test('random compositions', async () => {
    const maps: Record<string, (x: Tensor) => Tensor> = {
      tanh: (x) => x.tanh(),
      sigmoid: (x) => x.sigmoid(),
      softmax: (x) => x.softmax(),
      neg: (x) => x.neg(),
      // Scaled, so that squares of squares stay within what differences can resolve.
      square: (x) => x.square().mul(0.25),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(maps)), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 999 }),
        async (steps, seed) => {
          await checkGradient((x) => steps.reduce((y, step) => maps[step](y), x), [normals(6, seed)], [[2, 3]]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('kinks', () => {
  const gradientAtZero = async (f: (x: Tensor) => Tensor): Promise<number> => {
    const [, [gradient]] = await valueAndGrad((x) => f(x).sum(), [engine.tensor([0, 3], [1, 2])]);
    return (await gradient.data())[0];
  };
  for (const q of [0, 0.25, 1]) {
    test(`relu' (0) and |·|' (0) with selection ${q}`, async () => {
      expect(await gradientAtZero((x) => x.relu({ selection: q }))).toBe(q);
      expect(await gradientAtZero((x) => x.abs({ selection: q }))).toBe(2 * q - 1);
    });
  }
  test('defaults: relu 0, |·| 0, as in the usual frameworks', async () => {
    expect(await gradientAtZero((x) => x.relu())).toBe(0);
    expect(await gradientAtZero((x) => x.abs())).toBe(0);
  });
  test('the selection applies within 64 units of rounding of the largest entry; beyond, the side decides', async () => {
    const at = async (x: number): Promise<number> => {
      const [, [gradient]] = await valueAndGrad(
        (t) => t.relu({ selection: 0.5 }).sum(),
        [engine.tensor([x, 1], [1, 2])],
      );
      return (await gradient.data())[0];
    };
    expect(await at(60 * Number.EPSILON)).toBe(0.5);
    expect(await at(-60 * Number.EPSILON)).toBe(0.5);
    expect(await at(70 * Number.EPSILON)).toBe(1);
    expect(await at(-70 * Number.EPSILON)).toBe(0);
  });
  test('a selection outside [0, 1] is refused', () => {
    expect(() => engine.tensor([1]).relu({ selection: 1.5 })).toThrow(
      'selection is 1.5; it must be a number from 0 to 1',
    );
  });
  test('Figure 1 of the paper: tanh z + relu(−z) + z − relu(z) has derivative 2 − 2q at 0 where 1 is the true one', async () => {
    for (const selection of [0, 0.5, 1]) {
      const f = (z: Tensor): Tensor => z.tanh().add(z.neg().relu({ selection })).add(z).sub(z.relu({ selection }));
      expect(await gradientAtZero(f)).toBeCloseTo(2 - 2 * selection, 12);
    }
  });
});

describe('values', () => {
  test('softmax and logSoftmax of large scores neither overflow nor lose the sum', async () => {
    const x = engine.tensor([1000, 1001, 1002, -1000, 0, 1000], [2, 3]);
    const p = await x.softmax().data();
    expect(p[0] + p[1] + p[2]).toBeCloseTo(1, 14);
    expect(p[2]).toBeCloseTo(1 / (1 + Math.exp(-1) + Math.exp(-2)), 14);
    expect(Array.from(await x.logSoftmax().data()).every(Number.isFinite)).toBe(true);
  });
  test('sums over any axes, also several and negative ones', async () => {
    const x = engine.tensor(
      Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 4],
    );
    expect(Array.from(await x.sum([0, 2]).data())).toEqual([60, 92, 124]);
    expect(Array.from(await x.sum(-1).data())).toEqual([6, 22, 38, 54, 70, 86]);
    expect(x.sum([0, 2], { keepAxes: true }).shape).toEqual([1, 3, 1]);
    expect(Array.from(await x.mean().data())).toEqual([11.5]);
  });
});

describe('the small dense solve', () => {
  test('solves one system for each sample', async () => {
    const [batch, order] = [3, 5];
    const G = normals(batch * order * order, 31);
    const r = normals(batch * order, 32);
    const x = await denseSolve(engine.tensor(G, [batch, order, order]), engine.tensor(r, [batch, order])).data();
    for (let s = 0; s < batch; s++) {
      const system = G.slice(s * order * order, (s + 1) * order * order);
      const found = Array.from(x).slice(s * order, (s + 1) * order);
      expect(relativeError(matmul(system, found, order, order, 1), r.slice(s * order, (s + 1) * order))).toBeLessThan(
        1e-11,
      );
    }
  });
  test('refuses an order above 16 and shapes that do not fit', () => {
    const r = engine.tensor(normals(17, 1), [1, 17]);
    expect(() => denseSolve(engine.tensor(normals(289, 1), [1, 17, 17]), r)).toThrow('the order is 17; at most 16');
    expect(() => denseSolve(engine.tensor(normals(4, 1), [2, 2]), r)).toThrow('G is [2, 2] and r is [1, 17]');
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  const x = (): Tensor => engine.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  test.each<[string, () => unknown, string]>([
    ['matmul shapes', () => x().matmul(x()), '[2, 3] and [2, 3] do not chain (3 and 2)'],
    ['matmul rank', () => x().matmul(engine.tensor([1])), 'both must be matrices'],
    ['broadcast', () => x().add(engine.tensor([1, 2])), 'do not broadcast'],
    ['reshape', () => x().reshape([4, 2]), '[2, 3] holds 6 numbers, [4, 2] would hold 8'],
    ['axis', () => x().sum(2), 'axis 2 is not in a tensor of rank 2'],
    ['permutation', () => x().transpose([0, 0]), 'the permutation is [0, 0]'],
    ['division by 0', () => x().div(0), 'the divisor is 0'],
    ['not finite', () => x().mul(Number.NaN), 'must be finite'],
    ['NaN in a tensor', () => engine.tensor([1, Number.NaN]), 'values[1] is NaN; every number must be finite'],
    ['too few numbers', () => engine.tensor([1, 2], [3]), 'values holds 2 numbers, the shape [3] needs 3'],
    ['empty', () => engine.tensor([], [0]), 'each must be a positive integer'],
    ['rank', () => engine.tensor([1], [1, 1, 1, 1, 1]), 'at most 4 is allowed'],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  });
  test('a loss of more than one number', async () => {
    await expect(valueAndGrad((t) => t.tanh(), [x()])).rejects.toThrow(
      'the loss has shape [2, 3]; it must hold one number',
    );
  });
  test('no inputs', async () => {
    await expect(valueAndGrad(() => x().sum(), [])).rejects.toThrow('inputs is empty');
  });
});
