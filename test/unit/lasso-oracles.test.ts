/** The oracles of the Lasso agree with the reference problems, and with each other on other problems. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LASSO_NAMES, type LassoReference, loadLasso } from '../fixtures/load.ts';
import { coordinateDescent, dualityGap, kktViolation, objective } from '../support/coordinate-descent.ts';
import { type LassoProblem, tracePath } from '../support/lars.ts';
import { matmul, normals, relativeError } from '../support/numbers.ts';

function problemOf({ X_train, y_train }: LassoReference): LassoProblem {
  return { X: X_train.flat(), y: y_train, features: X_train[0].length };
}

describe.each(LASSO_NAMES)('the reference problem %s', (name) => {
  const reference = loadLasso(name);
  const problem = problemOf(reference);
  const path = tracePath(problem);

  test('has the knots of the path', () => {
    expect(path.knots.length).toBe(reference.knots_t.length);
    path.knots.forEach(({ penalty }, index) => {
      expect(Math.abs(penalty - reference.knots_t[index])).toBeLessThan(1e-13 * reference.knots_t[0]);
    });
    expect(path.knots[0].logLambda).toBeCloseTo(reference.lambda_max, 12);
  });

  test('has the solutions and derivatives of the path', () => {
    for (const { lambda, beta, dbeta_dlambda, support } of reference.cases) {
      const found = path.at(lambda);
      expect(relativeError(found, beta)).toBeLessThan(1e-12);
      expect(found.flatMap((value, feature) => (value === 0 ? [] : [feature]))).toEqual(support);
      for (const side of ['rising', 'falling'] as const) {
        expect(relativeError(path.derivative(lambda, side), dbeta_dlambda)).toBeLessThan(1e-11);
      }
    }
  });

  test('has both one-sided derivatives at its knot', () => {
    const { lambda, beta, entering, selections } = reference.knot;
    const [knot] = path.knots.filter(({ logLambda }) => Math.abs(logLambda - lambda) < 1e-12);
    expect(knot.entering).toEqual([entering]);
    expect(relativeError(path.at(lambda), beta)).toBeLessThan(1e-12);
    const of = (q: number): readonly number[] => selections.find((each) => each.q === q)?.dbeta_dlambda ?? [];
    expect(relativeError(path.derivative(lambda, 'rising'), of(0))).toBeLessThan(1e-11);
    expect(relativeError(path.derivative(lambda, 'falling'), of(1))).toBeLessThan(1e-11);
  });

  test('has the held-out error of the path, and its least value at the optimum', () => {
    const { X_val, y_val, optimum } = reference;
    const heldOut = (lambda: number): number => {
      const fitted = matmul(X_val.flat(), path.at(lambda), y_val.length, problem.features, 1);
      return y_val.reduce((sum, value, row) => sum + (value - fitted[row]) ** 2, 0) / y_val.length;
    };
    for (const { lambda, C } of [...reference.cases, reference.knot, optimum]) {
      expect(Math.abs(heldOut(lambda) / C - 1)).toBeLessThan(1e-11);
    }
    for (const aside of [-0.5, -1e-3, 1e-3, 0.5]) expect(heldOut(optimum.lambda + aside)).toBeGreaterThan(optimum.C);
    expect(path.knots.some(({ logLambda }) => Math.abs(logLambda - optimum.lambda) < 1e-10)).toBe(optimum.at_knot);
  });

  test('has solutions that meet the optimality conditions, with no gap', () => {
    for (const { lambda, beta, objective: value } of reference.cases) {
      const penalised = { ...problem, logLambda: lambda };
      const fit = { beta, intercept: 0 };
      expect(kktViolation(penalised, fit)).toBeLessThan(1e-11);
      expect(Math.abs(objective(penalised, fit) / value - 1)).toBeLessThan(1e-13);
      expect(Math.abs(dualityGap(penalised, fit)) / value).toBeLessThan(1e-11);
    }
  });

  test('is solved by coordinate descent', () => {
    const { lambda, beta } = reference.cases[3];
    expect(relativeError(coordinateDescent({ ...problem, logLambda: lambda }).beta, beta)).toBeLessThan(1e-9);
  });
});

describe('the oracles agree with each other', () => {
  const random = (seed: number, count = 20, features = 7): LassoProblem => {
    const X = normals(count * features, seed);
    const truth = Array.from({ length: features }, (_, feature) => (feature % 3 === 0 ? feature + 1 : 0));
    const noise = normals(count, seed + 1);
    return { X, y: matmul(X, truth, count, features, 1).map((value, row) => value + noise[row] + 3), features };
  };
  const seeds = fc.nat({ max: 1e6 });
  const share = fc.double({ min: 0.02, max: 1.1, noNaN: true });

  test('path and coordinate descent, wherever λ is', () => {
    fc.assert(
      fc.property(seeds, share, fc.boolean(), (seed, of, wide) => {
        const problem = wide ? random(seed, 8, 12) : random(seed);
        const path = tracePath(problem, 0.01);
        const logLambda = Math.log(of * path.knots[0].penalty);
        const { beta } = coordinateDescent({ ...problem, logLambda }, 1e-11);
        expect(relativeError(path.at(logLambda), beta)).toBeLessThan(1e-7);
      }),
      { numRuns: 50 },
    );
  });

  test('the path and its derivatives', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const path = tracePath(random(seed), 0.01);
        const h = 1e-7;
        for (const { logLambda } of path.knots) {
          for (const [side, step] of [
            ['rising', h],
            ['falling', -h],
          ] as const) {
            const [near, far] = [path.at(logLambda), path.at(logLambda + step)];
            const difference = far.map((value, feature) => (value - near[feature]) / step);
            const derivative = path.derivative(logLambda, side);
            difference.forEach((value, feature) => {
              expect(Math.abs(value - derivative[feature])).toBeLessThan(1e-5 * (1 + Math.abs(value)));
            });
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('features leave the path too', () => {
    const leaving = Array.from({ length: 40 }, (_, seed) => tracePath(random(seed, 8, 12), 1e-3).knots);
    expect(leaving.flat().filter((knot) => knot.leaving.length > 0).length).toBeGreaterThan(0);
  });

  test('weights are columns divided by them, a mask is rows left out, a ridge is rows added, an intercept is centring', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.05, max: 0.5, noNaN: true }), (seed, of) => {
        const { X, y, features } = random(seed);
        const count = y.length;
        const logLambda = Math.log(of * tracePath({ X, y, features }).knots[0].penalty);
        const weights = Array.from({ length: features }, (_, feature) => 0.5 + (feature % 4) / 2);
        const mask = Array.from({ length: count }, (_, row) => (row % 5 === 2 ? 0 : 1));
        const ridge = 2.5;
        const problem = { X, y, features, logLambda, weights, mask, ridge, intercept: true };
        const fit = coordinateDescent(problem);

        const kept = mask.flatMap((each, row) => (each === 1 ? [row] : []));
        const meanOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
        const means = weights.map((_, j) => meanOf(kept.map((row) => X[row * features + j])));
        const level = meanOf(kept.map((row) => y[row]));
        const rows = kept.map((row) => weights.map((w, j) => (X[row * features + j] - means[j]) / w));
        const added = weights.map((w, j) => weights.map((_, k) => (j === k ? Math.sqrt(ridge) / w : 0)));
        const targets = [...kept.map((row) => y[row] - level), ...weights.map(() => 0)];
        const plain = tracePath({ X: [...rows, ...added].flat(), y: targets, features }, 0.001);
        const beta = plain.at(logLambda).map((value, j) => value / weights[j]);

        expect(relativeError(fit.beta, beta)).toBeLessThan(1e-8);
        expect(fit.intercept).toBeCloseTo(level - means.reduce((sum, mean, j) => sum + mean * beta[j], 0), 7);
        expect(Math.abs(dualityGap(problem, fit)) / objective(problem, fit)).toBeLessThan(1e-9);
      }),
      { numRuns: 30 },
    );
  });

  test('a point that is no minimiser shows it', () => {
    const problem = { ...random(3), logLambda: 1 };
    const { beta } = coordinateDescent(problem);
    const best = objective(problem, { beta, intercept: 0 });
    const moved = { beta: beta.map((value, feature) => (feature === 0 ? value + 0.1 : value)), intercept: 0 };
    expect(kktViolation(problem, moved)).toBeGreaterThan(0.1);
    expect(dualityGap(problem, moved)).toBeGreaterThanOrEqual(objective(problem, moved) - best);
    const dropped = { beta: beta.map((value, feature) => (feature === 0 ? 0 : value)), intercept: 0 };
    expect(kktViolation(problem, dropped)).toBeGreaterThan(0.1);
  });
});
