/**
 * The range of a gradient over the selections at the kinks, compared with the gradients for the selections themselves.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { fixedPoint } from '../../src/implicit/root.ts';
import type { ImplicitSelection } from '../../src/implicit/selections.ts';
import type { ImplicitFunction } from '../../src/implicit/system.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { normals } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

/** The interval for z = f(z, x) at z = 0 and x = 0, which solves the equation. */
function at0(f: ImplicitFunction, shape: readonly number[], input: Tensor, selection?: ImplicitSelection) {
  const unknown = engine.tensor(new Float64Array(shape[0] * shape[1]), shape);
  return fixedPoint(f, { unknown, inputs: [input], solver: 'given', selection, tolerance: 1e-9 });
}

const ones = (...shape: number[]): Tensor => engine.tensor(new Float64Array(shape[0] * shape[1]).fill(1), shape);

test('one kink: z = relu(z/2 + x) has slopes s/(1 − s/2), from 0 to 2', async () => {
  const z = at0((y, x) => y.mul(0.5).add(x).relu(), [1, 1], engine.tensor([0]));
  const { low, high, exact, kinks } = await z.solve.gradientInterval(ones(1, 1));
  expect([low, high, exact]).toEqual([expect.closeTo(0, 12), expect.closeTo(2, 12), true]);
  expect(kinks).toHaveLength(1);
});

test('without a kink the interval is one number', async () => {
  const z = at0((y, x) => y.mul(0.5).add(x.mul(3)), [1, 1], engine.tensor([0]));
  const { low, high, exact } = await z.solve.gradientInterval(ones(1, 1));
  expect([low, high, exact]).toEqual([expect.closeTo(6, 12), expect.closeTo(6, 12), true]);
});

test('kinks of the input alone count too, and a kink that all samples share is one kink of one system', async () => {
  const z = fixedPoint((y, x) => y.mul(0).add(x.relu()).add(x.abs().mul(0.25)), {
    unknown: engine.tensor([0, 0], [2, 1]),
    inputs: [engine.tensor([0])],
    solver: 'given',
    coupled: true,
  });
  const { low, high, exact } = await z.solve.gradientInterval(engine.tensor([1, 2], [2, 1]));
  expect([low, high, exact]).toEqual([expect.closeTo(-0.75, 12), expect.closeTo(3.75, 12), true]);
});

test('kinks of different samples add up', async () => {
  const z = at0((y, x) => y.mul(0.5).add(x).relu(), [3, 1], engine.tensor([0]));
  const { low, high } = await z.solve.gradientInterval(engine.tensor([1, 1, -1], [3, 1]));
  expect([low, high]).toEqual([expect.closeTo(-2, 12), expect.closeTo(4, 12)]);
});

describe('several coupled kinks, with one chained', () => {
  const n = 3;
  const W = engine.tensor(normals(n * n, 3, 0.15), [n, n]);
  const f = (y: Tensor, x: Tensor, w: Tensor): Tensor =>
    y.matmul(w).add(x).relu().sub(y.abs().mul(0.2)).maximum(y.mul(0.1));
  const v = engine.tensor([1, -2, 0.5], [1, n]);
  const solved = (input: Tensor, selection?: ImplicitSelection) =>
    fixedPoint((y, x, w) => f(y, x, w), {
      unknown: engine.tensor(new Float64Array(n), [1, n]),
      inputs: [input, W],
      solver: 'given',
      tolerance: 1e-9,
      backwardTolerance: 1e-12,
      selection,
    });

  test('no selection leaves the range, and its ends are reached', async () => {
    const input = engine.tensor([0]);
    const { low, high, exact, kinks } = await solved(input).solve.gradientInterval(v);
    expect(exact).toBe(true);
    expect(kinks).toHaveLength(3 * n);
    expect(low).toBeLessThan(high);
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const noteGradient = async (selection: ImplicitSelection): Promise<void> => {
      const tape = new Tape();
      const x = tape.watch(input);
      const [gradient] = tape.pullback(solved(x, selection), [x], v);
      const value = (await gradient.data())[0];
      least = Math.min(least, value);
      most = Math.max(most, value);
    };
    for (let seed = 0; seed < 20; seed++) await noteGradient({ random: seed });
    expect(least).toBeGreaterThan(low);
    expect(most).toBeLessThan(high);
    for (let set = 0; set < 2 ** (3 * n); set++) {
      await noteGradient(({ place, index }) => (set >> (place * n + index)) & 1);
    }
    expect(least).toBeCloseTo(low, 9);
    expect(most).toBeCloseTo(high, 9);
  });
});

