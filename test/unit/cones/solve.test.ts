/** Cone programs from a cold start, from a warm one, and those without a solution. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import { dualOf, readCones } from '../../../src/solvers/cones/cone.ts';
import type { ConeData, ConeResult, ConeSettings } from '../../../src/solvers/cones/problem.ts';
import { projectValue } from '../../../src/solvers/cones/projections/project.ts';
import { solveConeProgram } from '../../../src/solvers/cones/solve.ts';
import { sparseFromRows } from '../../../src/solvers/programs/sparse.ts';
import {
  coneDataFrom,
  loadDegenerateCones,
  loadSolvedCones,
  loadUnsolvableCones,
  type SolvedConeProgram,
} from '../../fixtures/load-cones.ts';
import { isCertificate, isSolution } from '../../support/cone-membership.ts';

const SOLVED = loadSolvedCones();
const SETTINGS: ConeSettings = { absolute: 1e-9, relative: 1e-9, limit: 20_000 };

const solve = (data: ConeData, settings: Partial<ConeSettings> = {}): ConeResult =>
  runUninterrupted(solveConeProgram(data, { ...SETTINGS, ...settings }));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i])));
const pointOf = ({ x, y, s }: SolvedConeProgram) => ({
  x: Float64Array.from(x),
  y: Float64Array.from(y),
  s: Float64Array.from(s),
});

/** A program written out; matrices row by row. */
function program(
  P: readonly number[],
  c: readonly number[],
  A: readonly number[],
  b: readonly number[],
  cones: Parameters<typeof readCones>[1],
): ConeData {
  const [n, m] = [c.length, b.length];
  return {
    n,
    m,
    P: sparseFromRows(P, n, n),
    c: Float64Array.from(c),
    A: sparseFromRows(A, m, n),
    b: Float64Array.from(b),
    blocks: readCones('cones', cones),
  };
}

describe('from a cold start', () => {
  test.each(SOLVED)('$name: finds x, y and s', (given) => {
    const data = coneDataFrom(given);
    const result = solve(data);
    expect(result.status).toBe('converged');
    for (const key of ['x', 'y', 's'] as const) expect(difference(result[key], given[key])).toBeLessThan(1e-12);
    expect(result.merit).toBeLessThan(1e-5);
    const { primal, dual, gap } = result.residuals;
    expect(Math.max(primal, dual, gap)).toBeLessThan(5e-14);
    expect(result.certificate).toBeUndefined();
    const linear = given.c.reduce((sum, value, j) => sum + value * result.x[j], 0);
    const dualValue = -given.b.reduce((sum, value, i) => sum + value * result.y[i], 0);
    const curvature = linear - dualValue; // −xᵀPx
    expect(result.objective).toBeCloseTo(linear - curvature / 2, 12);
  });

  test.each(SOLVED)('$name: y is the projection of y − s onto K*, and s the rest, to the last bit', (given) => {
    const data = coneDataFrom(given);
    const { y, s } = solve(data);
    const v = y.map((value, i) => value - s[i]);
    const projected = new Float64Array(data.m);
    projectValue(data.blocks.map(dualOf), v, projected);
    expect(difference(y, projected)).toBeLessThanOrEqual(2e-16 * Math.max(...y.map(Math.abs)));
    expect(
      difference(
        s,
        projected.map((value, i) => value - v[i]),
      ),
    ).toBeLessThan(1e-15);
  });

  test.each(loadDegenerateCones())('$name: finds a solution, the only one if it is unique', (given) => {
    const data = coneDataFrom(given);
    const result = solve(data);
    expect(result.status).toBe('converged');
    expect(isSolution(data, result, 1e-11)).toBe(true);
    if (given.P_definite) expect(difference(result.x, given.x)).toBeLessThan(1e-8);
    if (given.rows_independent && given.P_definite) expect(difference(result.y, given.y)).toBeLessThan(1e-8);
  });

  test('finds what can be worked out by hand', () => {
    // The largest x with (x, 1, 2) in the exponential cone, e^x ≤ 2.
    const log = solve(program([0], [-1], [-1, 0, 0], [0, 1, 2], [{ type: 'exp', dim: 3 }]));
    expect(log.status).toBe('converged');
    expect(log.x[0]).toBeCloseTo(Math.LN2, 14);
    // The largest z with 2^0.3·3^0.7 ≥ |z|.
    const pow = solve(program([0], [-1], [0, 0, -1], [2, 3, 0], [{ type: 'pow', dim: 3, alpha: 0.3 }]));
    expect(pow.x[0]).toBeCloseTo(2 ** 0.3 * 3 ** 0.7, 13);
    // The least w with (−1, 2, w) in the dual of the exponential cone, e^{−2} ≤ e·w.
    const dual = solve(program([0], [1], [0, 0, -1], [-1, 2, 0], [{ type: 'expdual', dim: 3 }]));
    expect(dual.x[0]).toBeCloseTo(Math.exp(-3), 14);
    // The largest z with (u/α)^α (v/(1 − α))^{1−α} ≥ |z| at u = v = 1, α = ¼.
    const powdual = solve(program([0], [-1], [0, 0, -1], [1, 1, 0], [{ type: 'powdual', dim: 3, alpha: 0.25 }]));
    expect(powdual.x[0]).toBeCloseTo(4 ** 0.25 * (4 / 3) ** 0.75, 13);
    // Without rows, and with rows that say nothing.
    expect(solve(program([2, 0, 0, 1], [1, 1], [], [], [])).x).toEqual(Float64Array.of(-0.5, -1));
    const free = solve(program([2], [1], [1, 3], [1, 1], [{ type: 'free', dim: 2 }]));
    expect(difference(free.x, [-0.5])).toBeLessThan(1e-15);
    expect(difference(free.y, [0, 0])).toBe(0);
    expect(difference(free.s, [1.5, 2.5])).toBeLessThan(1e-15);
  });
});

