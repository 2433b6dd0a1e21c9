/** The documented ranges of a Lasso's arguments, whatever kind of array holds them. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type LassoOptions,
  largestPenalty,
  lasso,
  lassoPath,
  open,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { columnsOf, leastSquares } from '../support/least-squares.ts';
import { dot, normals, relativeError } from '../support/numbers.ts';

for (const backend of ['cpu', 'wasm', 'gpujs', 'webgpu'] as const) {
  describe(`on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const given = () => ({ X: engine.tensor([1, 1, 0, 1], [2, 2]), y: engine.tensor([1, -2]), logLambda: -1 });
    const list = (values: readonly number[], shape?: number[]): Tensor => engine.tensor(values, shape);

    const wrong: readonly (readonly [string, () => Partial<LassoOptions>, string])[] = [
      ['weights', () => ({ weights: list([1, -1]) }), 'weights: the least number is -1; every one must be at least 0'],
      [
        'weights of one problem',
        () => ({ weights: list([1, 1, 0, -0.5], [2, 2]) }),
        'weights: the least number is -0.5;',
      ],
      ['a ridge', () => ({ ridge: list([-2]) }), 'ridge: the least number is -2; every one must be at least 0'],
      ['a ridge of one problem', () => ({ ridge: list([1, -2]), logLambda: [0, 0] }), 'ridge: the least number is -2;'],
      [
        'masks below 0',
        () => ({ masks: list([1, -0.25], [1, 2]) }),
        'masks: the least number is -0.25; every one must be from 0 to 1',
      ],
      [
        'masks above 1',
        () => ({ masks: list([1, 0, 1.5, 1], [2, 2]) }),
        'masks: the greatest number is 1.5; every one',
      ],
      ['a mask of nothing', () => ({ masks: list([1, 0, 0, 0], [2, 2]) }), 'masks: one of them is 0 in every row;'],
    ];

    test.each(wrong)('refuses %s', async (_, options, message) => {
      for (const onFailure of ['throw', 'report'] as const) {
        for (const intercept of [false, true]) {
          const solution = lasso({ ...given(), ...options(), onFailure, intercept });
          await expect(solution.report).rejects.toThrow(message);
          await expect(solution.beta.data()).rejects.toThrow(message);
          await expect(solution.beta.sum().data()).rejects.toThrow(message);
        }
      }
      const loss = (y: Tensor): Tensor => lasso({ ...given(), ...options(), y }).beta.sum();
      await expect(valueAndGrad(loss, [engine.tensor([1, -2])])).rejects.toThrow(message);
    });

    test('a path refuses them as well, and names the value', async () => {
      const { logLambda: _, ...problem } = given();
      await expect(largestPenalty({ ...problem, weights: list([1, -1]) })).rejects.toThrow(
        'weights[1]: it is -1; it must be a finite number of at least 0',
      );
      await expect(lassoPath({ ...problem, weights: list([1, -1]) })).rejects.toThrow('weights[1]: it is -1;');
      await expect(lassoPath({ ...problem, masks: list([1, 2], [1, 2]) })).rejects.toThrow('masks: the greatest');
      await expect(lassoPath({ ...problem, masks: list([0, 0], [1, 2]) })).rejects.toThrow('masks: one of them is 0');
      const path = await lassoPath({ ...problem, logLambda: [0, -1], weights: list([1, -1]) });
      await expect(path.beta.data()).rejects.toThrow('weights: the least number is -1;');
      await expect(lassoPath({ ...problem, logLambda: [0, -2, -1] })).rejects.toThrow(
        'logLambda[2]: it is -1, after -2; the values must decrease',
      );
    });

    test('numbers are refused at once', () => {
      expect(() => lasso({ ...given(), ridge: -1 })).toThrow(
        'ridge: it is -1; it must be a finite number of at least 0',
      );
      expect(() => lasso({ ...given(), ridge: Number.NaN })).toThrow('ridge: it is NaN; it must be finite');
      expect(() => lasso({ ...given(), logLambda: Number.NEGATIVE_INFINITY })).toThrow(
        'logLambda: it is -Infinity; it must be finite',
      );
      expect(() => lasso({ ...given(), logLambda: [0, Number.NaN] })).toThrow(
        'logLambda[1] is NaN; it must be a finite number',
      );
      expect(() => lasso({ ...given(), selection: 1.5 })).toThrow('selection: it is 1.5; it must be');
    });

    test('values on the border are allowed', async () => {
      const solution = lasso({
        ...given(),
        weights: list([0, 1]),
        ridge: list([0]),
        masks: list([1, 0], [1, 2]),
      });
      expect((await solution.report).samples[0].status).toMatch(/converged|stalled/);
    });
  });
}

/** Columns that are equal, or nearly: the solution is the closed form's, as far as it is certified. */
describe('nearly equal columns with a small ridge', async () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const { epsilon } = engine;
    const solver = 'homotopy';
    /** Rounding moves β by as much as the condition number allows. */
    const digits = (ridge: number): number => 4 * (epsilon / ridge + epsilon);

    // X = [a, a]: β₁ = β₂ = (aᵀy − t)/(2‖a‖² + ρ).
    test.each([1, 1e-3, 1e-6, 1e-9, 1e-11, 1e-12, 1e-13, 1e-14, 6e-15, 4e-15, 1e-15, 1e-16])(
      `the weight is shared out on ${backend}: ρ = %s`,
      async (ridge) => {
        for (const a of [[1, 0], [0.6, 0.8].map(Math.fround)]) {
          const X = engine.tensor([a[0], a[0], a[1], a[1]], [2, 2]);
          const y = [a[0] - 2 * a[1], a[1] + 2 * a[0]];
          const solution = lasso({ X, y: engine.tensor(y), logLambda: Math.log(0.444), ridge, solver });
          const [square, moment] = [a[0] * a[0] + a[1] * a[1], a[0] * y[0] + a[1] * y[1]];
          const expected = (moment - 0.444) / (2 * square + ridge);
          const beta = await solution.beta.data();
          expect(beta[0] + beta[1]).toBeCloseTo(2 * expected, 5);
          const { status } = await solution.certificate();
          expect(status).toBe(ridge > 36 * epsilon ? 'certified' : ridge < 7 * epsilon ? 'failed' : status);
          if (status === 'failed') continue;
          for (const each of beta) expect(Math.abs(each - expected)).toBeLessThan(digits(ridge));
        }
      },
    );

    test(`of many equal columns, beside others, on ${backend}`, async () => {
      const copies = 12;
      const rows = [1, 0.5, 0.25].map((value, row) => [
        ...Array.from({ length: copies }, () => value),
        ...[1, 2].map((other) => Number(row === other)),
      ]);
      const common = { y: engine.tensor([2, 0.25, -1]), logLambda: Math.log(0.1), solver } as const;
      const alone = lasso({
        ...common,
        X: engine.tensor(
          rows.flatMap((row) => row.slice(copies - 1)),
          [3, 3],
        ),
      });
      const [whole, ...others] = await alone.beta.data();
      const ridge = epsilon < 1e-10 ? 1e-10 : 1e-4;
      const { beta } = lasso({ ...common, X: engine.tensor(rows.flat(), [3, copies + 2]), ridge });
      const found = Array.from(await beta.data());
      for (const each of found.slice(0, copies)) expect(each).toBeCloseTo(whole / copies, 3);
      for (const at of [0, 1]) expect(found[copies + at]).toBeCloseTo(others[at], 3);
    });

    // Columns (1, ±s): with u = β₁ + β₂ and v = β₁ − β₂, where β₁ and β₂ are above 0, (2 + ρ)u = 2(y₁ − t) and (2s² +
    // ρ)v = 2s·y₂.
    test.each([2 ** -4, 2 ** -8, 2 ** -12, 2 ** -16, 2 ** -20])(
      `of columns that differ by s = %s, on ${backend}`,
      async (s) => {
        for (const ridge of [s * s, (s * s) / 16, 16 * s * s]) {
          const y = [1, s / 4];
          const X = engine.tensor([1, 1, s, -s], [2, 2]);
          const solution = lasso({ X, y: engine.tensor(y), logLambda: Math.log(0.25), ridge, solver });
          if ((await solution.certificate()).status === 'failed') continue;
          const u = (2 * (y[0] - 0.25)) / (2 + ridge);
          const v = (2 * s * y[1]) / (2 * s * s + ridge);
          const [first, second] = await solution.beta.data();
          expect(Math.abs(first - (u + v) / 2)).toBeLessThan(digits(ridge));
          expect(Math.abs(second - (u - v) / 2)).toBeLessThan(digits(ridge));
        }
      },
    );
  }
});

