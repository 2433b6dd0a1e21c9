/** The ranges that arguments of a Lasso are documented with, wherever the numbers are. */
import { afterAll, describe, expect, test } from 'vitest';
import { type LassoOptions, lasso, lassoPath, largestPenalty, open, type Tensor, valueAndGrad } from '../../src/index.ts';

for (const backend of ['cpu', 'wasm', 'gpujs', 'webgpu'] as const) {
  describe(`on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const given = () => ({ X: engine.tensor([1, 1, 0, 1], [2, 2]), y: engine.tensor([1, -2]), logLambda: -1 });
    const list = (values: readonly number[], shape?: number[]): Tensor => engine.tensor(values, shape);

    const wrong: readonly (readonly [string, () => Partial<LassoOptions>, string])[] = [
      ['weights', () => ({ weights: list([1, -1]) }), 'weights: the least number is -1; every one must be at least 0'],
      ['weights of one problem', () => ({ weights: list([1, 1, 0, -0.5], [2, 2]) }), 'weights: the least number is -0.5;'],
      ['a ridge', () => ({ ridge: list([-2]) }), 'ridge: the least number is -2; every one must be at least 0'],
      ['a ridge of one problem', () => ({ ridge: list([1, -2]), logLambda: [0, 0] }), 'ridge: the least number is -2;'],
      ['masks below 0', () => ({ masks: list([1, -0.25], [1, 2]) }), 'masks: the least number is -0.25; every one must be from 0 to 1'],
      ['masks above 1', () => ({ masks: list([1, 0, 1.5, 1], [2, 2]) }), 'masks: the greatest number is 1.5; every one'],
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

    test('a path refuses them as well, and says which', async () => {
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
      expect(() => lasso({ ...given(), ridge: -1 })).toThrow('ridge: it is -1; it must be a finite number of at least 0');
      expect(() => lasso({ ...given(), ridge: Number.NaN })).toThrow('ridge: it holds NaN; every number must be finite');
      expect(() => lasso({ ...given(), logLambda: Number.NEGATIVE_INFINITY })).toThrow('logLambda: it holds -Infinity;');
      expect(() => lasso({ ...given(), logLambda: [0, Number.NaN] })).toThrow('logLambda: it holds NaN; every number');
      expect(() => lasso({ ...given(), selection: 1.5 })).toThrow('selection: it is 1.5; it must be');
    });

    test('what lies on the border is allowed', async () => {
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

/** Columns that repeat one another, apart from a part in 2ᵏ: H and Xᵀy are then exact, and β has a closed form. */
for (const backend of ['cpu', 'wasm'] as const) {
  describe(`nearly equal columns with a small ridge, on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());

    // X = [a, a], a of norm 1: β₁ = β₂ = (aᵀy − t)/(2 + ρ).
    test.each([1e-3, 1e-6, 1e-9, 1e-12, 1e-13])('the weight is shared out: ρ = %s', async (ridge) => {
      const X = engine.tensor([1, 1, 0, 0], [2, 2]);
      const { beta, certificate, report } = lasso({ X, y: engine.tensor([1, 0.5]), logLambda: Math.log(0.444), ridge });
      const [first, second] = await beta.data();
      expect(first).toBeCloseTo(0.278, 2);
      expect(second).toBeCloseTo(0.278, 2);
      expect((await report).samples[0].status).toMatch(/converged|stalled/);
      if (backend === 'cpu') expect((await certificate()).status).toBe('certified');
    });

    test('of many equal columns, beside others', async () => {
      const copies = 12;
      const features = copies + 2;
      const rows = Array.from({ length: 3 }, (_, row) => [
        ...Array.from({ length: copies }, () => [1, 0.5, 0.25][row]),
        [0, 1, 0][row],
        [0, 0, 1][row],
      ]);
      const X = engine.tensor(rows.flat(), [3, features]);
      const solve = { X, y: engine.tensor([2, 0.25, -1]), logLambda: Math.log(0.1) };
      const { beta } = lasso({ ...solve, ridge: 1e-10 });
      const found = Array.from(await beta.data());
      const alone = lasso({ X: engine.tensor(rows.flatMap((row) => row.slice(copies - 1)), [3, 3]), y: solve.y, logLambda: solve.logLambda });
      const [whole, ...others] = await alone.beta.data();
      for (const each of found.slice(0, copies)) expect(each).toBeCloseTo(whole / copies, 3);
      expect(found[copies]).toBeCloseTo(others[0], 4);
      expect(found[copies + 1]).toBeCloseTo(others[1], 4);
    });

    // [1 0; 0 2⁻²⁰] rotated by 45°: columns (1, ±2⁻²⁰)/√2·√2, y = (1, 0).
    test('of columns that differ little', async () => {
      const small = 2 ** -18;
      const [t, ridge] = [0.25, 2 ** -40];
      const X = engine.tensor([1, 1, small, -small], [2, 2]);
      const y = [1, 2 ** -20];
      const { beta } = lasso({ X, y: engine.tensor(y), logLambda: Math.log(t), ridge });
      const [first, second] = await beta.data();
      // With u = β₁ + β₂ and v = β₁ − β₂: (2 + ρ)u/2 = y₁ − t and (2s² + ρ)v/2 = s·y₂ where both are above 0.
      const u = (2 * (y[0] - t)) / (2 + ridge);
      const v = (2 * small * y[1]) / (2 * small ** 2 + ridge);
      expect(first).toBeCloseTo((u + v) / 2, 3);
      expect(second).toBeCloseTo((u - v) / 2, 3);
    });
  });
}
