import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldMasks, sparseRegression } from '../../src/data/index.ts';
import { norm, relativeError } from '../support/numbers.ts';

describe('foldMasks', () => {
  const sizes = fc
    .integer({ min: 2, max: 60 })
    .chain((count) =>
      fc.record({ count: fc.constant(count), folds: fc.integer({ min: 2, max: count }), seed: fc.nat() }),
    );

  test('holds every row out once, in folds of about one size', () => {
    fc.assert(
      fc.property(sizes, ({ count, folds, seed }) => {
        const { training, heldOut, foldOf, ...rest } = foldMasks(count, { folds, seed });
        expect(rest).toEqual({ folds, count });
        const held = new Array<number>(folds).fill(0);
        for (let row = 0; row < count; row++) {
          for (let fold = 0; fold < folds; fold++) {
            const at = fold * count + row;
            expect([training[at], heldOut[at]]).toEqual(foldOf[row] === fold ? [0, 1] : [1, 0]);
            held[fold] += heldOut[at];
          }
        }
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('depends on the seed alone, and mixes the rows', () => {
    expect(foldMasks(442, { seed: 7 })).toEqual(foldMasks(442, { seed: 7 }));
    expect(foldMasks(442, { seed: 7 }).foldOf).not.toEqual(foldMasks(442, { seed: 8 }).foldOf);
    // If 442 rows were dealt in order, neighbours would share a fold 437 times or never; at random they do about 88
    // times.
    const { foldOf } = foldMasks(442);
    const shared = foldOf.filter((fold, row) => row > 0 && fold === foldOf[row - 1]).length;
    expect(shared).toBeGreaterThan(50);
    expect(shared).toBeLessThan(130);
  });

  test.each([
    [1, {}, 'count is 1; it must be an integer from 2'],
    [4, {}, 'folds is 5; it must be an integer from 2 to 4'],
    [4, { folds: 1 }, 'folds is 1;'],
    [4, { folds: 2.5 }, 'folds is 2.5;'],
    [4, { folds: 2, seed: -1 }, 'seed is -1;'],
  ])('refuses %s rows with %o', (count, options, message) => {
    expect(() => foldMasks(count, options)).toThrow(message);
  });
});

describe('sparseRegression', () => {
  const options = { count: 4000, features: 12, supportSize: 3, correlation: 0.8, signalToNoise: 4, seed: 5 };
  const data = sparseRegression(options);
  const column = (feature: number): Float64Array => data.X.filter((_, at) => at % data.features === feature);
  const correlation = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, row) => sum + value * b[row], 0) / (norm(a) * norm(b));

  test('is y = Xβ + noise with few coefficients', () => {
    expect([data.X.length, data.y.length, data.featureNames.length]).toEqual([48_000, 4000, 12]);
    const nonzero = [...data.coefficients.keys()].filter((feature) => data.coefficients[feature] !== 0);
    expect(nonzero).toEqual(data.support);
    expect(nonzero).toHaveLength(3);
    for (const feature of nonzero) {
      expect(Math.abs(data.coefficients[feature])).toBeGreaterThanOrEqual(0.5);
      expect(Math.abs(data.coefficients[feature])).toBeLessThanOrEqual(2);
    }
    const signal = data.y.map((_, row) =>
      data.coefficients.reduce((sum, value, feature) => sum + value * data.X[row * 12 + feature], 0),
    );
    const noise = data.y.map((value, row) => value - signal[row]);
    expect(norm(signal) / norm(noise)).toBeCloseTo(4, 9);
    expect(norm(noise) / Math.sqrt(4000)).toBeCloseTo(data.noiseDeviation, 9);
    expect(Math.abs(correlation(noise, column(0)))).toBeLessThan(0.06);
    expect(relativeError(sparseRegression({ ...options, signalToNoise: Infinity }).y, signal)).toBeLessThan(1e-12);
  });

  test('has features of deviation 1, correlated as requested', () => {
    for (const feature of [0, 5, 11]) expect(norm(column(feature)) / Math.sqrt(4000)).toBeCloseTo(1, 1);
    expect(correlation(column(4), column(5))).toBeCloseTo(0.8, 1);
    expect(correlation(column(4), column(6))).toBeCloseTo(0.64, 1);
    expect(correlation(column(0), column(11))).toBeLessThan(0.2);
  });

  test('depends on the seed alone', () => {
    expect(sparseRegression(options)).toEqual(data);
    expect(sparseRegression({ ...options, seed: 6 }).support).not.toEqual(data.support);
  });

  test.each([
    [{ count: 0 }, 'count is 0; it must be an integer from 1'],
    [{ features: 1.5 }, 'features is 1.5;'],
    [{ supportSize: 13 }, 'supportSize is 13; it must be an integer from 1 to 12'],
    [{ correlation: 1 }, 'correlation is 1; it must be a number above -1 and below 1'],
    [{ signalToNoise: 0 }, 'signalToNoise is 0; it must be a number above 0'],
    [{ seed: 0.5 }, 'seed is 0.5;'],
  ])('refuses %o', (change, message) => {
    expect(() => sparseRegression({ ...options, ...change })).toThrow(message);
  });
});