describe('from a start', () => {
  test.each(SOLVED)('$name: a solution is the result after 0 iterations', (given) => {
    const initial = pointOf(given);
    const result = solve(coneDataFrom(given), { initial });
    expect([result.status, result.iterations]).toEqual(['converged', 0]);
    for (const key of ['x', 'y', 's'] as const) expect(difference(result[key], given[key])).toBe(0);
    const withoutSlack = solve(coneDataFrom(given), { initial: { x: initial.x, y: initial.y } });
    expect([withoutSlack.status, withoutSlack.iterations]).toEqual(['converged', 0]);
  });

  test.each(SOLVED)('$name: a start near to it takes a few Newton steps', (given) => {
    const draws = random(3);
    const near = (values: readonly number[]): Float64Array =>
      Float64Array.from(values, (value) => value + 1e-4 * draws.normal());
    const result = solve(coneDataFrom(given), { initial: { x: near(given.x), y: near(given.y), s: near(given.s) } });
    expect(result.status).toBe('converged');
    expect(result.iterations).toBeGreaterThan(0);
    expect(result.iterations).toBeLessThanOrEqual(7);
    expect(difference(result.x, given.x)).toBeLessThan(1e-12);
  });

  test.each(SOLVED)('$name: a start that is far away, or in part, does no harm', (given) => {
    const data = coneDataFrom(given);
    const draws = random(4);
    const far = (count: number): Float64Array => Float64Array.from({ length: count }, () => 100 * draws.normal());
    for (const initial of [
      { x: far(data.n), y: far(data.m), s: far(data.m) },
      { x: far(data.n) },
      { y: far(data.m) },
    ]) {
      const result = solve(data, { initial });
      expect(result.status).toBe('converged');
      expect(difference(result.x, given.x)).toBeLessThan(1e-9);
    }
  });
});

