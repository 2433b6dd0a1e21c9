/** The residual map of cone programs, its generalised Jacobian, and Newton's method on it. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import { dualOf } from '../../../src/solvers/cones/cone.ts';
import { polishByNewton } from '../../../src/solvers/cones/newton/polish.ts';
import { ResidualMap } from '../../../src/solvers/cones/newton/residual-map.ts';
import { semismoothNewton } from '../../../src/solvers/cones/newton/semismooth.ts';
import type { ConeData } from '../../../src/solvers/cones/problem.ts';
import { judge } from '../../../src/solvers/cones/residuals.ts';
import {
  coneDataFrom,
  loadDegenerateCones,
  loadSolvedCones,
  type SolvedConeProgram,
} from '../../fixtures/load-cones.ts';
import { isSolution } from '../../support/cone-membership.ts';

const SOLVED = loadSolvedCones();
const DEGENERATE = loadDegenerateCones();
const TOLERANCES = { absolute: 1e-9, relative: 1e-9, limit: 100 };

const vOf = ({ y, s }: SolvedConeProgram): Float64Array => Float64Array.from(y, (value, i) => value - s[i]);
const pointOf = ({ x, y, s }: SolvedConeProgram) => ({
  x: Float64Array.from(x),
  y: Float64Array.from(y),
  s: Float64Array.from(s),
});
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i])));

/** The point moved by normal numbers of this size. */
function moved(program: SolvedConeProgram, size: number, seed: number): { x: Float64Array; v: Float64Array } {
  const draws = random(seed);
  const by = (value: number): number => value + size * draws.normal();
  return { x: Float64Array.from(program.x, by), v: vOf(program).map(by) };
}

describe('the residual map', () => {
  test.each(SOLVED)('$name: is 0 at the solution', (program) => {
    const { residual, projection } = new ResidualMap(coneDataFrom(program)).evaluate(
      Float64Array.from(program.x),
      vOf(program),
    );
    expect(difference(residual, new Float64Array(residual.length))).toBeLessThan(2e-14);
    expect(difference(projection.value, program.y)).toBeLessThan(2e-14);
  });

  test.each(['zero', 'exp', 'pow', 'mixed2'])('%s: is not 0 with K and K* exchanged', (name) => {
    const program = SOLVED.find((each) => each.name === name) as SolvedConeProgram;
    const data = coneDataFrom(program);
    const exchanged: ConeData = { ...data, blocks: data.blocks.map(dualOf) };
    expect(new ResidualMap(exchanged).evaluate(Float64Array.from(program.x), vOf(program)).size).toBeGreaterThan(0.1);
  });

  test.each(SOLVED)('$name: M(J) is its derivative', (program) => {
    const map = new ResidualMap(coneDataFrom(program));
    const { n, m } = program;
    const { x, v } = moved(program, 0.05, 3);
    const matrix = runUninterrupted(map.matrixAt(map.evaluate(x, v), 0));
    for (let k = 0; k < n + m; k++) {
      const at = (step: number): Float64Array =>
        map.evaluate(
          x.map((value, j) => value + (j + m === k ? step : 0)),
          v.map((value, i) => value + (i === k ? step : 0)),
        ).residual;
      const [above, below] = [at(1e-6), at(-1e-6)];
      const column = Float64Array.from(above, (value, i) => (value - below[i]) / 2e-6);
      const own = Float64Array.from({ length: n + m }, (_, i) => matrix[i * (n + m) + k]);
      expect(difference(own, column), `column ${k}`).toBeLessThan(2e-8);
    }
  });

  test('with ε the matrix is that of the proximal point method', () => {
    const program = SOLVED[7];
    const map = new ResidualMap(coneDataFrom(program));
    const { n, m } = program;
    const value = map.evaluate(Float64Array.from(program.x), vOf(program));
    const [plain, proximal] = [0, 0.25].map((epsilon) => runUninterrupted(map.matrixAt(value, epsilon)));
    for (let i = 0; i < n + m; i++) {
      for (let j = 0; j < n + m; j++) {
        const at = i * (n + m) + j;
        const J = (i === j ? 1 : 0) - plain[at];
        const change = i < m && j < m ? 0.25 * J : i === j ? 0.25 : 0;
        expect(proximal[at]).toBeCloseTo(plain[at] + change, 13);
      }
    }
  });
});

test('at a kink the element is in the middle between the least and the largest', () => {
  const kinked = DEGENERATE.find(({ name }) => name === 'soc-projection-apex') as SolvedConeProgram;
  const map = new ResidualMap(coneDataFrom(kinked));
  const matrix = runUninterrupted(map.matrixAt(map.evaluate(new Float64Array(3), new Float64Array(3)), 0));
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) expect(matrix[6 * i + j]).toBeCloseTo(i === j ? 0.5 : 0, 14);
  }
});

