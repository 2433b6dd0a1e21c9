/** The independent float64 Lasso problems: solutions, gradients and knots on both backends; the diabetes path against LARS. */
import { afterAll, describe, expect, test } from 'vitest';
import { jacobianVectorProduct, valueAndGrad } from '../../src/autodiff/gradient.ts';
import { diabetes } from '../../src/data/diabetes.ts';
import { standardisedRegression } from '../../src/data/regression.ts';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { LASSO_SOLVERS, type LassoOptions, type LassoSolverName } from '../../src/implicit/lasso/options.ts';
import { lassoPath } from '../../src/implicit/lasso/path.ts';
import { isSolved } from '../../src/solvers/report.ts';
import { type Engine, open } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { LASSO_NAMES, type LassoReference, loadLasso } from '../fixtures/load.ts';
import { lassoPath as homotopyPath } from '../support/lars.ts';
import { relativeError } from '../support/numbers.ts';

const BOUNDS = {
  cpu: { beta: 1e-9, gradient: 1e-7, gap: 1e-10 },
  webgpu: { beta: 1e-5, gradient: 1e-4, gap: 1e-6 },
} as const;
/** A knot of an oracle is known to rounding times the condition of its active features, here some 10²: so near counts as at it. */
const KNOT_UNITS = 2 ** 14;
const SOLVERS = Object.keys(LASSO_SOLVERS) as LassoSolverName[];

/** ‖Xβ − y‖²/rows on the rows held out, [batch]. */
function heldOutError(engine: Engine, { X_val, y_val }: LassoReference, beta: Tensor): Tensor {
  const X = engine.tensor(X_val.flat(), [y_val.length, X_val[0].length]);
  return beta
    .matmul(X, { transposeB: true })
    .sub(engine.tensor(y_val, [1, y_val.length]))
    .square()
    .mean(1);
}

/** dβ/dλ at some λ for λ falling and rising, every coordinate as a problem of its own with a unit vector as its cotangent. */
async function oneSided(
  engine: Engine,
  given: Pick<LassoOptions, 'X' | 'y' | 'intercept' | 'kinkUnits'>,
  logLambdas: readonly number[],
) {
  const features = given.X.shape[1];
  const batch = logLambdas.length * features;
  const logLambda = Array.from({ length: batch }, (_, problem) => logLambdas[Math.floor(problem / features)]);
  const units = Float64Array.from({ length: batch * features }, (_, at) =>
    Math.floor(at / features) % features === at % features ? 1 : 0,
  );
  const solution = lasso({ ...given, logLambda, tolerance: 4 * engine.epsilon });
  const intervals = await solution.gradientInterval(engine.tensor(units, [batch, features]));
  const side = (name: 'left' | 'right'): number[][] =>
    rowsOf(
      intervals.map((interval) => interval[name]),
      features,
    );
  for (const { low, high, left, right, exact } of intervals) {
    expect([low, high, exact]).toEqual([Math.min(left, right), Math.max(left, right), true]);
  }
  const beta = rowsOf(await solution.beta.data(), features).filter((_, problem) => problem % features === 0);
  return { beta, left: side('left'), right: side('right'), certificate: await solution.certificate() };
}

function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values).slice(row * width, (row + 1) * width),
  );
}

