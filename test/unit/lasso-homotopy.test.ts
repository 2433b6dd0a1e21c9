/**
 * The homotopy on cpu and wasm: minimisers of random problems, with dependent columns too, and paths to a small duality
 * gap.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { worstGap } from '../../bench/lasso-gap.ts';
import { lassoSettings } from '../../src/implicit/lasso/options.ts';
import { type Engine, type LassoOptions, lasso, lassoPath, open } from '../../src/index.ts';
import { isSolved } from '../../src/solvers/report.ts';
import { coordinateDescent, kktViolation, type PenalisedProblem } from '../support/coordinate-descent.ts';
import { normals, relativeError } from '../support/numbers.ts';

/**
 * Bounds of β, of the optimality conditions relative to the penalty, and of the duality gap, which contains the
 * rounding of β in float32.
 */
const BOUNDS = {
  cpu: { beta: 1e-8, violation: 1e-10, gap: 1e-12 },
  wasm: { beta: 1e-4, violation: 1e-3, gap: 5e-6 },
} as const;

interface Random {
  readonly X: number[];
  readonly y: number[];
  readonly rows: number;
  readonly features: number;
}

/** Exact in float32, so that both backends solve the same problem. */
function randomProblem(rows: number, features: number, seed: number): Random {
  const X = normals(rows * features, seed).map(Math.fround);
  const y = normals(rows, seed + 1, 3).map(Math.fround);
  return { X, y, rows, features };
}

/** ln max|Xᵀy| */
function largestLogLambda({ X, y, features }: Random): number {
  const moments = Array.from({ length: features }, (_, j) =>
    Math.abs(y.reduce((sum, value, row) => sum + value * X[row * features + j], 0)),
  );
  return Math.log(Math.max(...moments));
}

function given(engine: Engine, { X, y, rows, features }: Random): Pick<LassoOptions, 'X' | 'y' | 'solver'> {
  return { X: engine.tensor(X, [rows, features]), y: engine.tensor(y), solver: 'homotopy' };
}

/** The columns a, b, c, a + b, a − c, a. Sums and differences are exact, since all numbers are multiples of 2⁻¹⁰. */
function dependentColumns(seed: number): Random {
  const rows = 12;
  const coarse = (values: number[]): number[] => values.map((value) => Math.round(value * 1024) / 1024);
  const base = coarse(normals(rows * 3, seed));
  const X = Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = base.slice(3 * row, 3 * row + 3);
    return [a, b, c, a + b, a - c, a];
  }).flat();
  return { X, y: coarse(normals(rows, seed + 1, 3)), rows, features: 6 };
}