describe("Newton's method", () => {
  test.each(SOLVED)('$name: converges quadratically to rounding', (program) => {
    const map = new ResidualMap(coneDataFrom(program));
    const { x, v } = moved(program, 1e-3, 1);
    const { value, sizes, isConverged } = runUninterrupted(semismoothNewton(map, x, v, { limit: 12 }));
    expect(isConverged).toBe(true);
    expect(sizes.length).toBeLessThanOrEqual(8);
    for (let k = 1; k < sizes.length; k++) {
      expect(sizes[k], `step ${k} of ${sizes}`).toBeLessThan(Math.max(3e-14, 300 * sizes[k - 1] ** 2));
    }
    expect(value.size).toBeLessThan(3e-14);
    expect(difference(value.x, program.x)).toBeLessThan(1e-12);
    expect(difference(value.projection.value, program.y)).toBeLessThan(1e-12);
    expect(difference(value.s, program.s)).toBeLessThan(1e-12);
  });

  test.each(DEGENERATE)('$name: converges where elements of the Jacobian may be singular', (program) => {
    const data = coneDataFrom(program);
    const { x, v } = moved(program, 1e-3, 2);
    const { value, isConverged } = runUninterrupted(semismoothNewton(new ResidualMap(data), x, v, { limit: 30 }));
    // Where the solution is 0, so are the terms to which ‖N‖ is compared.
    expect(isConverged || value.size < 1e-30).toBe(true);
    expect(isSolution(data, { x: value.x, y: value.projection.value, s: value.s }, 1e-12)).toBe(true);
    // The least change is made where solutions are not unique.
    expect(difference(value.x, program.x)).toBeLessThan(0.01);
  });

  test('shortens steps that would lead away, and ends no worse than it began', () => {
    for (const program of SOLVED) {
      for (let seed = 0; seed < 5; seed++) {
        const { x, v } = moved(program, 10, seed);
        const map = new ResidualMap(coneDataFrom(program));
        const { value, sizes } = runUninterrupted(semismoothNewton(map, x, v, { limit: 8 }));
        expect(value.size).toBe(sizes[sizes.length - 1]);
        for (let k = 1; k < sizes.length; k++) expect(sizes[k]).toBeLessThan(sizes[k - 1]);
      }
    }
  });

  test('obeys its limit, and a request to end', () => {
    const map = new ResidualMap(coneDataFrom(SOLVED[5]));
    const start = { x: new Float64Array(SOLVED[5].n), v: new Float64Array(SOLVED[5].m).fill(0.5) };
    expect(runUninterrupted(semismoothNewton(map, start.x, start.v, { limit: 1 })).sizes.length).toBeLessThanOrEqual(2);
    const isCutShort = (): boolean => true;
    expect(runUninterrupted(semismoothNewton(map, start.x, start.v, { limit: 9, isCutShort })).sizes).toHaveLength(1);
  });

  test('does not go on from numbers that are not finite', () => {
    const map = new ResidualMap(coneDataFrom(SOLVED[0]));
    const x = new Float64Array(SOLVED[0].n).fill(Number.NaN);
    const { isConverged, sizes } = runUninterrupted(semismoothNewton(map, x, vOf(SOLVED[0]), { limit: 9 }));
    expect([isConverged, sizes.length]).toEqual([false, 1]);
  });
});

describe('the polish', () => {
  test.each(SOLVED)('$name: finds the last digits', (program) => {
    const data = coneDataFrom(program);
    const { x, v } = moved(program, 1e-6, 4);
    const point = pointOf(program);
    const from = { ...point, x, s: point.y.map((value, i) => value - v[i]) };
    const { best, steps } = runUninterrupted(polishByNewton(data, from, TOLERANCES));
    expect(best.merit).toBeLessThan(1e-4);
    expect(steps).toBeLessThanOrEqual(6);
    expect(difference(best.x, program.x)).toBeLessThan(1e-12);
    expect(difference(best.y, program.y)).toBeLessThan(1e-12);
  });

  test('never returns a worse point than it was given, but for rounding', () => {
    for (const program of SOLVED) {
      const data = coneDataFrom(program);
      for (let seed = 0; seed < 12; seed++) {
        const { x } = moved(program, [0, 1e-15, 1, 100][seed % 4], seed);
        const { y, s } = pointOf(program);
        const draws = random(seed);
        // A y or s outside of its cone: without steps the method only returns the nearest pair in the cones.
        const from = { x, y: y.map((value) => value + 1e-3 * draws.normal()), s };
        for (const limit of [0, 1, 20]) {
          const { best } = runUninterrupted(polishByNewton(data, from, { ...TOLERANCES, limit }));
          expect(best.merit).toBeLessThanOrEqual(Math.max(runUninterrupted(judge(data, from, TOLERANCES)).merit, 1e-4));
        }
      }
    }
  });
});
