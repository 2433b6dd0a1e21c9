import { describe, expect, test } from 'vitest';
import type { LassoAnswer } from '../../src/cli/lasso-solution.ts';
import { LASSO_SOLVERS } from '../../src/implicit/lasso/options.ts';
import { run } from '../fixtures/cli/run.ts';
import { LASSO_NAMES, loadLasso } from '../fixtures/load.ts';
import { coordinateDescent } from '../support/coordinate-descent.ts';
import { tracePath } from '../support/lars.ts';
import { normals, relativeError } from '../support/numbers.ts';

async function solve(problem: object, ...options: string[]): Promise<{ code: number; answer: LassoAnswer }> {
  const input = JSON.stringify({ kind: 'lasso', ...problem });
  const { code, out, error } = await run(['solve', '-', ...options], { input });
  expect(error).toBe('');
  expect(out.endsWith('}\n')).toBe(true);
  return { code, answer: JSON.parse(out) };
}

type Lists = readonly (readonly number[])[];

const references = LASSO_NAMES.map((name) => ({ name, reference: loadLasso(name) }));

describe('the reference problems', () => {
  test.each(references)('$name, every λ in one list', async ({ reference }) => {
    const { X_train: X, y_train: y, cases } = reference;
    const { code, answer } = await solve({ X, y, lambda: cases.map(({ lambda }) => lambda) });
    expect(code).toBe(0);
    expect(Object.keys(answer)).toEqual([
      'beta',
      'support',
      'equicorrelation',
      'dbeta_dlambda',
      'report',
      'certificate',
    ]);
    for (const [index, each] of cases.entries()) {
      expect(relativeError((answer.beta as Lists)[index], each.beta)).toBeLessThan(1e-9);
      expect(relativeError((answer.dbeta_dlambda as Lists)[index], each.dbeta_dlambda)).toBeLessThan(1e-7);
    }
    expect(answer.support).toEqual(cases.map(({ support }) => support));
    expect(answer.equicorrelation).toEqual(cases.map(({ equicorrelation }) => equicorrelation));
    expect(answer.certificate).toMatchObject({ status: 'certified', argument: 'cholesky', kinks: [] });
    expect(answer.certificate.samples).toEqual(cases.map(() => 'certified'));
  });

  test.each(references)('$name at its knot, with every selection', async ({ reference }) => {
    const { X_train: X, y_train: y, knot } = reference;
    const at = { X, y, lambda: knot.lambda };
    const named = { weak: 0, lars: 1 } as const;
    for (const selection of [0, 0.25, 0.5, 0.75, 1, 'weak', 'lars'] as const) {
      const q = typeof selection === 'number' ? selection : named[selection];
      const expected = knot.selections.find((each) => each.q === q)?.dbeta_dlambda ?? [];
      const { code, answer } = await solve({ ...at, selection });
      expect(code).toBe(0);
      expect(relativeError(answer.beta as readonly number[], knot.beta)).toBeLessThan(1e-9);
      expect(relativeError(answer.dbeta_dlambda as readonly number[], expected)).toBeLessThan(1e-7);
      expect([answer.support, answer.equicorrelation]).toEqual([knot.support, knot.equicorrelation]);
      expect(answer.certificate.kinks.map(({ sample, index }) => [sample, index])).toEqual([[0, knot.entering]]);
    }
    const ofEach = X[0].map((_, feature) => (feature === knot.entering ? 1 : 0));
    const [{ answer: listed }, { answer: plain }] = [
      await solve({ ...at, selection: ofEach }),
      await solve({ ...at, selection: 1 }),
    ];
    expect(listed.dbeta_dlambda).toEqual(plain.dbeta_dlambda);
  });

  test('on webgpu, in its precision', async () => {
    const { X_train: X, y_train: y, cases } = references[0].reference;
    const { code, answer } = await solve({ X, y, lambda: cases[2].lambda }, '--backend', 'webgpu');
    expect(code).toBe(0);
    expect(answer.report).toMatchObject({ backend: 'webgpu', tolerance: 4 * 2 ** -23 });
    expect(relativeError(answer.beta as readonly number[], cases[2].beta)).toBeLessThan(1e-5);
    expect(relativeError(answer.dbeta_dlambda as readonly number[], cases[2].dbeta_dlambda)).toBeLessThan(1e-4);
  });
});

const [ROWS, FEATURES] = [9, 4];
const small = {
  X: Array.from({ length: ROWS }, (_, row) => normals(FEATURES, row + 1)),
  y: normals(ROWS, 50).map((value) => 3 * value + 1),
};
const path = tracePath({ X: small.X.flat(), y: small.y, features: FEATURES });
const [top] = path.knots;
const lambda = top.logLambda - 1.5;