/**
 * The signs and the support come from the homotopy, and β on them from reflections, whose rounding grows only by
 * √(1/ρ).
 */
test('dependent columns with a small ridge: the coefficients are those of their support and signs', async () => {
  const engine = await open({ backend: 'cpu' });
  const rows = 8;
  const t = 0.5;
  for (let seed = 1; seed <= 60; seed++) {
    for (const ridge of [1e-6, 1e-9, 1e-11]) {
      const coarse = (values: number[]): number[] => values.map((value) => Math.round(value * 64) / 64);
      const base = coarse(normals(rows * 3, seed));
      const y = coarse(normals(rows, seed + 1000, 2));
      const near = seed % 2 === 0 ? 0 : 2 ** -20;
      const X = Array.from({ length: rows }, (_, row) => {
        const [a, b, c] = base.slice(3 * row, 3 * row + 3);
        return [a, a + (row % 2) * near, b, b, (a + b) / 2, c, -c, (a - c) / 2];
      }).flat();
      const features = X.length / rows;
      const given = { X: engine.tensor(X, [rows, features]), y: engine.tensor(y), logLambda: Math.log(t), ridge };
      const beta = await lasso({ ...given, solver: 'homotopy' }).beta.data();
      const used = [...beta.keys()].filter((j) => beta[j] !== 0);
      const signs = used.map((j) => Math.sign(beta[j]));
      const columns = columnsOf(X, features);
      const ridged = used.map((j) => [...columns[j], ...used.map((i) => (i === j ? Math.sqrt(ridge) : 0))]);
      const { u, w } = leastSquares(ridged, [...y, ...used.map(() => 0)], signs);
      const expected = u.map((value, at) => value - t * w[at]);
      expect(
        relativeError(
          used.map((j) => beta[j]),
          expected,
        ),
      ).toBeLessThan(1000 * (Number.EPSILON / ridge));
      const rest = y.map((value, row) => used.reduce((r, j) => r - columns[j][row] * beta[j], value));
      for (const [j, column] of columns.entries()) {
        if (beta[j] === 0) expect(Math.abs(dot(column, rest))).toBeLessThan(t + 1e-13);
      }
    }
  }
  engine.close();
});
