/** The interior point method of cone programs at the edges of what a program can be, and how it stops. */
import { describe, expect, test } from 'vitest';
import { type Cone, readCones, rowsOfCones } from '../../../src/solvers/cones/cone.ts';
import { solveByInteriorPoint } from '../../../src/solvers/cones/interior-point/solve.ts';
import type { ConeData } from '../../../src/solvers/cones/problem.ts';
import { sparseFromRows } from '../../../src/solvers/programs/sparse.ts';
import { certificateError, distance, solutionError, solve, TIGHT } from '../../support/cone-solutions.ts';
import { coneDataOf, plantConeProgram } from '../../support/planted-cone-programs.ts';

type Rows = readonly (readonly number[])[];

function program(cones: readonly Cone[], A: Rows, b: readonly number[], c: readonly number[], P?: Rows): ConeData {
  const n = c.length;
  const blocks = readCones('cones', cones);
  const m = rowsOfCones(blocks);
  return {
    n,
    m,
    P: sparseFromRows(P ? P.flat() : new Float64Array(n * n), n, n),
    c: Float64Array.from(c),
    A: sparseFromRows(A.flat(), m, n),
    b: Float64Array.from(b),
    blocks,
  };
}

const one = (type: Cone['type'], dim: number): readonly Cone[] => [{ type, dim }];

describe('programs with a solution', () => {
  const cases: readonly (readonly [string, ConeData, readonly number[]])[] = [
    [
      'no rows',
      program(
        [],
        [],
        [],
        [1, -1],
        [
          [2, 1],
          [1, 2],
        ],
      ),
      [-1, 1],
    ],
    [
      'rows of a free cone',
      program(
        one('free', 2),
        [
          [1, 2],
          [3, 4],
        ],
        [1, 1],
        [1, 1],
        [
          [2, 0],
          [0, 1],
        ],
      ),
      [-0.5, -1],
    ],
    [
      'equalities alone',
      program(
        one('zero', 2),
        [
          [1, 1],
          [1, -1],
        ],
        [2, 0],
        [3, 4],
      ),
      [1, 1],
    ],
    [
      'equal equalities',
      program(
        one('zero', 2),
        [
          [1, 1],
          [1, 1],
        ],
        [2, 2],
        [0, 0],
        [
          [1, 0],
          [0, 1],
        ],
      ),
      [1, 1],
    ],
    ['bounds that meet', program(one('nonneg', 2), [[1], [-1]], [3, -3], [1]), [3]],
    ['no entry in the rows', program(one('soc', 3), [[0], [0], [0]], [2, 1, 1], [1], [[1]]), [-1]],
    ['a point of the boundary without entries', program(one('soc', 2), [[0], [0]], [1, 1], [1], [[1]]), [-1]],
    [
      'cones of one row',
      program(
        [...one('soc', 1), ...one('psd', 1)],
        [
          [-1, 0],
          [0, -1],
        ],
        [-1, -2],
        [1, 1],
      ),
      [1, 2],
    ],
    [
      'a cone of which only the apex is feasible',
      program(
        one('soc', 3),
        [
          [0, 0],
          [-1, 0],
          [0, -1],
        ],
        [0, 1, 2],
        [1, 1],
      ),
      [-1, -2],
    ],
  ];
  test.each(cases)('%s', (_, data, x) => {
    const result = solve(data);
    expect(result.status).toBe('converged');
    expect(solutionError(data, result)).toBeLessThan(1e-9);
    expect(distance(result.x, x)).toBeLessThan(1e-7);
  });

  test('an empty column without a cost leaves its variable anywhere', () => {
    const data = program(one('nonneg', 1), [[1, 0]], [2], [-1, 0]);
    const result = solve(data);
    expect(result.status).toBe('converged');
    expect(Math.abs(result.x[0] - 2)).toBeLessThan(1e-9);
    expect(Number.isFinite(result.x[1])).toBe(true);
  });
});

