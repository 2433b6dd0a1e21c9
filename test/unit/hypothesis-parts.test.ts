/** The parts of the decision on the hypothesis: enclosures, minors, exact signs, singular values, chained kinks. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { evaluateElement } from '../../src/implicit/hypothesis/family.ts';
import { estimateSmallestSingularValue } from '../../src/implicit/hypothesis/matrix-free.ts';
import { determinantSign, solve, solveTransposed } from '../../src/solvers/matrices.ts';
import { identity, randomFamily, reluFamily, vertices, wholeDeterminant, wholeElement } from '../support/families.ts';
import {
  checkInvertibility,
  exactSign,
  factorise,
  hasCholeskyFactor,
  hasPositiveDefiniteSymmetricPart,
  liftedSystem,
  principalMinorSigns,
  reducedMatrix,
  singularValues,
  verifiedInverse,
} from '../support/hypothesis.ts';
import { matmul, norm, normals, relativeError, transpose } from '../support/numbers.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8 }))
  .map(([n, k]) => [n, Math.min(n, k)]);
/** The determinant by elimination in real numbers. */
function determinant(matrix: ArrayLike<number>, n: number): number {
  const factorisation = factorise(matrix, n);
  return Array.from({ length: n }, (_, i) => factorisation.factors[i * n + i]).reduce(
    (a, b) => a * b,
    factorisation.parity,
  );
}

