/** Exactly collinear columns: no step of the solver may raise the objective, however far the linear solve goes. */
import { expect, test } from 'vitest';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { isSolved } from '../../src/solvers/report.ts';
import { open } from '../../src/tensor/engine.ts';
import { normals } from '../support/numbers.ts';

test.each(['fista', 'ista', 'coordinate-descent', 'homotopy'] as const)(
  'collinear columns and little penalty: %s',
  async (solver) => {
    const engine = await open({ backend: 'cpu' });
    const [rows, width] = [30, 6];
    for (let seed = 0; seed < 10; seed++) {
      const base = normals(rows * 3, seed);
      const X = Array.from({ length: rows }, (_, row) => {
        const [a, b, c] = base.slice(3 * row, 3 * row + 3);
        return [a, b, c, a + b, a - c, a];
      }).flat();
      const y = normals(rows, 100 + seed, 3);
      const solution = lasso({
        X: engine.tensor(X, [rows, width]),
        y: engine.tensor(y),
        logLambda: [-3, -6, -9],
        solver,
        onFailure: 'report',
      });
      const { dualityGap, samples } = await solution.report;
      // The other solvers crawl along dependent columns, and report it.
      if (solver === 'fista' || solver === 'homotopy') expect(samples.map(isSolved)).toEqual([true, true, true]);
      for (const [index, gap] of dualityGap.entries()) {
        if (isSolved(samples[index])) expect(Math.abs(gap)).toBeLessThan(1e-6);
      }
      for (const value of await solution.beta.data()) expect(Math.abs(value)).toBeLessThan(100);
    }
    engine.close();
  },
);