describe('programs without one', () => {
  const cases: readonly (readonly [string, 'infeasible' | 'unbounded', ConeData])[] = [
    ['a cost of an empty column', 'unbounded', program(one('nonneg', 1), [[1, 0]], [2], [-1, 1])],
    [
      'no rows and flat curvature',
      'unbounded',
      program(
        [],
        [],
        [],
        [1, -1],
        [
          [1, 1],
          [1, 1],
        ],
      ),
    ],
    [
      'equalities that contradict each other',
      'infeasible',
      program(
        one('zero', 2),
        [
          [1, 1],
          [2, 2],
        ],
        [2, 5],
        [3, 4],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    ],
    ['rows without entries', 'infeasible', program(one('soc', 3), [[0], [0], [0]], [1, 1, 1], [1], [[1]])],
  ];
  test.each(cases)('%s', (_, status, data) => {
    const result = solve(data);
    expect(result.status).toBe(status);
    expect(certificateError(data, result)).toBeLessThan(1e-10);
  });
});

describe('where it starts and stops', () => {
  const planted = plantConeProgram({ seed: 3, n: 8, cones: [...one('soc', 5), ...one('psd', 3), ...one('nonneg', 4)] });
  const data = coneDataOf(planted);

  test('a solution to start from is returned as it is', () => {
    const { x, y, s } = planted;
    const result = solve(data, { initial: { x, y, s } });
    expect(result.iterations).toBe(0);
    expect(result.status).toBe('converged');
    expect([result.x, result.y, result.s]).toEqual([x, y, s]);
    expect(solve(data, { initial: { x, y } }).iterations).toBe(0);
  });

  test('a start far away does no harm', () => {
    const initial = { x: planted.x.map((value) => value + 100), y: planted.y, s: planted.s };
    const result = solve(data, { initial });
    expect(result.status).toBe('converged');
    expect(distance(result.x, planted.x)).toBeLessThan(1e-9);
  });

  test('the limit and the cut end it, with the point that was reached', () => {
    expect(solve(data, { limit: 2 })).toMatchObject({ status: 'limit', iterations: 2 });
    let asked = 0;
    const result = solve(data, { isCutShort: () => ++asked > 3 });
    expect(result).toMatchObject({ status: 'limit', iterations: 3 });
    expect(result.merit).toBeGreaterThan(1);
    expect(Number.isFinite(result.merit)).toBe(true);
  });

  test('it can be interrupted within an iteration', () => {
    const work = solveByInteriorPoint(data, TIGHT);
    let turns = 0;
    let step = work.next();
    for (; !step.done; step = work.next()) turns++;
    expect(turns).toBeGreaterThan(5 * step.value.iterations);
  });

  test('a cone that is not symmetric is named', () => {
    const other = program([{ type: 'exp', dim: 3 }], [[1], [0], [0]], [1, 1, 1], [1]);
    expect(() => solve(other)).toThrow(/no cone exp; it has zero, free, nonneg, soc and psd/);
  });

  test('the residuals that it reports are those of its point', () => {
    const result = solve(data, { limit: 3 });
    const { A, b } = data;
    const primal = b.map((value, i) => result.s[i] - value);
    for (let j = 0; j < data.n; j++) {
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) primal[A.indices[k]] += A.values[k] * result.x[j];
    }
    const size = primal.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    expect(size).toBeGreaterThan(1e-6);
    expect(Math.abs(result.residuals.primal - size)).toBeLessThan(1e-12);
  });
});

test('larger programs', () => {
  const cases = [
    { n: 60, cones: [{ type: 'psd', dim: 16 } as const] },
    { n: 80, cones: Array.from({ length: 30 }, (): Cone => ({ type: 'soc', dim: 4 })) },
    { n: 80, cones: [...one('nonneg', 120), ...one('zero', 20)] },
  ];
  for (const { n, cones } of cases) {
    const large = plantConeProgram({ seed: 1, n, cones });
    const result = solve(coneDataOf(large));
    expect(result.status).toBe('converged');
    expect(distance(result.x, large.x)).toBeLessThan(1e-7);
  }
});
