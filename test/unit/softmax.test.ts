/** softmax and its prox_{αf} on the oracle: the equation, another method for it, and extreme inputs. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { proximalSoftmax, softmaxRows } from '../../src/tensor/kernels.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

function softmax(t: readonly number[]): number[] {
  const largest = Math.max(...t);
  const powers = t.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value);
  return powers.map((value) => value / total);
}

async function proximal(x: readonly number[], step: number): Promise<number[]> {
  const result = proximalSoftmax(engine.tensor(x, [1, x.length]), engine.tensor([step]));
  return Array.from(await result.data());
}

/** The s with α ln s + (1 − α)s = c, by bisection on ln s. */
function entry(c: number, step: number): number {
  let [low, high] = [-1e6, 0];
  for (let halving = 0; halving < 200; halving++) {
    const middle = 0.5 * (low + high);
    if (step * middle + (1 - step) * Math.exp(middle) < c) low = middle;
    else high = middle;
  }
  return Math.exp(0.5 * (low + high));
}

/** Bisection on the logarithm λ of the partition sum, and within it on each entry. */
function proximalByBisection(x: readonly number[], step: number): number[] {
  const entries = (lambda: number): number[] => x.map((value) => entry(value - step * lambda, step));
  let [low, high] = [-1e5, 1e5];
  for (let halving = 0; halving < 100; halving++) {
    const middle = 0.5 * (low + high);
    if (entries(middle).reduce((sum, s) => sum + s) > 1) low = middle;
    else high = middle;
  }
  return entries(0.5 * (low + high));
}

describe('proximalSoftmax', () => {
  test.each([1e-3, 0.3, 1, 5, 50])('agrees with bisection at α = %d', async (step) => {
    for (const [n, scale] of [
      [2, 1],
      [3, 30],
      [10, 0.1],
      [10, 3],
    ]) {
      const x = normals(n, 7, scale);
      expect(relativeError(await proximal(x, step), proximalByBisection(x, step))).toBeLessThan(1e-9);
    }
  });

  test('satisfies its definition: softmax(t) with (1 − α)·softmax(t) + αt = x, for any row and α', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 17, 100),
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom(0.01, 1, 10, 1000),
        fc.constantFrom(1e-3, 0.03, 0.3, 0.999, 1, 1.001, 5, 50, 1000),
        async (n, seed, scale, step) => {
          const x = normals(n, seed, scale);
          const s = await proximal(x, step);
          const t = x.map((value, i) => (value - (1 - step) * s[i]) / step);
          // An error δ of s causes one of δ(1 − α)/α in t.
          const allowed = (1e-13 * (1 + Math.max(...x.map(Math.abs)) + step)) / Math.min(1, step);
          for (const [i, value] of softmax(t).entries()) expect(Math.abs(s[i] - value)).toBeLessThan(allowed);
          expect(s.reduce((sum, value) => sum + value)).toBeCloseTo(1, 12);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('at α = 1 it is softmax, at equal entries 1/n', async () => {
    const x = normals(20, 3, 2);
    const plain = await softmaxRows(engine.tensor(x, [4, 5])).data();
    const step = await proximalSoftmax(engine.tensor(x, [4, 5]), engine.tensor([1])).data();
    expect(relativeError(step, plain)).toBeLessThan(1e-14);
    for (const alpha of [1e-3, 50]) {
      for (const value of await proximal([7, 7, 7, 7], alpha)) expect(value).toBeCloseTo(0.25, 14);
    }
  });
});
