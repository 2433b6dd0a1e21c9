/**
 * The hypothesis of the implicit function theorem: decided against exact determinants, and never falsely in either
 * direction.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { evaluateElement, type MatrixFamily } from '../../src/implicit/hypothesis/family.ts';
import type { Invertibility } from '../../src/implicit/hypothesis/hypothesis.ts';
import { directSum, findTruth, identity, randomFamily, reluFamily } from '../support/families.ts';
import { checkInvertibility, singularValues } from '../support/hypothesis.ts';
import { monotoneProblem } from '../support/numbers.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8 }))
  .map(([n, k]) => [n, Math.min(n, k)]);
const smallSizes = sizes.map(([n, k]) => [Math.min(n, 6), Math.min(n, k, 6)]);
function expectSingular(family: MatrixFamily, { witness, nearest }: Invertibility): void {
  expect(witness).toHaveLength(family.terms.length);
  for (const d of witness ?? []) expect(d >= 0 && d <= 1).toBe(true);
  expect(nearest.d).toEqual(witness);
  const largest = Math.max(
    ...[0, 1].map(
      (end) =>
        singularValues(evaluateElement(family, new Float64Array(family.terms.length).fill(end)), family.n).largest,
    ),
  );
  const { smallest } = singularValues(evaluateElement(family, witness ?? []), family.n);
  expect(smallest).toBeLessThanOrEqual(1e-13 * family.n * largest);
  expect(nearest.relativeSingularValue).toBeLessThanOrEqual(1e-13 * family.n);
  expect(nearest.nearlySingular).toBe(true);
}

describe('the decision against exact determinants', () => {
  test('random I − DW: correctly certified or failed, never unknown', () => {
    const counts: Record<string, number> = { singularVertex: 0, families: 0 };
    const seen = (name: string): void => {
      counts[name] = (counts[name] ?? 0) + 1;
    };
    fc.assert(
      fc.property(sizes, seeds, fc.constantFrom([1, 1], [1, 4], [0.5, 4], [0.25, 8]), ([n, k], seed, [size, unit]) => {
        const family = randomFamily(n, k, seed, size, unit);
        const known = findTruth(family, 4 * unit);
        const result = checkInvertibility(family);
        seen('families');
        seen(result.argument);
        if (known.singularVertex) seen('singularVertex');
        expect(result.status).toBe(known.invertible ? 'certified' : 'failed');
        expect(result.argument === 'singular base').toBe(known.singularBase);
        if (result.status === 'failed') expectSingular(family, result);
        else expect(result.witness).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
    // Every argument for a verdict was used.
    for (const name of [
      'positive definite symmetric part',
      'P-matrix',
      'singular base',
      'singular element',
      'sign change',
      'singularVertex',
    ]) {
      expect(counts[name], `${name} of ${JSON.stringify(counts)}`).toBeGreaterThan(10);
    }
  });

  test('a family just off a singular vertex: never false, and unknown only within rounding', () => {
    const counts = { certified: 0, failed: 0, unknown: 0 };
    fc.assert(
      fc.property(smallSizes, seeds, fc.integer({ min: 20, max: 52 }), fc.boolean(), ([n, k], seed, bits, up) => {
        const whole = randomFamily(n, k, seed, 1, 1);
        fc.pre(findTruth(whole, 4).singularVertex);
        const base = Array.from(
          whole.base,
          (value, index) => value + (index === seed % (n * n) ? (up ? 1 : -1) * 2 ** -bits : 0),
        );
        const family = { ...whole, base };
        const known = findTruth(family, 2 ** 56);
        const result = checkInvertibility(family);
        counts[result.status]++;
        if (result.status !== 'unknown') {
          expect(result.status).toBe(known.invertible ? 'certified' : 'failed');
        } else {
          expect(bits).toBeGreaterThan(35);
          expectSingular(family, result);
          expect(result.argument).toBe('rounding');
        }
        if (result.status === 'failed') expectSingular(family, result);
      }),
      { numRuns: 300 },
    );
    expect(counts.certified, JSON.stringify(counts)).toBeGreaterThan(3);
    expect(counts.failed).toBeGreaterThan(30);
  });

  test('ill-conditioned families, sheared until float64 can hardly tell: never false', () => {
    const counts = { certified: 0, failed: 0, unknown: 0 };
    let worst = 0;
    fc.assert(
      fc.property(sizes, seeds, fc.integer({ min: 10, max: 100 }), ([n, k], seed, shears) => {
        fc.pre(n > 1);
        const plain = randomFamily(n, Math.min(k, 6), seed, 1, 4);
        const family = directSum([plain], shears, seed);
        // Beyond 2⁵³ the sheared entries would be rounded.
        fc.pre(Array.from(family.base).every((value) => Math.abs(value) < 2 ** 40));
        const known = findTruth(plain, 16);
        const result = checkInvertibility(family);
        counts[result.status]++;
        if (result.status !== 'unknown') expect(result.status).toBe(known.invertible ? 'certified' : 'failed');
        else expect(result).toMatchObject({ argument: 'rounding', nearest: { nearlySingular: true } });
        if (result.status === 'failed') expect(result.nearest.relativeSingularValue).toBeLessThan(1e-12 * n);
        const { smallest, largest } = singularValues(family.base, n);
        if (result.status === 'certified') worst = Math.max(worst, largest / smallest);
      }),
      { numRuns: 300 },
    );
    for (const status of Object.values(counts)) expect(status, JSON.stringify(counts)).toBeGreaterThan(10);
    expect(worst).toBeGreaterThan(1e8);
  });

  test('more kinks than can be enumerated: never false', () => {
    const counts: Record<string, number> = {};
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 3, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (seed, count, shears, tame) => {
          const draws = random(seed);
          const blocks = Array.from({ length: count }, () => {
            const k = 6 + draws.integer(2);
            return randomFamily(k + draws.integer(3), k, draws.integer(2 ** 31), tame ? 0.25 : 1, 8);
          });
          const family = directSum(blocks, shears, seed);
          expect(family.terms.length).toBeGreaterThan(16);
          const invertible = blocks.every((block) => findTruth(block, 32).invertible);
          const result = checkInvertibility(family);
          counts[result.argument] = (counts[result.argument] ?? 0) + 1;
          if (result.status === 'certified') expect(invertible).toBe(true);
          if (result.status === 'failed') {
            expect(invertible).toBe(false);
            expectSingular(family, result);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(counts['positive definite symmetric part'], JSON.stringify(counts)).toBeGreaterThan(3);
    expect(counts['sign change']).toBeGreaterThan(3);
  });

  test('the search alone, on families small enough to enumerate: never false, and reproducible', () => {
    const counts: Record<string, number> = {};
    fc.assert(
      fc.property(sizes, seeds, ([n, k], seed) => {
        const family = randomFamily(n, k, seed, 1, 4);
        const known = findTruth(family, 16);
        const result = checkInvertibility(family, { enumerationLimit: 0, seed });
        expect(checkInvertibility(family, { enumerationLimit: 0, seed })).toEqual(result);
        const missed = result.status === 'unknown' && !known.invertible;
        counts[missed ? 'missed' : result.status] = (counts[missed ? 'missed' : result.status] ?? 0) + 1;
        if (result.status === 'certified') expect(known.invertible).toBe(true);
        if (result.status === 'failed') {
          expect(known.invertible).toBe(false);
          expectSingular(family, result);
        }
      }),
      { numRuns: 300 },
    );
    // With so few kinks the descents find nearly every singular element.
    expect(counts.failed, JSON.stringify(counts)).toBeGreaterThan(20 * (counts.missed ?? 0));
  });

  test('a singular element that only one of 2²⁰ vertices shows is found, or left unknown', () => {
    // z₁ = c·z₂, z₂ = z₃, … round a circle of relus: det B(d) = 1 − c·d₁…dₖ, negative for c > 1 where every dᵢ is 1.
    const k = 20;
    const circle = (c: number): number[] =>
      identity(k).map((_, index) => (index % k === (Math.floor(index / k) + 1) % k ? (index < k ? c : 1) : 0));
    const failed = checkInvertibility(reluFamily(circle(2), k, k));
    expect(failed).toMatchObject({ status: 'failed', argument: 'sign change' });
    expect(failed.witness?.reduce((product, d) => product * d, 2)).toBeCloseTo(1, 10);
    expect(checkInvertibility(reluFamily(circle(1), k, k))).toMatchObject({
      status: 'failed',
      argument: 'singular element',
    });
    expect(checkInvertibility(reluFamily(circle(0.5), k, k))).toMatchObject({ status: 'certified' });
  });
});

describe('the examples of the theory', () => {
  test("Clarke's map (|x| + y, 2x + |y|) has an inverse at 0; (|x| + y, x + |y|) has none", () => {
    const clarke = (slope: number): MatrixFamily => ({
      n: 2,
      base: [-1, 1, slope, -1],
      terms: [
        { a: [1, 0], b: [-2, 0] },
        { a: [0, 1], b: [0, -2] },
      ],
    });
    const result = checkInvertibility(clarke(2), { exact: true });
    expect(result).toMatchObject({ status: 'certified', exact: true });
    // [−1 1; 2 −1] and [1 1; 2 1] have BᵀB of trace 7 and determinant 1.
    expect(result.nearest.smallestSingularValue).toBeCloseTo(Math.sqrt((7 - Math.sqrt(45)) / 2), 12);
    expect(checkInvertibility(clarke(1)).status).toBe('failed');
  });

  test('x = f(z) of figure 1, f(z) = tanh z + relu(−z) + z − relu(z): two relus, singular where both slopes are 1', () => {
    const family = { n: 1, base: [2], terms: [1, 1].map((width) => ({ a: [1], b: [width] })) };
    const result = checkInvertibility(family);
    expect(result).toMatchObject({ status: 'failed', argument: 'singular element' });
    expect(Array.from(result.witness ?? [])).toEqual([1, 1]);
  });

  test('z + c·|z|: invertible exactly for |c| < 1', () => {
    const absolute = (c: number): MatrixFamily => ({ n: 1, base: [1 - c], terms: [{ a: [1], b: [-2 * c] }] });
    for (const c of [-0.999999999, -0.5, 0, 0.5, 0.999999999])
      expect(checkInvertibility(absolute(c)).status).toBe('certified');
    for (const c of [-3, -1, 1, 1.000000001, 3]) expect(checkInvertibility(absolute(c)).status).toBe('failed');
    expect(checkInvertibility(absolute(1))).toMatchObject({ argument: 'singular base', witness: new Float64Array(1) });
    expect(checkInvertibility(absolute(-1))).toMatchObject({ argument: 'singular element' });
    expect(checkInvertibility(absolute(3)).witness?.[0]).toBeCloseTo(1 / 3, 12);
  });

  test('z = relu(z) at 0 is singular at d = 1, for one kink or for sixteen', () => {
    for (const k of [1, 5, 16]) {
      const result = checkInvertibility(reluFamily(identity(k), k, k));
      expect(result).toMatchObject({ status: 'failed', argument: 'singular element' });
    }
  });

  test('no kinks: certified by B₀ alone, failed where it is singular', () => {
    expect(checkInvertibility({ n: 2, base: [1, 2, 3, 4], terms: [] })).toMatchObject({
      status: 'certified',
      argument: 'no kinks',
      exact: true,
    });
    expect(checkInvertibility({ n: 2, base: [1, 2, 2, 4], terms: [] })).toMatchObject({
      status: 'failed',
      argument: 'singular base',
    });
    // As stored, 0.3 is not three times 0.1: there is no proof of either verdict, and the result says so.
    expect(checkInvertibility({ n: 2, base: [0.1, 0.3, 0.3, 0.9], terms: [] })).toMatchObject({
      status: 'unknown',
      argument: 'rounding',
      nearest: { nearlySingular: true },
    });
  });

  test('monotone layers are certified, with σ_min at least m/(m + ‖W‖)', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 30 }), (seed, n) => {
        const { W, margin } = monotoneProblem(n, 1, seed, 0.5);
        const k = 1 + (seed % n);
        const result = checkInvertibility(reluFamily(W, n, k), { exact: k <= 8 });
        expect(result.status).toBe('certified');
        const { largest } = singularValues(W, n);
        expect(result.nearest.smallestSingularValue).toBeGreaterThan((margin / (margin + largest)) * (1 - 1e-9));
      }),
      { numRuns: 60 },
    );
  });
});
