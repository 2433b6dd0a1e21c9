/**
 * The start of the Lasso path when features have no penalty, and these features' coefficients where the others are 0: a
 * regression.
 */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  type Engine,
  type LassoOptions,
  largestPenalty,
  lasso,
  lassoPath,
  open,
  sure,
  tune,
  valueAndGrad,
} from '../../src/index.ts';
import { coordinateDescent, type PenalisedProblem } from '../support/coordinate-descent.ts';
import { normals, relativeError } from '../support/numbers.ts';

type Plain = Omit<PenalisedProblem, 'logLambda'>;

/**
 * maxⱼ |Xⱼᵀm∘r|/wⱼ over the features with a penalty, where r is the residual under a penalty that keeps them at 0, by
 * coordinate descent.
 */
function largestOf(problem: Plain): number {
  const { X, y, features, weights = new Array<number>(features).fill(1), mask, intercept = false } = problem;
  const { beta, intercept: b } = coordinateDescent({ ...problem, logLambda: 30 }, 1e-14 / Math.exp(30));
  const rest = Array.from(y, (value, row) => {
    const fitted = beta.reduce((sum, each, j) => sum + X[row * features + j] * each, intercept ? b : 0);
    return (mask?.[row] ?? 1) * (value - fitted);
  });
  const shares = Array.from(weights, (weight, j) =>
    weight === 0 ? 0 : Math.abs(rest.reduce((sum, r, row) => sum + X[row * features + j] * r, 0)) / weight,
  );
  return Math.log(Math.max(...shares));
}

function given(engine: Engine, { X, y, features, weights, ridge, mask, intercept }: Plain) {
  const rows = y.length;
  return {
    X: engine.tensor(X, [rows, features]),
    y: engine.tensor(y),
    ...(weights && { weights: engine.tensor(weights) }),
    ...(mask && { masks: engine.tensor(mask, [1, rows]) }),
    ...(ridge !== undefined && { ridge }),
    ...(intercept !== undefined && { intercept }),
  } satisfies Partial<LassoOptions>;
}

const rows = 14;
const features = 5;
const X = normals(rows * features, 3);
const y = normals(rows, 4, 3);
const weights = [0, 1, 0.5, 0, 2];
const mask = y.map((_, row) => (row % 4 === 1 ? 0 : row % 4 === 2 ? 0.5 : 1));

const problems: readonly (readonly [string, Plain])[] = [
  ['one of two features', { X: [1, 1, 0, 1], y: [1, -1], features: 2, weights: [0, 1] }],
  ['several features', { X, y, features, weights }],
  ['with an intercept', { X, y, features, weights, intercept: true }],
  ['with a mask', { X, y, features, weights, mask }],
  ['with a mask and an intercept', { X, y, features, weights, mask, intercept: true }],
  ['with a ridge', { X, y, features, weights, ridge: 0.75 }],
  ['with all of these', { X, y, features, weights, mask, intercept: true, ridge: 0.75 }],
];

const DIGITS: Readonly<Partial<Record<BackendName, number>>> = { cpu: 1e-10 };

for (const backend of ['cpu', 'wasm', 'gpujs', 'webgpu'] as const) {
  describe(`on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const bound = DIGITS[backend] ?? 2e-5;

    test.each(problems)('λ_max: %s', async (_, problem) => {
      const [found] = await largestPenalty(given(engine, problem));
      expect(Math.abs(found - largestOf(problem))).toBeLessThan(bound);
    });

    test('of a batch with weights of its own', async () => {
      const all = [weights, [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]];
      const found = await largestPenalty({
        ...given(engine, { X, y, features }),
        weights: engine.tensor(all.flat(), [all.length, features]),
      });
      const expected = all.map((each) => largestOf({ X, y, features, weights: each }));
      expect(found[2]).toBe(Number.NEGATIVE_INFINITY);
      for (const at of [0, 1, 3]) expect(Math.abs(found[at] - expected[at])).toBeLessThan(bound);
    });

    test('the path starts where the first penalised feature enters', async () => {
      const path = await lassoPath({
        ...given(engine, { X, y, features, weights, intercept: true }),
        count: 5,
        depth: 3,
      });
      const beta = await path.beta.data();
      const least = coordinateDescent({ X, y, features, weights, intercept: true, logLambda: 30 }, 1e-26).beta;
      expect(relativeError(beta.slice(0, features), least)).toBeLessThan(Math.sqrt(bound));
      for (const [at, logLambda] of path.logLambda.entries()) {
        const { beta: expected } = coordinateDescent({ X, y, features, weights, intercept: true, logLambda });
        expect(relativeError(beta.slice(at * features, (at + 1) * features), expected)).toBeLessThan(Math.sqrt(bound));
      }
    });

    test('says why no path starts', async () => {
      const none = { ...given(engine, { X, y, features }), weights: engine.tensor([0, 0, 0, 0, 0]) };
      await expect(lassoPath(none)).rejects.toThrow('weights: all are 0, so that λ changes nothing');
      const constant = { ...given(engine, { X, y: y.map(() => 0.1), features, intercept: true }) };
      expect(await largestPenalty(constant)).toEqual([Number.NEGATIVE_INFINITY]);
      await expect(lassoPath(constant)).rejects.toThrow(/y: it is 0\.1\d* in every row, which the intercept explains/);
      const unseen = y.map((_, row) => (mask[row] === 0 ? row : 3));
      const masked = { ...given(engine, { X, y: unseen, features, mask, intercept: true }) };
      await expect(lassoPath(masked)).rejects.toThrow('y: it is 3 in every row that counts, which the intercept');
      const zero = { ...given(engine, { X, y: y.map(() => 0), features }) };
      await expect(lassoPath(zero)).rejects.toThrow('y: Xᵀy is 0, so that β is 0 for every λ');
      const sum = y.map((_, row) => 0.3 * X[row * features] - 0.7 * X[row * features + 3]);
      const explained = { ...given(engine, { X, y: sum, features, weights }) };
      expect(await largestPenalty(explained)).toEqual([Number.NEGATIVE_INFINITY]);
      await expect(lassoPath(explained)).rejects.toThrow(
        'y: the features without a penalty (weights of 0) explain all of it that X can, so that the others are 0 for every λ',
      );
    });

    test('a constant target in tune', async () => {
      const constant = { ...given(engine, { X, y: y.map(() => 7), features, intercept: true }) };
      await expect(tune({ ...constant, criterion: sure({ deviation: 1 }) })).rejects.toThrow(
        'y: it is 7 in every row, which the intercept explains',
      );
    });

    test('small moments that are exact do not count as rounding', async () => {
      const small = { X: [0, 1], y: [1, 2 ** -30], features: 1 };
      expect((await largestPenalty(given(engine, small)))[0]).toBeCloseTo(-30 * Math.LN2, 5);
    });

    test('a feature without a penalty has no kink at β = 0', async () => {
      const options = {
        X: engine.tensor([1, 0, 0, 1], [2, 2]),
        logLambda: 0,
        weights: engine.tensor([0, 1]),
        solver: 'auto',
      } as const;
      const target = engine.tensor([0, 3]);
      const [, [gradient]] = await valueAndGrad(
        (own) =>
          lasso({ ...options, y: own })
            .beta.mul(engine.tensor([1, 1], [1, 2]))
            .sum(),
        [target],
      );
      expect(relativeError(await gradient.data(), [1, 1])).toBeLessThan(1e-6);
      const { samples, kinks } = await lasso({ ...options, y: target }).certificate();
      expect(kinks).toEqual([]);
      expect(samples[0].support).toEqual([0, 1]);
    });
  });
}