describe('without a solution', () => {
  const UNSOLVABLE = loadUnsolvableCones();

  test.each(UNSOLVABLE.filter(({ status }) => status === 'infeasible' || status === 'unbounded'))(
    '$name: is $status, with a certificate',
    (given) => {
      const data = coneDataFrom(given);
      const { status, certificate } = solve(data);
      if (given.name !== 'both-infeasible-lp') expect(status).toBe(given.status);
      expect(isCertificate(data, status, certificate as Float64Array, 1e-9)).toBe(true);
    },
  );

  test('claims nothing for which there is no certificate', () => {
    const weakly = UNSOLVABLE.find(({ name }) => name === 'weakly-infeasible-socp') as (typeof UNSOLVABLE)[number];
    const result = solve(coneDataFrom(weakly));
    expect(['stalled', 'limit']).toContain(result.status);
    expect(result.merit).toBeGreaterThan(1);
    expect(result.certificate).toBeUndefined();
    const unattained = UNSOLVABLE.find(({ name }) => name === 'sdp-not-attained') as (typeof UNSOLVABLE)[number];
    expect(['stalled', 'limit']).toContain(solve(coneDataFrom(unattained)).status);
    // min x₁ over x₁ ≥ x₂·e^{−1/x₂}-like bounds: (−1, x₂, x₁) in the exponential cone has the infimum 0 at x₂ → 0.
    const limit = solve(program([0, 0, 0, 0], [1, 0], [0, 0, 0, -1, -1, 0], [-1, 0, 0], [{ type: 'exp', dim: 3 }]));
    expect(['converged', 'stalled', 'limit']).toContain(limit.status);
    expect(limit.certificate).toBeUndefined();
  });

  test('an infeasibility of the size of the tolerance is found, or met', () => {
    const tiny = UNSOLVABLE.find(({ name }) => name === 'tiny-infeasible-row') as (typeof UNSOLVABLE)[number];
    const data = coneDataFrom(tiny);
    for (const absolute of [1e-6, 1e-12]) {
      const { status, residuals, certificate } = solve(data, { absolute });
      if (status === 'converged') expect(residuals.primal).toBeLessThanOrEqual(absolute);
      else expect(isCertificate(data, status, certificate as Float64Array, 1e-12)).toBe(true);
    }
  });

  test('with exponential and power cones', () => {
    const exp = [{ type: 'exp', dim: 3 }] as const;
    // (x, 1, −1) is never in the cone; (0, y, 1 − y) with y ≥ 2 is not either.
    const first = program([0], [1], [-1, 0, 0], [0, 1, -1], exp);
    const second = program([0], [1], [0, -1, 1, -1], [0, 0, 1, -2], [...exp, { type: 'nonneg', dim: 1 }]);
    for (const data of [first, second]) {
      const { status, certificate } = solve(data);
      expect(status).toBe('infeasible');
      expect(isCertificate(data, status, certificate as Float64Array, 1e-9)).toBe(true);
    }
    // max log-like growth along (−t, 1, 1), and along (t, t, 0).
    const third = program([0], [1], [-1, 0, 0], [0, 1, 1], exp);
    const fourth = program([0], [-1], [-1, -1, 0], [1, 1, 0], [{ type: 'pow', dim: 3, alpha: 0.5 }]);
    for (const data of [third, fourth]) {
      const { status, certificate } = solve(data);
      expect(status).toBe('unbounded');
      expect(isCertificate(data, status, certificate as Float64Array, 1e-9)).toBe(true);
    }
  });
});

describe('ends early', () => {
  test.each(SOLVED)('$name: at the limit', (given) => {
    const data = coneDataFrom(given);
    for (const limit of [0, 1, 3]) {
      const result = solve(data, { limit });
      expect(result.status).toBe('limit');
      expect(result.iterations).toBeLessThanOrEqual(limit);
      expect(result.merit).toBeGreaterThan(1);
      expect(result.x.every(Number.isFinite)).toBe(true);
    }
  });

  test.each(SOLVED)('$name: when it is cut short, after work of a few milliseconds', (given) => {
    const data = coneDataFrom(given);
    let asked = 0;
    const isCutShort = (): boolean => ++asked > 3;
    const result = solve(data, { isCutShort });
    expect(result.status).toBe('limit');
    expect(result.iterations).toBeLessThanOrEqual(4);
    // There is a yield in every iteration.
    const work = solveConeProgram(data, SETTINGS);
    let yields = 0;
    let step = work.next();
    for (; !step.done; step = work.next()) yields++;
    expect(yields).toBeGreaterThanOrEqual(step.value.iterations);
  });
});
