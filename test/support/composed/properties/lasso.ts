/**
 * Lasso problems with planted solutions: the solution, its certificate, its derivative at each selection, and the
 * interval.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tape } from '../../../../src/autodiff/tape.ts';
import type { BackendName } from '../../../../src/backends/backend.ts';
import { lasso } from '../../../../src/implicit/lasso/lasso.ts';
import type { LassoOptions } from '../../../../src/implicit/lasso/options.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Scope } from '../../../../src/tensor/scope.ts';
import { casesOn, describeProperty, expectNear, isSingle, type Load } from '../property.ts';
import { derivative, isUnique, type SparseProblem, sparseProblems } from '../sparse.ts';

function options(scope: Scope, { X, y, weights, ridge, features }: SparseProblem): LassoOptions {
  return {
    X: scope.tensor(X, [4, features]),
    y: scope.tensor(y, [4]),
    logLambda: 0,
    weights: scope.tensor(weights, [features]),
    ridge,
    onFailedCertificate: 'ignore',
  };
}

export function checkSparseModels(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  const single = isSingle(backend);
  const cases = casesOn(backend, 100);
  const near = single ? 1e-3 : 1e-8;
  const cotangents = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 5, maxLength: 5 });

  describeProperty(
    load,
    `lasso: certified where it is unique, failed where not, on ${backend}`,
    sparseProblems,
    cases,
    async (problem) => {
      const opened = await engine();
      await opened.tidy(async (scope) => {
        const { beta, certificate } = lasso(options(scope, problem));
        const found = await beta.data();
        const { status, samples } = await certificate();
        if (isUnique(problem)) {
          expect(status).toBe('certified');
          expectNear(found, problem.beta, near, 'β');
          expect(samples[0].equicorrelation).toEqual(problem.equicorrelation);
        } else expect(status).toBe('failed');
      });
    },
  );

  describeProperty(
    load,
    `lasso: the derivative of each selection, on ${backend}`,
    fc.tuple(sparseProblems, cotangents, fc.constantFrom('weak', 'lars', 0, 1)),
    cases,
    async ([problem, numbers, selection]) => {
      fc.pre(isUnique(problem));
      const v = numbers.slice(0, problem.features);
      const opened = await engine();
      await opened.tidy(async (scope) => {
        const tape = new Tape();
        try {
          const logLambda = tape.watch(scope.tensor([0]));
          const { beta } = lasso({
            ...options(scope, problem),
            logLambda,
            selection: selection as LassoOptions['selection'],
          });
          const [gradient] = tape.pullback(beta, [logLambda], scope.tensor(v, [1, problem.features]));
          const isHigh = selection === 'lars' || selection === 1;
          const wanted = derivative(problem, v, isHigh ? problem.kinks : []);
          expect(Math.abs((await gradient.data())[0] - wanted)).toBeLessThan(near * (1 + Math.abs(wanted)) * 10);
        } finally {
          tape.dispose();
        }
      });
    },
  );

  describeProperty(
    load,
    `lasso: the interval over all selections, on ${backend}`,
    fc.tuple(sparseProblems, cotangents),
    cases,
    async ([problem, numbers]) => {
      const v = numbers.slice(0, problem.features);
      const opened = await engine();
      await opened.tidy(async (scope) => {
        const solution = lasso(options(scope, problem));
        const [{ low, high, exact }] = await solution.gradientInterval(scope.tensor(v, [1, problem.features]));
        if (!isUnique(problem)) {
          expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
          return;
        }
        const { kinks } = problem;
        const all = Array.from({ length: 2 ** kinks.length }, (_, set) =>
          derivative(
            problem,
            v,
            kinks.filter((__, bit) => set & (1 << bit)),
          ),
        );
        const slack = 10 * near * (1 + Math.max(...all.map(Math.abs)));
        expect(exact).toBe(true);
        expect(Math.abs(low - Math.min(...all))).toBeLessThan(slack);
        expect(Math.abs(high - Math.max(...all))).toBeLessThan(slack);
      });
    },
  );
}