for (const backend of ['cpu', 'webgpu'] as const) {
  const bound = BOUNDS[backend];
  const engines: Engine[] = [];
  const engine = async (): Promise<Engine> => {
    if (engines.length === 0) engines.push(await open({ backend }));
    return engines[0];
  };
  afterAll(() => engines[0]?.close());

  describe.each(LASSO_NAMES)(`the reference problem %s on ${backend}`, (name) => {
    const reference = loadLasso(name);
    const { X_train, y_train, cases, knot } = reference;
    const features = X_train[0].length;
    const given = async (): Promise<Pick<LassoOptions, 'X' | 'y'>> => {
      const e = await engine();
      return { X: e.tensor(X_train.flat(), [y_train.length, features]), y: e.tensor(y_train) };
    };

    for (const solver of SOLVERS) {
      // On the device the parity cases have the others, at sizes that a software adapter can bear.
      if (backend === 'webgpu' && solver !== 'fista') continue;
      test(`${solver}: solution, support and equicorrelation set of every λ`, async () => {
        const solution = lasso({ ...(await given()), logLambda: cases.map(({ lambda }) => lambda), solver });
        const found = rowsOf(await solution.beta.data(), features);
        for (const [index, { beta }] of cases.entries()) {
          expect(relativeError(found[index], beta)).toBeLessThanOrEqual(bound.beta);
        }
        const { status, samples, kinks } = await solution.certificate();
        expect([status, kinks]).toEqual(['certified', []]);
        expect(samples.map(({ support }) => support)).toEqual(cases.map(({ support }) => support));
        expect(samples.map(({ equicorrelation }) => equicorrelation)).toEqual(
          cases.map(({ equicorrelation }) => equicorrelation),
        );
        const report = await solution.report;
        expect(report.samples.every(isSolved)).toBe(true);
        for (const gap of report.dualityGap) expect(Math.abs(gap)).toBeLessThan(bound.gap);
      });
    }

    test('dβ/dλ forwards, and dC/dλ backwards', async () => {
      const e = await engine();
      const { X, y } = await given();
      const logLambda = e.tensor(cases.map(({ lambda }) => lambda));
      const betaAt = (at: Tensor): Tensor => lasso({ X, y, logLambda: at }).beta;
      const [, tangent] = await jacobianVectorProduct(betaAt, [logLambda], [e.tensor(cases.map(() => 1))]);
      const [, [gradient]] = await valueAndGrad((at) => heldOutError(e, reference, betaAt(at)).sum(), [logLambda]);
      const found = rowsOf(await tangent.data(), features);
      const slopes = await gradient.data();
      for (const [index, { dbeta_dlambda, dC_dlambda }] of cases.entries()) {
        expect(relativeError(found[index], dbeta_dlambda)).toBeLessThanOrEqual(bound.gradient);
        expect(relativeError([slopes[index]], [dC_dlambda])).toBeLessThanOrEqual(bound.gradient);
      }
    });

    test.each(knot.selections)('at the knot, with the selection $q', async ({ q, dbeta_dlambda, dC_dlambda }) => {
      const e = await engine();
      const { X, y } = await given();
      const logLambda = e.tensor([knot.lambda]);
      const betaAt = (at: Tensor): Tensor => lasso({ X, y, logLambda: at, selection: q }).beta;
      const [beta, tangent] = await jacobianVectorProduct(betaAt, [logLambda], [e.tensor([1])]);
      const [, [gradient]] = await valueAndGrad((at) => heldOutError(e, reference, betaAt(at)), [logLambda]);
      expect(relativeError(await beta.data(), knot.beta)).toBeLessThanOrEqual(bound.beta);
      expect(relativeError(await tangent.data(), dbeta_dlambda)).toBeLessThanOrEqual(bound.gradient);
      expect(relativeError(await gradient.data(), [dC_dlambda])).toBeLessThanOrEqual(bound.gradient);
    });

    test('both one-sided derivatives at the knot', async () => {
      const { left, right, certificate } = await oneSided(await engine(), await given(), [knot.lambda]);
      const [{ support, equicorrelation }] = certificate.samples;
      expect([support, equicorrelation]).toEqual([knot.support, knot.equicorrelation]);
      expect(certificate.kinks.map(({ index }) => index)).toContain(knot.entering);
      const listed = (q: number) => knot.selections.find((each) => each.q === q)?.dbeta_dlambda ?? [];
      // The feature enters as λ falls: q = 1 is the derivative on the left, q = 0 that on the right.
      expect(relativeError(left[0], listed(1))).toBeLessThanOrEqual(bound.gradient);
      expect(relativeError(right[0], listed(0))).toBeLessThanOrEqual(bound.gradient);
    });
  });
}

describe('the path of the diabetes data is that of LARS', async () => {
  const engine = await open({ backend: 'cpu' });
  afterAll(() => engine.close());
  const raw = await diabetes();
  const { X, y, count, features } = standardisedRegression(raw);
  const expected = homotopyPath({ X, y, features });
  // The target as it was measured: the intercept takes up its mean.
  const given = { X: engine.tensor(X, [count, features]), y: engine.tensor(raw.y), intercept: true };

  test.each([{ chunk: 100 }, { chunk: 30 }])('at 100 λ, $chunk at a time', async ({ chunk }) => {
    const { logLambda, beta, intercept } = await lassoPath({ ...given, chunk });
    const found = rowsOf(await beta.data(), features);
    expect(logLambda).toHaveLength(100);
    expect(Math.abs(logLambda[0] - expected.knots[0].logLambda)).toBeLessThan(1e-12);
    expect(logLambda[0] - logLambda[99]).toBeCloseTo(Math.log(1000), 12);
    for (const [index, row] of found.entries()) {
      const exact = expected.at(logLambda[index]);
      const error = Math.hypot(...row.map((value, feature) => value - exact[feature]));
      expect(error).toBeLessThan(1e-9 * Math.max(1, Math.hypot(...exact)));
    }
    const mean = raw.y.reduce((sum, value) => sum + value, 0) / count;
    for (const value of await intercept.data()) expect(value).toBeCloseTo(mean, 9);
  });

  test('at every knot, with both one-sided derivatives', async () => {
    const { knots } = expected;
    expect(knots.length).toBeGreaterThan(features);
    const { beta, left, right, certificate } = await oneSided(
      engine,
      { ...given, kinkUnits: KNOT_UNITS },
      knots.map(({ logLambda }) => logLambda),
    );
    for (const [index, { logLambda, entering, leaving }] of knots.entries()) {
      const exact = expected.at(logLambda);
      const error = Math.hypot(...beta[index].map((value, feature) => value - exact[feature]));
      expect(error).toBeLessThan(1e-9 * Math.max(1, Math.hypot(...exact)));
      expect(certificate.kinks.filter(({ sample }) => sample === index * features).map((kink) => kink.index)).toEqual([
        ...entering,
        ...leaving,
      ]);
      for (const [found, side] of [
        [left, 'falling'],
        [right, 'rising'],
      ] as const) {
        expect(relativeError(found[index], expected.derivative(logLambda, side))).toBeLessThan(1e-7);
      }
    }
  });
});