describe('the answer', () => {
  test('has lists for a list of λ, and single values for a number', async () => {
    const { answer: one } = await solve({ ...small, lambda });
    const { answer: list } = await solve({ ...small, lambda: [lambda] });
    expect(relativeError(one.beta as readonly number[], path.at(lambda))).toBeLessThan(1e-12);
    for (const key of ['beta', 'support', 'equicorrelation', 'dbeta_dlambda'] as const) {
      expect(list[key]).toEqual([one[key]]);
    }
  });

  test('has a report of each λ, with the duality gap, and of the solve for the derivatives', async () => {
    const { answer } = await solve({ ...small, lambda: [lambda, lambda - 1, lambda - 2] });
    const { status, iterations, residual, floor, duality_gap, backward, ...rest } = answer.report;
    for (const each of [...status, ...backward.status]) expect(['converged', 'stalled']).toContain(each);
    for (const numbers of [iterations, residual, floor, backward.iterations, backward.residual]) {
      expect(numbers).toHaveLength(3);
      for (const number of numbers) expect(number).toBeGreaterThanOrEqual(0);
    }
    expect(duality_gap).toHaveLength(3);
    for (const gap of duality_gap) expect(Math.abs(gap)).toBeLessThan(1e-13);
    expect(backward.solver).toBe('conjugate-gradients');
    expect(rest).toEqual({
      solver: 'homotopy',
      backend: 'cpu',
      milliseconds: expect.any(Number),
      tolerance: 4 * 2 ** -52,
    });
  });

  test('takes weights, ridge and an intercept', async () => {
    const [weights, ridge] = [[1, 0, 0.5, 2], 0.3];
    const { code, answer } = await solve({ ...small, lambda, weights, ridge, intercept: true });
    const problem = { X: small.X.flat(), y: small.y, features: FEATURES, logLambda: lambda, weights, ridge };
    const expected = coordinateDescent({ ...problem, intercept: true });
    expect(code).toBe(0);
    expect(relativeError(answer.beta as readonly number[], expected.beta)).toBeLessThan(1e-9);
    expect(answer.intercept).toBeCloseTo(expected.intercept, 9);
  });

  test('takes weights of rows, and coefficients that may not be negative', async () => {
    const rowWeights = [2, 0, 1, 3, 1, 1, 0, 1, 2];
    const repeated = rowWeights.flatMap((weight, row) => Array.from({ length: weight }, () => row));
    const asked = { lambda, intercept: true, non_negative: true };
    const weighted = await solve({ ...small, ...asked, row_weights: rowWeights });
    const copies = await solve({
      X: repeated.map((row) => small.X[row]),
      y: repeated.map((row) => small.y[row]),
      ...asked,
    });
    expect(weighted.code).toBe(0);
    const beta = weighted.answer.beta as readonly number[];
    expect(relativeError(beta, copies.answer.beta as readonly number[])).toBeLessThan(1e-9);
    expect(weighted.answer.intercept).toBeCloseTo(copies.answer.intercept as number, 9);
    const free = await solve({ ...small, lambda, intercept: true, row_weights: rowWeights });
    expect(Math.min(...(free.answer.beta as readonly number[]))).toBeLessThan(0);
    expect(Math.min(...beta)).toBe(0);
  });

  test.each(Object.keys(LASSO_SOLVERS))('by %s', async (solver) => {
    const { answer } = await solve({ ...small, lambda }, '--solver', solver);
    expect(answer.report.solver).toBe(solver);
    expect(relativeError(answer.beta as readonly number[], path.at(lambda))).toBeLessThan(1e-12);
  });

  test('has the intercepts of a list of λ as a list', async () => {
    const { answer } = await solve({ ...small, lambda: [lambda, 50], intercept: true });
    const mean = small.y.reduce((sum, value) => sum + value, 0) / ROWS;
    expect(answer.intercept).toEqual([expect.any(Number), expect.closeTo(mean, 12)]);
  });

  test('states where λ is above λ_max', async () => {
    const { code, answer } = await solve({ ...small, lambda: top.logLambda + 0.1 });
    const zeros = [0, 0, 0, 0];
    expect(code).toBe(0);
    expect(answer).toMatchObject({ beta: zeros, support: [], equicorrelation: [], dbeta_dlambda: zeros });
    expect(answer.certificate).toMatchObject({ status: 'certified', argument: 'empty' });
    expect(answer.certificate.reason).toContain('β = 0 and its derivative is 0');
  });

  test('omits the derivative where the certificate fails, and only there', async () => {
    const [copied] = top.entering;
    const X = small.X.map((row) => [...row, row[copied]]);
    const lambdas = [top.logLambda + 1, lambda];
    const { code, answer } = await solve({ X, y: small.y, lambda: lambdas });
    expect(code).toBe(0);
    expect(answer.dbeta_dlambda).toEqual([[0, 0, 0, 0, 0], null]);
    expect(answer.certificate).toMatchObject({ status: 'failed', samples: ['certified', 'failed'] });
    expect(answer.certificate.reason).toContain('linearly dependent');
    // β is not unique, but Xβ is.
    const fitted = (rows: Lists, beta: readonly number[]) =>
      rows.map((row) => row.reduce((sum, value, feature) => sum + value * beta[feature], 0));
    const expected = fitted(small.X, path.at(lambda));
    expect(relativeError(fitted(X, (answer.beta as Lists)[1]), expected)).toBeLessThan(1e-9);
  });

  test('is printed with exit code 3 where a λ was not solved', async () => {
    const { X_train: X, y_train: y, cases } = references[2].reference;
    const { code, answer } = await solve({ X, y, lambda: cases[5].lambda }, '--solver', 'ista', '--limit', '1');
    expect(code).toBe(3);
    expect(answer.report).toMatchObject({ status: ['limit'], solver: 'ista' });
    expect(answer.beta).toHaveLength(X[0].length);
  });

  test('has null in place of numbers that are not finite', async () => {
    // The solution is a finite number, its objective is not.
    const { code, answer } = await solve({ ...small, y: small.y.map((value) => 1e300 * value), lambda });
    expect(code).toBe(0);
    expect(answer.report).toMatchObject({ status: ['converged'], duality_gap: [null] });
  });
});

