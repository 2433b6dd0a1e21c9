/** Operations for models: values by their definitions, gradients by central differences, and misuse. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { concat } from '../../src/tensor/arrange.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gatherRows, scatterRows } from '../../src/tensor/move-kernels.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gradientChecker } from '../support/gradients.ts';
import { normals, normalsAwayFromKinks, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const checkGradient = gradientChecker(engine);

const values = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
/** Σ over i of cotangentᵢ·∂yᵢ/∂x. */
async function gradientOf(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Promise<number[][]> {
  const tape = new Tape();
  const watched = inputs.map((input) => tape.watch(input));
  return Promise.all(tape.pullback(f(...watched).sum(), watched).map(values));
}

describe('gradients against central differences', () => {
  const unary: Record<string, (x: Tensor) => Tensor> = {
    softplus: (x) => x.softplus(),
    softsign: (x) => x.softsign(),
    arctan: (x) => x.arctan(),
    leakyRelu: (x) => x.leakyRelu(0.3),
    'leakyRelu of negative slope': (x) => x.leakyRelu(-0.3),
    elu: (x) => x.elu(),
    'elu of alpha 0.4': (x) => x.elu(0.4),
    clip: (x) => x.clip(-1, 1),
    dropout: (x) => x.dropout(0.4, { seed: 5 }),
    'layerNorm alone': (x) => x.layerNorm(),
    'slice of the middle': (x) => x.slice([1, 1], [2, 3]).square(),
    'slice of whole rows': (x) => x.slice([2, 0], [1, 6]).square(),
    'gather, rows taken twice and left out': (x) => x.gather([2, 0, 2, 2]).square(),
    'gather, columns taken twice and left out': (x) => x.gather([5, 0, 5, 3, 3], -1).square(),
    'concat with itself': (x) => concat([x, x.square(), x], 1).tanh(),
    'split and put together': (x) =>
      concat([x.slice([0, 3], [4, 3]), x.slice([0, 0], [4, 3])], -1).mul(engine.tensor(normals(24, 5), [4, 6])),
  };
  for (const [name, f] of Object.entries(unary)) {
    test(name, () => checkGradient(f, [normalsAwayFromKinks(24, 1)], [[4, 6]]));
  }

  for (const name of ['maximum', 'minimum'] as const) {
    for (const shapes of [
      [
        [3, 4],
        [3, 4],
      ],
      [[3, 4], [4]],
      [
        [3, 1],
        [1, 4],
      ],
      [[1], [2, 3]],
    ]) {
      test(`${name} broadcasts [${shapes[0]}] and [${shapes[1]}]`, () => {
        const size = (shape: number[]): number => shape.reduce((x, y) => x * y, 1);
        return checkGradient((a, b) => a[name](b), [normals(size(shapes[0]), 2), normals(size(shapes[1]), 3)], shapes);
      });
    }
  }

  test('layerNorm in x, gain and bias, rank 3', () =>
    checkGradient(
      (x, gain, bias) => x.layerNorm({ gain, bias, epsilon: 1e-3 }),
      [normals(24, 1), normals(4, 2), normals(4, 3)],
      [[2, 3, 4], [4], [4]],
    ));
  test('concat of three along the middle axis of rank 3', () =>
    checkGradient(
      (a, b, c) => concat([a, b, c], 1).square(),
      [normals(8, 1), normals(24, 2), normals(8, 3)],
      [
        [2, 1, 4],
        [2, 3, 4],
        [2, 1, 4],
      ],
    ));
  test('slice of rank 4', () =>
    checkGradient((x) => x.slice([0, 1, 0, 2], [2, 1, 2, 1]).square(), [normals(48, 4)], [[2, 2, 3, 4]]));
});

describe('values', () => {
  test('concat of single numbers: side by side along the last axis, one below the other along the first', async () => {
    const [a, b] = [engine.tensor([1], [1, 1]), engine.tensor([2], [1, 1])];
    for (const [axis, shape] of [
      [1, [1, 2]],
      [0, [2, 1]],
      [-1, [1, 2]],
    ] as const) {
      expect(concat([a, b], axis).shape).toEqual(shape);
      expect(await values(concat([a, b], axis))).toEqual([1, 2]);
    }
  });

  test('slice, concat and gather move numbers and change none', async () => {
    const x = engine.tensor(
      Array.from({ length: 12 }, (_, i) => i),
      [3, 4],
    );
    expect(await values(x.slice([1, 2], [2, 2]))).toEqual([6, 7, 10, 11]);
    expect(await values(x.gather([2, 0, 2]))).toEqual([8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]);
    const y = engine.tensor([-1, -2, -3], [3, 1]);
    const joined = concat([y, x, y], -1);
    expect(joined.shape).toEqual([3, 6]);
    expect(await values(joined)).toEqual([-1, 0, 1, 2, 3, -1, -2, 4, 5, 6, 7, -2, -3, 8, 9, 10, 11, -3]);
    expect(await values(concat([x]))).toEqual(await values(x));
    expect(await values(engine.tensor([5, 6, 7]).gather([1, 1]))).toEqual([6, 6]);
  });

  test('gatherRows gives zeros and scatterRows leaves out where an index is outside', async () => {
    const store = engine.tensor([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(await values(gatherRows(store, engine.tensor([2, -1, 3, 0])))).toEqual([5, 6, 0, 0, 0, 0, 1, 2]);
    const rows = engine.tensor([10, 20, 30, 40, 50, 60], [3, 2]);
    expect(await values(scatterRows(store, rows, engine.tensor([2, 7, 0])))).toEqual([50, 60, 3, 4, 10, 20]);
    expect(await values(store)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('layerNorm of rows far from 0 has mean 0 and variance 1', async () => {
    const x = normals(300, 3).map((value) => 1e6 + value);
    const found = await values(engine.tensor(x, [3, 100]).layerNorm({ epsilon: 1e-12 }));
    for (let row = 0; row < 3; row++) {
      const part = found.slice(100 * row, 100 * (row + 1));
      expect(part.reduce((sum, value) => sum + value) / 100).toBeCloseTo(0, 9);
      expect(part.reduce((sum, value) => sum + value * value, 0) / 100).toBeCloseTo(1, 9);
      const source = x.slice(100 * row, 100 * (row + 1));
      const mean = source.reduce((sum, value) => sum + (value - 1e6), 0) / 100;
      expect(
        relativeError(
          part,
          source.map((value) => ((value - 1e6 - mean) * norm(part)) / norm(source.map((v) => v - 1e6 - mean))),
        ),
      ).toBeLessThan(1e-8);
    }
  });

  test('dropout keeps the share it should, scaled so that the mean stays, and repeats with its seed', async () => {
    const ones = engine.tensor(new Float64Array(40_000).fill(1), [200, 200]);
    for (const rate of [0.1, 0.5, 0.9]) {
      const found = await values(ones.dropout(rate, { seed: 2 ** 47 + 12_345 }));
      expect(found.every((value) => value === 0 || Math.abs(value - 1 / (1 - rate)) < 1e-12)).toBe(true);
      const kept = found.filter((value) => value !== 0).length / found.length;
      // Five standard deviations.
      expect(Math.abs(kept - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / found.length));
      expect(await values(ones.dropout(rate, { seed: 2 ** 47 + 12_345 }))).toEqual(found);
    }
    const halves = await Promise.all([3, 4, 3 + 2 ** 24].map((seed) => values(ones.dropout(0.5, { seed }))));
    // Neither the seed nor the place of a number predicts another one: about half of the masks agree.
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const same = halves[a].filter((value, at) => value === halves[b][at]).length / 40_000;
      expect(Math.abs(same - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 40_000));
    }
    const neighbours = halves[0].filter((value, at) => value === halves[0][(at + 1) % 40_000]).length / 40_000;
    expect(Math.abs(neighbours - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 40_000));
    expect(await values(ones.dropout(0, { seed: 1 }))).toEqual(await values(ones));
  });
});

describe('derivatives at kinks and ties', () => {
  test('maximum and minimum: the selection for one operand, the rest for the other; halves by default', async () => {
    const a = engine.tensor([1, 2, 3], [1, 3]);
    const b = engine.tensor([1, 5, -2], [1, 3]);
    expect(await gradientOf((x, y) => x.maximum(y), a, b)).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(await gradientOf((x, y) => x.minimum(y), a, b)).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
    for (const selection of [0, 1]) {
      const [max] = await gradientOf((x, y) => x.maximum(y, { selection }), a, b);
      const [min] = await gradientOf((x, y) => x.minimum(y, { selection }), a, b);
      expect([max[0], min[0]]).toEqual([selection, selection]);
    }
  });
  test('a tie is found within the rounding of the operands, not of their difference', async () => {
    const [gradient] = await gradientOf(
      (x, y) => x.maximum(y),
      engine.tensor([1000]),
      engine.tensor([1000 * (1 + 1e-15)]),
    );
    expect(gradient).toEqual([0.5]);
  });
  test('clip 1 by default, leakyRelu and elu the slope on the left', async () => {
    const at = async (f: (x: Tensor) => Tensor, x: number): Promise<number> =>
      (await gradientOf(f, engine.tensor([x])))[0][0];
    expect(await at((x) => x.clip(-1, 2), 2)).toBe(1);
    expect(await at((x) => x.clip(-1, 2, { selection: 0.25 }), -1)).toBe(0.25);
    expect(await at((x) => x.clip(-1, 2), 2.01)).toBe(0);
    expect(await at((x) => x.leakyRelu(0.2), 0)).toBe(0.2);
    expect(await at((x) => x.leakyRelu(0.5, { selection: 0.5 }), 0)).toBe(0.75);
    expect(await at((x) => x.elu(0.5), 0)).toBe(0.5);
    expect(await at((x) => x.elu(1), 0)).toBe(1);
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  const x = (): Tensor => engine.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const one = (): Tensor => engine.tensor([1], []);
  test.each<[string, () => unknown, string]>([
    ['clip', () => x().clip(1, 1), 'clip: low is 1 and high 1; both must be finite, and low < high'],
    ['clip to infinity', () => x().clip(0, Number.POSITIVE_INFINITY), 'high Infinity'],
    ['leakyRelu', () => x().leakyRelu(1.5), 'leakyRelu: the slope is 1.5; it must be a finite number ≤ 1'],
    ['elu', () => x().elu(2), 'elu: alpha is 2; it must be a number from 0 to 1'],
    ['selection', () => x().maximum(x(), { selection: 2 }), 'maximum: selection is 2'],
    ['maximum of shapes that do not fit', () => x().maximum(engine.tensor([1, 2])), 'maximum: shapes [2, 3] and [2]'],
    ['slice, rank', () => x().slice([0], [1]), 'slice: starts is [0]; it must hold one number for each axis of [2, 3]'],
    ['slice, sizes', () => x().slice([0, 0], [1]), 'slice: sizes is [1]'],
    [
      'slice past the end',
      () => x().slice([0, 2], [2, 2]),
      'along axis 1 it starts at 2 and takes 2; it must stay within 0 to 3',
    ],
    ['slice of nothing', () => x().slice([0, 0], [0, 1]), 'take at least 1'],
    ['concat of nothing', () => concat([]), 'concat: tensors is empty'],
    [
      'concat, shapes',
      () => concat([x(), engine.tensor([1, 2], [1, 2])]),
      'tensor 0 has shape [2, 3], tensor 1 [1, 2]',
    ],
    ['concat, axis', () => concat([x(), x()], 2), 'concat: axis 2 is not in a tensor of rank 2'],
    ['gather', () => x().gather([0, 2]), 'gather: indices[1] is 2; it must be an integer from 0 to 1'],
    ['gather of nothing', () => x().gather([]), 'gather: indices is empty'],
    ['gather of a scalar', () => one().gather([0]), 'gather: x is a scalar'],
    ['gatherRows', () => gatherRows(x(), x()), 'gatherRows: indices has shape [2, 3]; it must have one axis'],
    [
      'scatterRows',
      () => scatterRows(x(), x(), engine.tensor([1])),
      'scatterRows: rows has shape [2, 3]; it must have [1, 3]',
    ],
    ['rate', () => x().dropout(1, { seed: 0 }), 'dropout: rate is 1; it must be a number from 0 to below 1'],
    ['seed', () => x().dropout(0.5, { seed: -1 }), 'dropout: seed is -1; it must be an integer from 0 to 2⁴⁸ − 1'],
    [
      'gain',
      () => x().layerNorm({ gain: engine.tensor([1, 2]) }),
      'layerNorm: gain has shape [2]; x of shape [2, 3] needs [3]',
    ],
    ['epsilon', () => x().layerNorm({ epsilon: 0 }), 'layerNorm: epsilon is 0; it must be a finite number > 0'],
    ['layerNorm of a scalar', () => one().layerNorm(), 'layerNorm: x is a scalar'],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});

function norm(x: readonly number[]): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}