describe('the parts of the proof', () => {
  test('the principal minors of I − G are the ratios of determinants', () => {
    fc.assert(
      fc.property(sizes, seeds, ([n, k], seed) => {
        const family = randomFamily(n, k, seed, 1, 4);
        const whole = (d: ArrayLike<number>): number => Number(wholeDeterminant(wholeElement(family, d, 16)));
        const base = whole(new Uint8Array(k));
        fc.pre(base !== 0);
        const verified = verifiedInverse(family.base, n);
        expect(verified?.sign).toBe(Math.sign(base));
        if (!verified) return;
        const { centre } = reducedMatrix(family, verified);
        for (const vertex of vertices(k)) {
          const chosen = Array.from(vertex.keys()).filter((i) => vertex[i] === 1);
          const minor = chosen.flatMap((i) => chosen.map((j) => centre[i * k + j]));
          const exact = whole(vertex) / base;
          const scale = chosen.reduce((product, i) => product * (1 + norm(chosen.map((j) => centre[i * k + j]))), 1);
          expect(Math.abs(determinant(minor, chosen.length) - exact)).toBeLessThan(1e-11 * scale);
        }
      }),
    );
  });

  test('the enclosure of I − G holds the exact matrix: entry (i, j) is det(B₀ − aⱼbᵢᵀ)/det B₀, less 1 off the diagonal', () => {
    fc.assert(
      fc.property(sizes, seeds, ([n, k], seed) => {
        const family = randomFamily(n, k, seed, 1, 4);
        const verified = verifiedInverse(family.base, n);
        fc.pre(verified !== null);
        if (!verified) return;
        const { centre, radius } = reducedMatrix(family, verified);
        const base = wholeDeterminant(wholeElement(family, new Uint8Array(k), 16));
        for (let index = 0; index < k * k; index++) {
          const [i, j] = [Math.floor(index / k), index % k];
          const pair = { n, base: family.base, terms: [{ a: family.terms[j].a, b: family.terms[i].b }] };
          const updated = wholeDeterminant(wholeElement(pair, [1], 16)) - (i === j ? 0n : base);
          // The quotient in units of 2⁻⁹⁰, so that its own rounding does not matter.
          const exact = (updated << 90n) / base;
          const distance = Math.abs(Number(exact - BigInt(Math.round(centre[index] * 2 ** 60)) * 2n ** 30n)) / 2 ** 90;
          expect(distance).toBeLessThanOrEqual(radius[index] + 2 ** -59);
          expect(radius[index]).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test('the sign in whole numbers is that of the determinant, for entries of very different sizes', () => {
    fc.assert(
      fc.property(sizes, seeds, ([n, k], seed) => {
        const family = randomFamily(n, k, seed, 1, 2);
        for (const vertex of vertices(k).slice(-4)) {
          const exact = wholeDeterminant(wholeElement(family, vertex, 8));
          const sign = exact > 0n ? 1 : exact < 0n ? -1 : 0;
          expect(exactSign(family, vertex)).toBe(sign);
          const scaled = { ...family, base: Array.from(family.base, (value) => value * 2 ** -300) };
          const small = {
            ...scaled,
            terms: family.terms.map(({ a, b }) => ({ a, b: Array.from(b, (x) => x * 2 ** -300) })),
          };
          expect(exactSign(small, vertex)).toBe(sign);
        }
      }),
    );
    expect(exactSign({ n: 2, base: [0.1, 0.3, 0.3, 0.9], terms: [] }, new Uint8Array(0))).not.toBe(0);
    expect(exactSign({ n: 2, base: [1e300, 1, 1, 1e-300], terms: [] }, new Uint8Array(0))).toBeNull();
  });

  test('a proof of invertibility covers the radius and no more', () => {
    const radius = (size: number): Float64Array => new Float64Array(4).fill(size);
    // Among the matrices within r of [2 1; 1 2], the first to be singular is [2 − r, 1 + r; 1 + r, 2 − r] at r = ½.
    expect(verifiedInverse([2, 1, 1, 2], 2, radius(0.49))?.sign).toBe(1);
    expect(verifiedInverse([2, 1, 1, 2], 2, radius(0.5))).toBeNull();
    expect(verifiedInverse([1, 2, 2, 1], 2)?.sign).toBe(-1);
    expect(verifiedInverse([1, 2, 2, 4], 2)).toBeNull();
    expect(verifiedInverse([0, 0, 0, 0], 2)).toBeNull();
  });

  test('minors within their radius stay undecided; all others are decided', () => {
    const signs = (centre: number[], size: number) =>
      principalMinorSigns({ k: 2, centre: Float64Array.from(centre), radius: new Float64Array(4).fill(size) }, 8);
    expect(signs([1, 1, 1, 2], 0)).toEqual({ undecided: [], truncated: false });
    expect(signs([1, 2, 1, 1], 0.01).change).toEqual({ vertex: Uint8Array.from([1, 0]), kink: 1 });
    expect(signs([1, 1, 1, 1.03], 0.01)).toEqual({ undecided: [Uint8Array.from([1, 1])], truncated: false });
    expect(signs([0.005, 0, 0, 1], 0.01)).toEqual({
      undecided: [Uint8Array.from([1, 0]), Uint8Array.from([1, 1])],
      truncated: false,
    });
  });

  test('a positive definite symmetric part is found through a scaling, and not claimed within the radius', () => {
    const holds = (centre: number[], size = 0): boolean =>
      hasPositiveDefiniteSymmetricPart({
        k: 2,
        centre: Float64Array.from(centre),
        radius: new Float64Array(4).fill(size),
      });
    expect(holds([1, 1, -1, 1])).toBe(true);
    expect(holds([1, -4, 0, 1])).toBe(true);
    expect(holds([100, -300, -0.1, 1])).toBe(true);
    expect(holds([1, -1, -1, 1])).toBe(false);
    expect(holds([1, -0.99, -0.99, 1], 0.001)).toBe(true);
    expect(holds([1, -0.99, -0.99, 1], 0.01)).toBe(false);
    expect(holds([-1, 0, 0, 1])).toBe(false);
    expect(holds([0, 0, 0, 1])).toBe(false);
  });

  test('linear algebra: solves, transposed solves, signs, Cholesky', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), seeds, (n, seed) => {
        const matrix = normals(n * n, seed);
        const right = normals(n, seed + 1);
        const factorisation = factorise(matrix, n);
        const condition = singularValues(matrix, n).largest / singularValues(matrix, n).smallest;
        expect(relativeError(matmul(matrix, solve(factorisation, right), n, n, 1), right)).toBeLessThan(
          1e-13 * condition,
        );
        const turned = transpose(matrix, n, n);
        expect(relativeError(matmul(turned, solveTransposed(factorisation, right), n, n, 1), right)).toBeLessThan(
          1e-13 * condition,
        );
        const gram = matmul(turned, matrix, n, n, n);
        expect(
          hasCholeskyFactor(
            gram.map((value, index) => value + (index % (n + 1) === 0 ? 1 : 0)),
            n,
          ),
        ).toBe(true);
        expect(
          hasCholeskyFactor(
            gram.map((value) => -value),
            n,
          ),
        ).toBe(false);
        const doubled = matrix.map((value, index) => (index < n ? -value : value));
        expect(determinantSign(factorise(doubled, n))).toBe(-determinantSign(factorisation));
      }),
    );
    expect(determinantSign(factorise([0, 1, 1, 0], 2))).toBe(-1);
    expect(determinantSign(factorise([1, 2, 2, 4], 2))).toBe(0);
  });
});

describe('the element nearest to a singular one', () => {
  test('the worst σ_min is the least over all vertices, and no interior point is nearer', () => {
    fc.assert(
      fc.property(sizes, seeds, ([n, k], seed) => {
        const family = reluFamily(normals(n * n, seed, 0.4 / Math.sqrt(n)), n, k);
        const result = checkInvertibility(family, { exact: true });
        fc.pre(result.status === 'certified');
        const least = Math.min(...vertices(k).map((d) => singularValues(evaluateElement(family, d), n).smallest));
        expect(result.exact).toBe(true);
        expect(result.nearest.smallestSingularValue / least).toBeCloseTo(1, 8);
        expect(singularValues(evaluateElement(family, result.nearest.d), n).smallest).toBe(
          result.nearest.smallestSingularValue,
        );
        const draws = random(seed);
        for (let trial = 0; trial < 20; trial++) {
          const d = Float64Array.from({ length: k }, () => draws.uniform());
          expect(singularValues(evaluateElement(family, d), n).smallest).toBeGreaterThan(least * (1 - 1e-8));
        }
      }),
    );
  });

  test('a vertex below the threshold counts as nearly singular, even if d = 0 is above it', () => {
    // diag(1 − d₁(1 − 2⁻²⁰), 1 + d₂): 2⁻²⁰ at d = (1, ·)
    const terms = [
      { a: [1, 0], b: [1 - 2 ** -20, 0] },
      { a: [0, 1], b: [0, -1] },
    ];
    const family = { n: 2, base: identity(2), terms };
    expect(checkInvertibility(family).nearest).toMatchObject({ d: Float64Array.from([1, 1]), nearlySingular: true });
    const { nearest } = checkInvertibility(family, { exact: true, warnBelow: 1e-7 });
    expect(nearest).toMatchObject({ smallestSingularValue: 2 ** -20, nearlySingular: false });
    expect(nearest.d[0]).toBe(1);
  });

  test('singular values of matrices built from known ones, in both sizes of the method', () => {
    for (const n of [1, 2, 7, 40, 80]) {
      const values = Array.from({ length: n }, (_, i) => 2 ** -i);
      const reflector = (seed: number): number[] => {
        const v = normals(n, seed);
        return identity(n).map((entry, index) => entry - (2 * v[Math.floor(index / n)] * v[index % n]) / norm(v) ** 2);
      };
      const scaled = reflector(2).map((entry, index) => values[Math.floor(index / n)] * entry);
      const matrix = matmul(reflector(1), scaled, n, n, n);
      const { smallest, largest, vector } = singularValues(matrix, n);
      expect(Math.abs(smallest - values[n - 1])).toBeLessThan(1e-14);
      expect(largest).toBeCloseTo(1, 8);
      expect(norm(vector)).toBeCloseTo(1, 12);
      expect(Math.abs(norm(matmul(matrix, vector, n, n, 1)) - smallest)).toBeLessThan(1e-14);
    }
    expect(singularValues([1, 2, 2, 4], 2)).toMatchObject({ largest: 5 });
    expect(singularValues([0, 0, 0, 0], 2)).toMatchObject({ smallest: 0, largest: 0 });
  });

  test('from solves alone: never below σ_min, near it after a few, exact after n', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), seeds, async (n, seed) => {
        const matrix = normals(n * n, seed, 0.5 / Math.sqrt(n)).map((value, index) => value + identity(n)[index]);
        const factorisation = factorise(matrix, n);
        const { smallest } = singularValues(matrix, n);
        const estimate = (iterations: number): Promise<number> =>
          estimateSmallestSingularValue(
            async (right) => solve(factorisation, right),
            async (right) => solveTransposed(factorisation, right),
            n,
            { iterations, seed },
          );
        const [few, all] = [await estimate(6), await estimate(n)];
        expect(few / smallest).toBeGreaterThan(1 - 1e-8);
        expect(few / smallest).toBeLessThan(1.5);
        expect(all / smallest).toBeCloseTo(1, 6);
      }),
    );
    const identical = async (right: Float64Array): Promise<Float64Array> => right;
    expect(await estimateSmallestSingularValue(identical, identical, 5)).toBeCloseTo(1, 12);
    const broken = async (): Promise<number[]> => [Number.NaN, 0];
    await expect(estimateSmallestSingularValue(broken, identical, 2)).rejects.toThrow('solve: it returned a number');
    await expect(estimateSmallestSingularValue(identical, async () => [1], 2)).rejects.toThrow(
      'solveTransposed: it returned 1',
    );
    await expect(estimateSmallestSingularValue(identical, identical, 2, { iterations: 0 })).rejects.toThrow(
      'iterations: it is 0',
    );
  });
});