for (const backend of ['cpu', 'wasm'] as const) {
  const bound = BOUNDS[backend];
  describe(`on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const sizes = fc.constantFrom([20, 6], [12, 12], [8, 25], [31, 40]);
    const seeds = fc.nat({ max: 1e6 });

    test('finds the minimiser that coordinate descent finds, with weights, a mask, a ridge and an intercept', async () => {
      await fc.assert(
        fc.asyncProperty(
          ...([sizes, seeds, fc.boolean(), fc.boolean(), fc.boolean()] as const),
          async ([rows, features], seed, isWeighted, isMasked, intercept) => {
            const problem = randomProblem(rows, features, seed);
            const weights = Array.from({ length: features }, (_, j) => (isWeighted ? 0.5 + (j % 4) / 2 : 1));
            const mask = Array.from({ length: rows }, (_, row) => (isMasked && row % 5 === 2 ? 0 : 1));
            // If there are more features than rows, only a ridge leaves the minimiser well conditioned.
            const ridge = features < rows ? 0 : 0.5;
            const logLambda = [1, 2, 4].map((depth) => largestLogLambda(problem) - depth);
            const solution = lasso({
              ...given(engine, problem),
              ...{ logLambda, ridge, intercept },
              weights: engine.tensor(weights),
              masks: engine.tensor(mask, [1, rows]),
            });
            const beta = Array.from(await solution.beta.data());
            const level = await solution.intercept.data();
            for (const [index, value] of logLambda.entries()) {
              const whole: PenalisedProblem = { ...problem, logLambda: value, weights, mask, ridge, intercept };
              const expected = coordinateDescent(whole);
              const found = beta.slice(index * features, (index + 1) * features);
              expect(relativeError(found, expected.beta)).toBeLessThan(bound.beta);
              const fit = { beta: found, intercept: level[index] };
              expect(kktViolation(whole, fit)).toBeLessThan(bound.violation);
            }
            solution.dispose();
          },
        ),
        { numRuns: 25 },
      );
    });

    test('a path: a small gap at every λ, and no more coefficients than rows', async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom([30, 90], [60, 20], [40, 30]), seeds, async ([rows, features], seed) => {
          const problem = randomProblem(rows, features, seed);
          const path = await lassoPath({ ...given(engine, problem), count: 30, depth: Math.log(200) });
          const beta = Array.from(await path.beta.data());
          const floats = Float64Array.from(beta);
          const [X, y] = [Float32Array.from(problem.X), Float32Array.from(problem.y)];
          const whole = { X, y, samples: rows, features, masks: undefined };
          expect(worstGap(whole, path.logLambda, floats)).toBeLessThan(bound.gap);
          for (const { samples, dualityGap } of await Promise.all(path.reports)) {
            expect(samples.every(isSolved)).toBe(true);
            for (const gap of dualityGap) expect(Math.abs(gap)).toBeLessThan(bound.gap);
          }
          for (let index = 0; index < 30; index++) {
            const used = beta.slice(index * features, (index + 1) * features).filter((value) => value !== 0);
            expect(used.length).toBeLessThanOrEqual(rows);
          }
          path.beta.dispose();
          path.intercept.dispose();
        }),
        { numRuns: 15 },
      );
    });

    test('columns that depend on one another exactly, at little penalty', async () => {
      for (let seed = 0; seed < 20; seed++) {
        const problem = dependentColumns(1000 * seed);
        const logLambda = [3, 6, 9].map((depth) => largestLogLambda(problem) - depth);
        const solution = lasso({ ...given(engine, problem), logLambda });
        const { samples, dualityGap } = await solution.report;
        expect(samples.map(isSolved)).toEqual([true, true, true]);
        // The support never has more features than there are independent columns, so that the steps are few.
        expect(Math.max(...samples.map(({ iterations }) => iterations))).toBeLessThan(100);
        for (const gap of dualityGap) expect(Math.abs(gap)).toBeLessThan(bound.gap);
        const beta = await solution.beta.data();
        for (let index = 0; index < 3; index++) {
          expect(beta.slice(6 * index, 6 * index + 6).filter((value) => value !== 0).length).toBeLessThanOrEqual(3);
        }
        solution.dispose();
      }
    });

    test('ties: rows of ±1, and columns that are repeated', async () => {
      for (let seed = 0; seed < 20; seed++) {
        const [rows, features] = [10, 14];
        const signs = normals(rows * 7, seed).map(Math.sign);
        const X = Array.from({ length: rows * features }, (_, at) => {
          const [row, j] = [Math.floor(at / features), at % features];
          return signs[row * 7 + (j % 7)];
        });
        const problem = { X, y: normals(rows, 500 + seed, 2).map(Math.round), rows, features };
        const logLambda = [0, 1, 2, 5].map((depth) => largestLogLambda(problem) - depth);
        const solution = lasso({ ...given(engine, problem), logLambda });
        const { samples, dualityGap } = await solution.report;
        expect(samples.every(isSolved)).toBe(true);
        for (const gap of dualityGap) expect(Math.abs(gap)).toBeLessThan(bound.gap);
        solution.dispose();
      }
    });

    test('starts from the given point, or where the problem before it ended', async () => {
      const problem = randomProblem(20, 30, 7);
      const top = largestLogLambda(problem);
      const all = given(engine, problem);
      const cold = lasso({ ...all, logLambda: [top - 3] });
      const [fromCold, { samples: coldSamples }] = [await cold.beta.data(), await cold.report];
      const again = lasso({ ...all, logLambda: [top - 3], initial: cold.beta });
      expect((await again.report).samples[0].iterations).toBeLessThanOrEqual(2);
      expect(relativeError(await again.beta.data(), fromCold)).toBeLessThan(bound.beta);
      // Repeats a penalty, then raises it.
      const row = lasso({ ...all, logLambda: [top - 3, top - 3, top - 1] });
      const { samples } = await row.report;
      expect(samples[0].iterations).toBe(coldSamples[0].iterations);
      expect(samples[1].iterations).toBe(0);
      const direct = await lasso({ ...all, logLambda: [top - 1] }).beta.data();
      expect(relativeError((await row.beta.data()).slice(60), direct)).toBeLessThan(bound.beta);
    });

    test('many right-hand sides, and one that is 0', async () => {
      const [rows, features] = [8, 16];
      const { X } = randomProblem(rows, features, 3);
      const y = normals(3 * rows, 4)
        .map(Math.fround)
        .fill(0, rows, 2 * rows);
      const tensors = { X: engine.tensor(X, [rows, features]), y: engine.tensor(y, [3, rows]) };
      const solution = lasso({ ...tensors, logLambda: -1, solver: 'homotopy' });
      const beta = Array.from(await solution.beta.data());
      for (const index of [0, 1, 2]) {
        const own = { X, y: y.slice(index * rows, (index + 1) * rows), features, logLambda: -1 };
        const found = beta.slice(index * features, (index + 1) * features);
        expect(kktViolation(own, { beta: found, intercept: 0 })).toBeLessThan(bound.violation);
      }
      expect(beta.slice(features, 2 * features)).toEqual(Array(features).fill(0));
    });
  });
}

test('is chosen by auto where it runs, unless a ridge admits more features than a factor is meant for', () => {
  const onGPU = { epsilon: 2 ** -23, backend: 'webgpu' } as const;
  expect(lassoSettings({}, 100_000).solver).toBe('homotopy');
  expect(lassoSettings({ ridge: 1 }, 4096).solver).toBe('homotopy');
  expect(lassoSettings({ ridge: 1 }, 4097).solver).toBe('coordinate-descent');
  expect(lassoSettings({}, 10, onGPU).solver).toBe('fista');
  expect(() => lassoSettings({ solver: 'homotopy' }, 10, onGPU)).toThrow(
    'solver: it is "homotopy", which runs on cpu, wasm only; the backend is webgpu',
  );
});
