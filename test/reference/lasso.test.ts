/** The Lasso reference problems in Node, on every backend; the path of the diabetes data against LARS. */
import { afterAll, describe, expect, test } from 'vitest';
import { diabetes } from '../../src/data/diabetes.ts';
import { standardisedRegression } from '../../src/data/regression.ts';
import { LASSO_SOLVERS, type LassoSolverName } from '../../src/implicit/lasso/options.ts';
import { lassoPath } from '../../src/implicit/lasso/path.ts';
import { engineOn } from '../support/engines.ts';
import { tracePath as homotopyPath } from '../support/lars.ts';
import { relativeError } from '../support/numbers.ts';
import { createAsk, rowsOf } from './outcomes.ts';
import { lassoSuite } from './suites.ts';

const SOLVERS = Object.keys(LASSO_SOLVERS) as LassoSolverName[];
/**
 * An oracle knows a knot up to rounding times the condition of the active features, here some 10². A penalty this near
 * to a knot counts as being at it.
 */
const KNOT_UNITS = 2 ** 14;

describe.each(['cpu', 'wasm', 'gpujs', 'webgpu'] as const)('the reference problem on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  // On a device, the parity cases cover the other solvers, at sizes that a software adapter can bear.
  const solvers = backend === 'cpu' ? SOLVERS : (['fista'] as const);
  lassoSuite({ ask: createAsk(engine), precision: backend === 'cpu' ? 'float64' : 'float32', solvers });
});

describe('the path of the diabetes data agrees with LARS', async () => {
  const { engine, close } = engineOn('cpu');
  afterAll(close);
  const raw = await diabetes();
  const { X, y, count, features } = standardisedRegression(raw);
  const expected = homotopyPath({ X, y, features });
  // The target as it was measured: the intercept takes up its mean.
  const given = { X: rowsOf(Array.from(X), features), y: Array.from(raw.y), intercept: true };

  test.each([{ chunk: 100 }, { chunk: 30 }])('at 100 λ, $chunk at a time', async ({ chunk }) => {
    const e = await engine();
    const [matrix, target] = [e.tensor(X, [count, features]), e.tensor(raw.y)];
    const { logLambda, beta, intercept } = await lassoPath({ X: matrix, y: target, intercept: true, chunk });
    const found = rowsOf(Array.from(await beta.data()), features);
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
    const logLambdas = knots.map(({ logLambda }) => logLambda);
    const { beta, intervals, certificate } = await createAsk(engine)(
      'lassoSides',
      { ...given, kinkUnits: KNOT_UNITS },
      logLambdas,
    );
    for (const { low, high, left, right, exact } of intervals) {
      expect([low, high, exact]).toEqual([Math.min(left, right), Math.max(left, right), true]);
    }
    for (const [index, { logLambda, entering, leaving }] of knots.entries()) {
      const exact = expected.at(logLambda);
      const error = Math.hypot(...beta[index].map((value, feature) => value - exact[feature]));
      expect(error).toBeLessThan(1e-9 * Math.max(1, Math.hypot(...exact)));
      expect(certificate.kinks.filter(({ sample }) => sample === index * features).map((kink) => kink.index)).toEqual([
        ...entering,
        ...leaving,
      ]);
      const here = intervals.slice(index * features, (index + 1) * features);
      const [left, right] = (['left', 'right'] as const).map((side) => here.map((interval) => interval[side]));
      expect(relativeError(left, expected.derivative(logLambda, 'falling'))).toBeLessThan(1e-7);
      expect(relativeError(right, expected.derivative(logLambda, 'rising'))).toBeLessThan(1e-7);
    }
  });
});
