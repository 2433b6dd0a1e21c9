/** P is refused where its least eigenvalue is negative by more than rounding, and nowhere else. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import { checkConvexity } from '../../../src/solvers/programs/convexity.ts';
import { sparseFromRows, sparseFromTriples } from '../../../src/solvers/programs/sparse.ts';
import { dataOf, loadPublicPrograms } from '../../support/program-solutions.ts';
import { normalCurvature } from '../../support/programs.ts';

const check = (P: readonly number[], n: number) => runUninterrupted(checkConvexity(sparseFromRows(P, n, n)));

test('accepts the objectives of public problems', () => {
  for (const problem of loadPublicPrograms()) {
    expect(runUninterrupted(checkConvexity(dataOf(problem).P)).isConvex, problem.name).toBe(true);
  }
});

test('accepts matrices of low rank at every scale, and refuses them less 1e-6 of their size', () => {
  for (let seed = 0; seed < 150; seed++) {
    const draws = random(seed);
    const n = 2 + draws.integer(30);
    const P = normalCurvature(n, 1 + draws.integer(n), draws).map((row) =>
      row.map((value) => value * 10 ** ((seed % 17) - 8)),
    );
    expect(check(P.flat(), n).isConvex, `seed ${seed}`).toBe(true);
    // A variable of its own with the curvature −1e-6·trace, turned by a reflection so that it is not on the diagonal.
    const trace = P.reduce((sum, row, i) => sum + row[i], 0);
    const size = n + 1;
    const vector = Array.from({ length: size }, () => draws.normal());
    const squared = vector.reduce((sum, value) => sum + value * value, 0);
    const reflect = (rows: number[][]): number[][] =>
      rows.map((row) => {
        const share = (2 * row.reduce((sum, value, j) => sum + value * vector[j], 0)) / squared;
        return row.map((value, j) => value - share * vector[j]);
      });
    const transposed = (rows: number[][]): number[][] => rows.map((_, i) => rows.map((row) => row[i]));
    const wider = [...P.map((row) => [...row, 0]), [...new Array<number>(n).fill(0), -1e-6 * trace]];
    const turned = transposed(reflect(transposed(reflect(wider))));
    const symmetric = turned.map((row, i) => row.map((value, j) => 0.5 * (value + turned[j][i])));
    const { isConvex, direction, curvature } = check(symmetric.flat(), size);
    expect(isConvex, `seed ${seed}`).toBe(false);
    const along = symmetric.reduce(
      (sum, row, i) =>
        sum + row.reduce((inner, value, j) => inner + value * (direction?.[i] ?? 0) * (direction?.[j] ?? 0), 0),
      0,
    );
    expect(Math.abs(along - (curvature ?? 0))).toBeLessThan(1e-12 * trace);
  }
});

test('decides the smallest cases', () => {
  expect(runUninterrupted(checkConvexity(sparseFromTriples([], 0, 0))).isConvex).toBe(true);
  expect(check([0], 1).isConvex).toBe(true);
  expect(check([-1e-300], 1).isConvex).toBe(false);
  expect(check([0, 1, 1, 0], 2).isConvex).toBe(false);
  expect(check([1, 1, 1, 1], 2).isConvex).toBe(true);
  expect(check([1e200, 0, 0, -1e190], 2).isConvex).toBe(false);
});