describe('chained kinks', () => {
  /** F_z + F_y·∂y/∂z, with the rows of ∂y/∂z one after another by the chain rule. */
  function reduced(chain: ReturnType<typeof randomChain>, slopes: readonly number[]): number[] {
    const { n, kinks, Fz, Fy, Pz, Py } = chain;
    const derivative: number[][] = [];
    for (let kink = 0; kink < kinks; kink++) {
      const inner = Array.from({ length: n }, (_, j) =>
        derivative.reduce((sum, row, before) => sum + Py[kink * kinks + before] * row[j], Pz[kink * n + j]),
      );
      derivative.push(inner.map((value) => slopes[kink] * value));
    }
    const through = matmul(Fy, derivative.flat(), n, kinks, n);
    return Fz.map((value, index) => value + through[index]);
  }

  function randomChain(n: number, kinks: number, seed: number) {
    const draws = random(seed);
    const whole = (count: number): number[] => Array.from({ length: count }, () => draws.integer(5) - 2);
    return {
      n,
      kinks,
      Fz: whole(n * n),
      Fy: whole(n * kinks),
      Pz: whole(kinks * n),
      Py: whole(kinks * kinks).map((value, index) => (index % kinks < Math.floor(index / kinks) ? value : 0)),
      low: Array.from({ length: kinks }, () => -draws.integer(2)),
      high: Array.from({ length: kinks }, () => 1),
    };
  }

  test('the lifted determinant is that of the chain rule, at every vertex and inside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), seeds, (n, kinks, seed) => {
        const chain = randomChain(n, kinks, seed);
        const family = liftedSystem(chain);
        const draws = random(seed);
        const inside = Array.from({ length: kinks }, () => draws.integer(9) / 8);
        for (const d of [...vertices(kinks), inside]) {
          const slopes = Array.from(d, (value, i) => chain.low[i] + value * (chain.high[i] - chain.low[i]));
          const lifted = determinant(evaluateElement(family, d), n + kinks);
          const direct = determinant(reduced(chain, slopes), n);
          expect(Math.abs(lifted - direct)).toBeLessThan(1e-7 * (1 + Math.abs(direct)));
        }
        const whole = vertices(kinks).map((d) => {
          const slopes = Array.from(d, (value, i) => chain.low[i] + value * (chain.high[i] - chain.low[i]));
          const matrix = reduced(chain, slopes);
          return wholeDeterminant(Array.from({ length: n }, (_, i) => matrix.slice(i * n, i * n + n).map(BigInt)));
        });
        const invertible = whole.every((value) => value !== 0n && value > 0n === whole[0] > 0n);
        expect(checkInvertibility(family).status).toBe(invertible ? 'certified' : 'failed');
      }),
      { numRuns: 300 },
    );
  });

  test('z = 2·relu(relu(z)): one kink at a time every element is 1; lifted, it fails where d₁d₂ = ½', () => {
    const chain = { n: 1, kinks: 2, Fz: [1], Fy: [0, -2], Pz: [1, 0], Py: [0, 0, 1, 0], low: [0, 0], high: [1, 1] };
    // The slope 1 of one relu changes nothing while the other has the slope 0: both terms vanish.
    const oneAtATime = [
      [1, 0],
      [0, 1],
    ].map((d) => ({ a: [1], b: [1 - reduced(chain, d)[0]] }));
    expect(checkInvertibility({ n: 1, base: reduced(chain, [0, 0]), terms: oneAtATime }).status).toBe('certified');
    const lifted = checkInvertibility(liftedSystem(chain));
    expect(lifted.status).toBe('failed');
    const [first, second] = lifted.witness ?? [];
    expect(first * second).toBeCloseTo(0.5, 12);
  });

  test('misuse is refused by name', () => {
    const chain = { n: 1, kinks: 1, Fz: [1], Fy: [0], Pz: [1], Py: [0], low: [0], high: [1] };
    expect(() => liftedSystem({ ...chain, Py: [1] })).toThrow('Py[0]: it is 1; on and above the diagonal it must be 0');
    expect(() => liftedSystem({ ...chain, Fy: [] })).toThrow('Fy: it has 0 numbers; it must have 1');
    expect(() => liftedSystem({ ...chain, low: [2] })).toThrow('low[0]: it is 2; it must be at most high[0], 1');
    expect(() => liftedSystem({ ...chain, Fz: [Number.NaN] })).toThrow('base[0]: it is NaN; it must be finite');
    const family = { n: 1, base: [1], terms: [{ a: [1], b: [1] }] };
    expect(() => checkInvertibility({ ...family, n: 0 })).toThrow('n: it is 0');
    expect(() => checkInvertibility({ ...family, base: [1, 2] })).toThrow('base: it has 2 numbers; it must have 1');
    expect(() => checkInvertibility({ ...family, terms: [{ a: [1], b: [Number.NaN] }] })).toThrow(
      'terms[0].b[0]: it is NaN',
    );
    expect(() => checkInvertibility(family, { enumerationLimit: 25 })).toThrow('enumerationLimit: it is 25');
    expect(() => checkInvertibility(family, { warnBelow: Number.NaN })).toThrow('warnBelow: it is NaN');
  });
});
