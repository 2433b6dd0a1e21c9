import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const many = 200_000;

/** Mean, variance, skewness and excess kurtosis. */
function moments(values: readonly number[]) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 - 3 };
}

describe('the numbers are fixed for ever', () => {
  // Literal values: an engine, platform or version with other values would change every seeded result.
  test('uniform, normal, integer and permutation of seed 42', () => {
    const draws = random(42);
    expect([draws.uniform(), draws.uniform()]).toEqual([0.6553784353498703, 0.5461771376422331]);
    expect([draws.normal(), draws.normal(), draws.normal()]).toEqual([
      0.4754348977904114, -0.3647927902206636, 0.829564280307239,
    ]);
    expect([draws.integer(10), draws.integer(1000)]).toEqual([9, 9]);
    expect([...draws.permutation(8)]).toEqual([7, 6, 2, 4, 1, 5, 3, 0]);
    expect(draws.fork('weights').uniform()).toBe(0.7742392123106455);
  });

  test('the same seed gives the same numbers, another seed others', () => {
    fc.assert(
      fc.property(seeds, seeds, (a, b) => {
        const first = random(a).uniform();
        expect(random(a).uniform()).toBe(first);
        if (a !== b) expect(random(b).uniform()).not.toBe(first);
      }),
    );
  });

  test('seeds that differ only above 32 bits differ', () => {
    expect(random(5).uniform()).not.toBe(random(5 + 2 ** 32).uniform());
  });
});

describe('distributions', () => {
  test('uniform: in [0, 1), with its mean, variance and even tenths', () => {
    const draws = random(1);
    const values = Array.from({ length: many }, () => draws.uniform());
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    const { mean, variance } = moments(values);
    expect(mean).toBeCloseTo(1 / 2, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    const tenths = new Array<number>(10).fill(0);
    for (const x of values) tenths[Math.floor(10 * x)]++;
    const expected = many / 10;
    const chiSquare = tenths.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // One seed in a thousand exceeds 27.9; this seed is fixed.
    expect(chiSquare).toBeLessThan(27.9);
  });

  test('normal: four moments and the share beyond two and three', () => {
    const draws = random(2);
    const values = Array.from({ length: many }, () => draws.normal());
    const { mean, variance, skewness, kurtosis } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.015);
    expect(Math.abs(skewness)).toBeLessThan(0.025);
    expect(Math.abs(kurtosis)).toBeLessThan(0.05);
    expect(values.filter((x) => Math.abs(x) > 2).length / many).toBeCloseTo(0.0455, 2);
    expect(values.filter((x) => Math.abs(x) > 3).length / many).toBeCloseTo(0.0027, 3);
  });

  test('integer: every value of a range that does not divide 2³², evenly', () => {
    const draws = random(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[draws.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    expect(draws.integer(1)).toBe(0);
  });

  test('integer of 3·2³⁰ is even: without refusing draws its first third would come twice as often', () => {
    const draws = random(4);
    const n = 3 * 2 ** 30;
    let first = 0;
    for (let i = 0; i < 30_000; i++) if (draws.integer(n) < n / 3) first++;
    expect(first / 30_000).toBeCloseTo(1 / 3, 1);
    expect(first / 30_000).toBeLessThan(0.36);
  });

  test('permutation: each index once, each place equally likely', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 200 }), (seed, n) => {
        expect([...random(seed).permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
    const draws = random(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const key = draws.permutation(4).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('fork', () => {
  test('with a label it does not depend on what was drawn, nor draw itself', () => {
    const untouched = random(6);
    const used = random(6);
    used.uniform();
    used.normal();
    expect(used.fork('a').uniform()).toBe(untouched.fork('a').uniform());
    expect(untouched.uniform()).toBe(random(6).uniform());
    expect(untouched.fork('a').uniform()).not.toBe(untouched.fork('b').uniform());
    expect(untouched.fork('').uniform()).not.toBe(random(6).uniform());
  });

  test('without a label each fork is different', () => {
    const parent = random(7);
    expect(parent.fork().uniform()).not.toBe(parent.fork().uniform());
  });
});

describe('arguments', () => {
  test.each([-1, 0.5, Number.NaN, 2 ** 53])('seed %s is refused', (seed) => {
    expect(() => random(seed)).toThrow(`seed is ${seed}; it must be an integer from 0`);
  });

  test('integer and permutation refuse what is out of range', () => {
    expect(() => random(0).integer(0)).toThrow('n is 0; it must be an integer from 1');
    expect(() => random(0).integer(2.5)).toThrow('n is 2.5');
    expect(() => random(0).permutation(-1)).toThrow('n is -1; it must be an integer from 0');
  });
});
