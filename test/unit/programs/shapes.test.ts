/** Scales, degenerate shapes, warm starts and ends of a solve in the float64 core. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../src/data/random.ts';
import { feasibleProgram } from '../../support/program-kinds.ts';
import { certificateError, dataOf, errorOf, loadPublicPrograms, solve } from '../../support/program-solutions.ts';
import { type NestedProgram, programData } from '../../support/programs.ts';

const none = [null, null, null];

function solveNested(program: NestedProgram) {
  const data = programData(program);
  return { data, ...solve(data) };
}

describe('scales', () => {
  const factors = [1e-8, 1e-4, 1e4, 1e8];
  const scaled = (row: readonly number[], factor: number): number[] => row.map((value) => value * factor);
  const scaledBounds = (row: readonly (number | null)[], factor: (i: number) => number): (number | null)[] =>
    row.map((value, i) => (value === null ? null : value * factor(i)));

  test.each(factors)('the objective times %f has the same solution', (factor) => {
    for (let seed = 0; seed < 20; seed++) {
      const program = feasibleProgram(random(seed));
      const other = { ...program, P: program.P.map((row) => scaled(row, factor)), q: scaled(program.q, factor) };
      const data = programData(other);
      const result = solve(data, { absolute: 1e-9 * factor });
      expect(result.status, `seed ${seed}`).toBe('converged');
      const optimum = solve(programData(program)).objective;
      expect(Math.abs(result.objective / factor - optimum)).toBeLessThan(1e-7 * (1 + Math.abs(optimum)));
    }
  });

  test.each(factors)('rows and variables times powers up to %f', (factor) => {
    for (let seed = 0; seed < 20; seed++) {
      const draws = random(seed);
      const { P, q, A, l, u } = feasibleProgram(draws);
      const D = q.map(() => factor ** draws.uniform());
      const E = A.map(() => factor ** draws.uniform());
      const data = programData({
        P: P.map((row, i) => row.map((value, j) => value * D[i] * D[j])),
        q: q.map((value, j) => value * D[j]),
        A: A.map((row, i) => row.map((value, j) => value * E[i] * D[j])),
        l: scaledBounds(l, (i) => E[i]),
        u: scaledBounds(u, (i) => E[i]),
      });
      const result = solve(data);
      expect(result.status, `seed ${seed}`).toBe('converged');
      const optimum = solve(programData({ P, q, A, l, u })).objective;
      expect(Math.abs(result.objective - optimum), `seed ${seed}`).toBeLessThan(1e-6 * (1 + Math.abs(optimum)));
    }
  });
});

describe('degenerate shapes', () => {
  const P = [
    [2, 0],
    [0, 2],
  ];

  test('no variables', () => {
    expect(solveNested({ P: [], q: [], A: [[], []], l: [-1, null], u: [null, 0] }).status).toBe('converged');
    const { data, ...result } = solveNested({ P: [], q: [], A: [[]], l: [1], u: [null] });
    expect(result.status).toBe('infeasible');
    expect(certificateError(data, result)).toBe(0);
  });

  test('no rows', () => {
    const { status, x, y } = solveNested({ P, q: [-2, 4], A: [], l: [], u: [] });
    expect([status, [...x], y.length]).toEqual(['converged', [1, -2], 0]);
  });

  test('all rows free, and a row of zeros', () => {
    const A = [
      [1, 1],
      [0, 0],
      [1, -1],
    ];
    const { status, x, y } = solveNested({ P, q: [-2, 4], A, l: [null, -1, null], u: [null, 0, null] });
    expect([status, [...x], [...y]]).toEqual(['converged', [1, -2], [0, 0, 0]]);
  });

  test('nothing to minimise', () => {
    const zero = [
      [0, 0],
      [0, 0],
    ];
    const free = solveNested({ P: zero, q: [0, 0], A: [], l: [], u: [] });
    expect(free.status).toBe('converged');
    const { data, ...result } = solveNested({ P: zero, q: [0, 0], A: [[1, 1]], l: [1], u: [2] });
    expect([result.status, result.objective]).toEqual(['converged', 0]);
    expect(errorOf(data, result)).toBeLessThan(1e-12);
  });

  test('a variable is fixed by an equality, by two bounds, and by bounds in different units', () => {
    const A = [
      [1, 0],
      [0, 1],
      [0, -3],
    ];
    const { data, ...result } = solveNested({ P, q: [0, 0], A, l: [5, 2, -6], u: [5, null, null] });
    expect(result.status).toBe('converged');
    expect([...result.x]).toEqual([5, 2]);
    expect([...result.y]).toEqual([-10, -4, 0]);
    expect(errorOf(data, result)).toBe(0);
    const other = solveNested({ P, q: [0, -10], A, l: [5, 2, -6], u: [5, null, null] });
    expect([...other.y]).toEqual([-10, 0, -2]);
  });

  test('an inequality is implied to be an equality', () => {
    const A = [
      [1, 1],
      [1, 1],
    ];
    const { data, ...result } = solveNested({ P, q: [0, 0], A, l: [2, null], u: [null, 2] });
    expect(result.status).toBe('converged');
    expect(errorOf(data, result)).toBeLessThan(1e-9);
    expect(result.x[0]).toBeCloseTo(1, 9);
  });

  test('dependent equalities are solved where they agree and infeasible where they do not', () => {
    const A = [
      [1, 2],
      [2, 4],
      [-1, -2],
    ];
    const agreeing = solveNested({ P, q: [0, 0], A, l: [5, 10, -5], u: [5, 10, -5] });
    expect(agreeing.status).toBe('converged');
    expect(agreeing.x[0]).toBeCloseTo(1, 12);
    const { data, ...result } = solveNested({ P, q: [0, 0], A, l: [5, 11, -5], u: [5, 11, -5] });
    expect(result.status).toBe('infeasible');
    expect(certificateError(data, result)).toBeLessThan(1e-12);
  });

  test('bounds in the wrong order have no certificate: no multiplier has two signs', () => {
    const { status, certificate } = solveNested({ P, q: [0, 0], A: [[1, 1]], l: [1], u: [0] });
    expect([status, certificate]).toEqual(['infeasible', undefined]);
  });

  test('contradicting bounds of one variable are infeasible', () => {
    const { data, ...result } = solveNested({
      P,
      q: [0, 0],
      A: [
        [2, 0],
        [-1, 0],
      ],
      l: [2, -0.5],
      u: [null, null],
    });
    expect(result.status).toBe('infeasible');
    expect(certificateError(data, result)).toBeLessThan(1e-15);
  });

  test('a free variable with a cost of its own is unbounded', () => {
    const zero = [
      [2, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    const { data, ...result } = solveNested({ P: zero, q: [1, 1, 0], A: [[1, 0, 1]], l: [0], u: [1] });
    expect(result.status).toBe('unbounded');
    expect(certificateError(data, result)).toBeLessThan(1e-12);
    expect(solveNested({ P: zero, q: [1, 0, 0], A: [], l: none.slice(3), u: [] }).status).toBe('converged');
  });
});

describe('warm starts', () => {
  test('a solution is returned at once', () => {
    for (const problem of loadPublicPrograms()) {
      const data = dataOf(problem);
      const { x, y } = solve(data);
      const again = solve(data, { initial: { x, y } });
      expect([again.status, again.iterations], problem.name).toEqual(['converged', 0]);
    }
  });

  test('the solution of a program nearby saves iterations, and never costs any in controllers', () => {
    const sums = { cold: 0, warm: 0 };
    for (const problem of loadPublicPrograms().filter(({ m }) => m <= 120)) {
      const draws = random(5);
      const data = dataOf(problem);
      const { x, y } = solve(data);
      const moved = { ...data, q: data.q.map((value) => value * (1 + 1e-4 * draws.normal())) };
      const cold = solve(moved);
      const warm = solve(moved, { initial: { x, y } });
      expect(warm.status, problem.name).toBe(cold.status);
      if (data.l.some((value, i) => value !== data.u[i]) && cold.iterations > 0) {
        expect(warm.iterations, problem.name).toBeLessThanOrEqual(cold.iterations);
      }
      sums.cold += cold.iterations;
      sums.warm += warm.iterations;
    }
    expect(sums.warm).toBeLessThan(0.7 * sums.cold);
  });

  test('x or y alone may be given', () => {
    const problem = loadPublicPrograms().find(({ name }) => name === 'DUAL4');
    if (!problem) throw new Error('DUAL4 is missing');
    const data = dataOf(problem);
    const { x, y } = solve(data);
    for (const initial of [{ x }, { y }]) expect(solve(data, { initial }).status).toBe('converged');
  });
});

describe('ends', () => {
  const program = programData(feasibleProgram(random(4)));

  test('the limit of iterations ends a solve with its residuals', () => {
    const { status, iterations, residuals } = solve(program, { limit: 2 });
    expect([status, iterations]).toEqual(['limit', 2]);
    expect(residuals.primal + residuals.dual + residuals.gap).toBeGreaterThan(0);
  });

  test('a solve can be cut short', () => {
    let calls = 0;
    const { status, iterations } = solve(program, { isCutShort: () => ++calls > 3 });
    expect(status).toBe('limit');
    expect(iterations).toBeLessThanOrEqual(4);
  });

  test('tolerances that rounding forbids end as stalled', () => {
    const { status, residuals } = solve(program, { absolute: 1e-40, relative: 0 });
    expect(status).toBe('stalled');
    expect(Math.max(residuals.primal, residuals.dual, residuals.gap)).toBeLessThan(1e-9);
  });
});