describe('more kinks than can be enumerated', () => {
  const n = 24;
  const at = (size: number, seed: number) => {
    const W = engine.tensor(normals(n * n, seed, size / Math.sqrt(n)), [n, n]);
    return (x: Tensor, selection?: ImplicitSelection) =>
      fixedPoint((y, shift, w) => y.matmul(w).add(shift).relu(), {
        unknown: engine.tensor(new Float64Array(n), [1, n]),
        inputs: [x, W],
        solver: 'given',
        tolerance: 1e-9,
        backwardTolerance: 1e-12,
        selection,
      });
  };
  const v = engine.tensor(normals(n, 5), [1, n]);

  test('bounds that no selection exceeds and values that selections attain are distinguished', async () => {
    for (const [size, seed] of [
      [0.1, 1],
      [0.4, 2],
    ]) {
      const solved = at(size, seed);
      const { low, high, attained, exact, argument, kinks } = await solved(engine.tensor([0])).solve.gradientInterval(
        v,
      );
      expect([exact, argument, kinks.length]).toEqual([false, 'bounds', n]);
      if (!attained) throw new Error('nothing is attained');
      expect(low).toBeLessThanOrEqual(attained.low);
      expect(attained.low).toBeLessThan(attained.high);
      expect(attained.high).toBeLessThanOrEqual(high);
      expect(high - low).toBeLessThan(2 * (attained.high - attained.low));
      for (let seed = 0; seed < 30; seed++) {
        const choice: ImplicitSelection =
          seed % 2 ? { random: seed } : ({ index }) => (normals(n, seed)[index] > 0 ? 1 : 0);
        const tape = new Tape();
        const x = tape.watch(engine.tensor([0]));
        const [gradient] = tape.pullback(solved(x, choice), [x], v);
        const value = (await gradient.data())[0];
        expect(value).toBeGreaterThanOrEqual(low);
        expect(value).toBeLessThanOrEqual(high);
      }
    }
  });

  test('unbounded, with the attained values, where the hypothesis cannot be shown', async () => {
    const { low, high, attained, argument } = await at(3, 3)(engine.tensor([0])).solve.gradientInterval(v);
    expect([low, high, argument]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 'unbounded']);
    expect(Number.isFinite(attained?.low)).toBe(true);
  });
});

describe('the search past 16 kinks starts at eight vertices, from all low to all high', () => {
  // At the kinks the slope of x ↦ x₁₇, with xᵢ₊₁ = relu(xᵢ) or xᵢ − relu(xᵢ), is a product of factors dᵢ or 1 − dᵢ. It
  // is 1 at a single vertex and 0 at all others, so that no descent leads there.
  test.each([
    '00000000000000000',
    '00001000000100000',
    '01001000100100010',
    '01001100100110010',
    '01101100110110011',
    '01101110110111011',
    '01111110111111011',
    '11111111111111111',
  ])('%s', async (vertex) => {
    const chain = (x: Tensor): Tensor =>
      [...vertex].reduce<Tensor>((y, isHigh) => (isHigh === '1' ? y.relu() : y.sub(y.relu())), x.reshape([1, 1]));
    const z = at0((_y, x) => chain(x), [1, 1], engine.tensor([0]));
    const { attained, kinks } = await z.solve.gradientInterval(ones(1, 1));
    expect(kinks).toHaveLength(17);
    expect(attained).toEqual({ low: expect.closeTo(0, 12), high: expect.closeTo(1, 12) });
  });
});

test('where the hypothesis fails there is no bound', async () => {
  const z = at0((y, x) => y.mul(2).add(x).relu(), [1, 1], engine.tensor([0]));
  const { low, high, exact, attained, argument } = await z.solve.gradientInterval(ones(1, 1));
  expect([low, high, exact]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false]);
  // The slope s/(1 − 2s) is 0 at s = 0 and −1 at s = 1, with a pole between.
  expect([attained, argument]).toEqual([{ low: expect.closeTo(-1, 12), high: 0 }, 'unbounded']);
  const singular = at0((y, x) => y.add(x.relu()), [1, 1], engine.tensor([0]));
  expect(await singular.solve.gradientInterval(ones(1, 1))).not.toHaveProperty('attained');
});

test('wrong arguments', async () => {
  const z = at0((y, x) => y.mul(0.5).add(x), [1, 2], engine.tensor([0, 0]));
  await expect(z.solve.gradientInterval(ones(1, 2))).rejects.toThrow(
    'gradientInterval: inputs[0] holds 2 numbers; it must hold one',
  );
  await expect(z.solve.gradientInterval(ones(1, 2), { input: 1 })).rejects.toThrow(
    'gradientInterval: input is 1; it must be the place of one of the 1 inputs',
  );
});