/** Bad input is one line on standard error, nothing on standard output, exit code 2. */
async function refuse(problem: object, message: string, ...options: string[]): Promise<void> {
  const { code, out, error } = await run(['solve', '-', ...options], { input: JSON.stringify(problem) });
  expect(out).toBe('');
  expect(error).toMatch(/^equilibra: [^\n]+\n$/);
  expect(error).toContain(message);
  expect(code).toBe(2);
}

describe('bad input', () => {
  const good = { kind: 'lasso', ...small, lambda };
  const { X: _, ...withoutX } = good;
  test.each<[string, object, string]>([
    ['no X', withoutX, 'X: this key is missing; a lasso problem needs kind, X, y, lambda'],
    ['a key that is nearly one', { ...good, weigths: [1] }, 'Did you mean weights?'],
    ['an unknown key', { ...good, alpha: 1 }, '"alpha": this key is unknown; a lasso problem may have'],
    ['X flat', { ...good, X: [1, 2] }, 'X[0]: it is 1; it must be a list of numbers'],
    ['X ragged', { ...good, X: [[1, 2], [3]] }, 'X[1]: it holds 1 number; it must hold 2'],
    ['NaN in X', { ...good, X: [['NaN']] }, 'X[0][0]: it is "NaN"; it must be a finite number'],
    ['y too short', { ...good, y: [1, 2] }, 'y: it holds 2 numbers; it must hold 9, one for each row of X'],
    ['y nested', { ...good, y: [[1], [2]] }, 'y[0]: it is a list of 1; it must be a finite number'],
    ['y as a number', { ...good, y: 1 }, 'y: it is 1; it must be a list of numbers'],
    ['lambda as text', { ...good, lambda: '1' }, 'lambda: it is "1"; it must be a finite number, or a list of these'],
    ['lambda empty', { ...good, lambda: [] }, 'lambda: it is empty'],
    ['null in lambda', { ...good, lambda: [1, null] }, 'lambda[1]: it is null; it must be a finite number'],
    ['selection 2', { ...good, selection: 2 }, 'selection: it is 2; it must be a number from 0 to 1, a list of these'],
    ['selection "strong"', { ...good, selection: 'strong' }, 'selection: it is "strong"'],
    ['two selections', { ...good, selection: [0, 1] }, 'selection: it holds 2 numbers; it must hold 4'],
    ['a selection < 0', { ...good, selection: [0, -1, 0, 0] }, 'selection[1]: it is -1; it must be a number from 0'],
    ['weights too short', { ...good, weights: [1] }, 'weights: it holds 1 number; it must hold 4, one for each column'],
    [
      'weight < 0',
      { ...good, weights: [1, 1, 1, -1] },
      'weights[3]: it is -1; it must be a finite number of at least 0',
    ],
    ['ridge < 0', { ...good, ridge: -1 }, 'ridge: it is -1; it must be a finite number of at least 0'],
    [
      'row_weights too short',
      { ...good, row_weights: [1] },
      'row_weights: it holds 1 number; it must hold 9, one for each row',
    ],
    ['row weight < 0', { ...good, row_weights: [1, -1] }, 'row_weights[1]: it is -1; it must be a finite number of at'],
    [
      'row_weights 0',
      { ...good, row_weights: good.y.map(() => 0) },
      'row_weights: all are 0; at least one must be above 0',
    ],
    ['non_negative "yes"', { ...good, non_negative: 'yes' }, 'non_negative: it is "yes"; it must be true or false'],
    ['intercept 1', { ...good, intercept: 1 }, 'intercept: it is 1; it must be true or false'],
  ])('%s', (_name, problem, message) => refuse(problem, message));

  test.each<[string[], string]>([
    [['--solver', 'picard'], '--solver: it is "picard"; it must be one of auto, fista, ista'],
    [['--linear-solver', 'cgnr'], '--linear-solver: a lasso problem has one only, conjugate gradients'],
    [['--tolerance', '0'], '--tolerance: it is "0"'],
  ])('%j', (options, message) => refuse(good, message, ...options));
});
