/** Cone programs by splitting: its fixed points, its acceleration, and the certificates that it leads to. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import { checkInfeasibility, checkUnboundedness } from '../../../src/solvers/cones/certificates.ts';
import type { ConeData, ConePoint, ConeSettings } from '../../../src/solvers/cones/problem.ts';
import { scalePoint, scaleProgram, unscalePoint } from '../../../src/solvers/cones/scaling.ts';
import { AcceleratedSplitting } from '../../../src/solvers/cones/splitting/accelerated.ts';
import { AndersonMemory } from '../../../src/solvers/cones/splitting/anderson.ts';
import { findInfeasibility } from '../../../src/solvers/cones/splitting/infeasibility.ts';
import { solveBySplitting } from '../../../src/solvers/cones/splitting/solve.ts';
import { Splitting, type SplittingState } from '../../../src/solvers/cones/splitting/splitting.ts';
import { findUnboundedness } from '../../../src/solvers/cones/splitting/unboundedness.ts';
import { sparseFromRows } from '../../../src/solvers/programs/sparse.ts';
import {
  coneDataFrom,
  loadDegenerateCones,
  loadSolvedCones,
  loadUnsolvableCones,
  type UnsolvableConeProgram,
} from '../../fixtures/load-cones.ts';
import { isCertificate, isSolution } from '../../support/cone-membership.ts';

const SOLVED = loadSolvedCones();
const UNSOLVABLE = loadUnsolvableCones();
const SETTINGS: ConeSettings = { absolute: 1e-9, relative: 1e-9, limit: 20_000 };

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i])));
const zeroOf = ({ n, m }: ConeData): ConePoint => ({
  x: new Float64Array(n),
  y: new Float64Array(m),
  s: new Float64Array(m),
});
const solve = (data: ConeData, settings = SETTINGS) => runUninterrupted(solveBySplitting(data, zeroOf(data), settings));
const named = (name: string): UnsolvableConeProgram => UNSOLVABLE.find((each) => each.name === name) as never;

describe('a sweep', () => {
  test.each(SOLVED)('$name: leaves the solution where it is', (program) => {
    const data = coneDataFrom(program);
    const splitting = runUninterrupted(Splitting.of(data)) as Splitting;
    const point = { y: Float64Array.from(program.y), s: Float64Array.from(program.s) };
    const w = splitting.stateOf(point);
    const next = splitting.sweep({ x: Float64Array.from(program.x), w });
    expect(difference(next.x, program.x)).toBeLessThan(1e-10);
    expect(difference(next.w, w)).toBeLessThan(1e-10);
    expect(difference(next.y, program.y)).toBeLessThan(1e-11);
    expect(difference(next.s, program.s)).toBeLessThan(1e-13);
  });

  test.each(SOLVED)('$name: sweeps alone come to the solution, accelerated ones sooner', (program) => {
    const splitting = runUninterrupted(Splitting.of(coneDataFrom(program))) as Splitting;
    const count = (method: { sweep(): ArrayLike<number> }): number => {
      for (let sweeps = 1; sweeps < 6000; sweeps++) if (difference(method.sweep(), program.x) < 1e-7) return sweeps;
      return Number.POSITIVE_INFINITY;
    };
    let state: SplittingState = { x: new Float64Array(program.n), w: new Float64Array(program.m) };
    const plain = count({
      sweep() {
        state = splitting.sweep(state);
        return state.x;
      },
    });
    const method = new AcceleratedSplitting(splitting, {
      x: new Float64Array(program.n),
      w: new Float64Array(program.m),
    });
    const accelerated = count({
      sweep() {
        method.sweep();
        return method.plainState.x;
      },
    });
    expect(plain).toBeLessThan(6000);
    expect(accelerated).toBeLessThan(0.7 * plain);
  });

  test('needs a positive semidefinite P', () => {
    const data = { ...coneDataFrom(SOLVED[0]), P: sparseFromRows(new Float64Array(16).fill(-100), 4, 4) };
    expect(runUninterrupted(Splitting.of(data))).toBeUndefined();
    expect(solve(data).outcome).toBe('diverged');
  });
});

describe('the acceleration', () => {
  test('solves a linear fixed-point equation of n unknowns in n + 1 evaluations', () => {
    const n = 6;
    const draws = random(1);
    const map = Array.from({ length: n }, () => Array.from({ length: n }, () => 0.2 * draws.normal()));
    const shift = Array.from({ length: n }, () => draws.normal());
    const T = (u: Float64Array): Float64Array =>
      Float64Array.from(map, (row, i) => row.reduce((sum, entry, j) => sum + entry * u[j], shift[i]));
    const memory = new AndersonMemory(Float64Array.from({ length: n }, (_, i) => 1 + i));
    let u: Float64Array = new Float64Array(n);
    expect(memory.propose()).toBeUndefined();
    for (let k = 0; k <= n; k++) {
      const t = T(u);
      memory.note(
        t.map((value, i) => value - u[i]),
        t,
      );
      u = memory.propose() ?? t;
    }
    expect(difference(T(u), u)).toBeLessThan(1e-6);
  });

  test('forgets when it is told to', () => {
    const memory = new AndersonMemory(Float64Array.of(1));
    memory.note(Float64Array.of(1), Float64Array.of(1));
    memory.note(Float64Array.of(0.5), Float64Array.of(1.5));
    expect(memory.propose()?.[0]).toBeCloseTo(2, 9);
    memory.clear();
    expect(memory.propose()).toBeUndefined();
  });
});

describe('the scaling', () => {
  test('is undone without rounding', () => {
    for (const program of SOLVED) {
      const scaled = runUninterrupted(scaleProgram(coneDataFrom(program)));
      const point = { x: program.x, y: program.y, s: program.s } as unknown as ConePoint;
      const there = scalePoint(scaled, {
        x: Float64Array.from(point.x),
        y: Float64Array.from(point.y),
        s: Float64Array.from(point.s),
      });
      const back = unscalePoint(scaled, there);
      for (const key of ['x', 'y', 's'] as const) expect(Array.from(back[key])).toEqual(Array.from(program[key]));
    }
  });

  test('leaves cones what they are, and makes the iterations independent of units', () => {
    const program = SOLVED[7];
    const data = coneDataFrom(program);
    const variables = Float64Array.from({ length: data.n }, (_, j) => 2 ** (((5 * j) % 13) - 6));
    const rows = new Float64Array(data.m);
    data.blocks.forEach(({ type, start, rows: count }, block) => {
      for (let i = 0; i < count; i++) {
        const isUniform = type !== 'zero' && type !== 'nonneg';
        rows[start + i] = 2 ** (((7 * block + (isUniform ? 0 : 3 * i)) % 11) - 5);
      }
    });
    const [sizeB, sizeC] = [2 ** 12, 2 ** -9];
    const A = data.A.values.slice();
    const P = data.P.values.slice();
    for (let j = 0; j < data.n; j++) {
      for (let k = data.A.starts[j]; k < data.A.starts[j + 1]; k++) A[k] *= variables[j] * rows[data.A.indices[k]];
      for (let k = data.P.starts[j]; k < data.P.starts[j + 1]; k++) {
        P[k] *= (variables[j] * variables[data.P.indices[k]] * sizeC) / sizeB;
      }
    }
    const changed: ConeData = {
      ...data,
      A: { ...data.A, values: A },
      P: { ...data.P, values: P },
      b: data.b.map((value, i) => value * rows[i] * sizeB),
      c: data.c.map((value, j) => value * variables[j] * sizeC),
    };
    const { blocks } = runUninterrupted(scaleProgram(changed)).data;
    for (const { type, start, rows: count } of blocks) {
      if (type === 'zero' || type === 'nonneg') continue;
      expect(new Set(runUninterrupted(scaleProgram(changed)).rows.slice(start, start + count)).size).toBe(1);
    }
    const run = solve(changed);
    expect(run.outcome).toBe('met');
    expect(run.iterations).toBeLessThan(2 * solve(data).iterations);
    const x = run.best.x.map((value, j) => (value * variables[j]) / sizeB);
    expect(difference(x, program.x)).toBeLessThan(1e-11);
  });
});

describe('solveBySplitting', () => {
  test.each(SOLVED)('$name: finds x, y and s', (program) => {
    const { outcome, best, iterations } = solve(coneDataFrom(program));
    expect(outcome).toBe('met');
    expect(iterations).toBeLessThan(200);
    for (const key of ['x', 'y', 's'] as const) expect(difference(best[key], program[key])).toBeLessThan(1e-12);
  });

  test.each(loadDegenerateCones())('$name: finds a solution', (program) => {
    const data = coneDataFrom(program);
    const { outcome, best } = solve(data);
    expect(outcome).toBe('met');
    expect(isSolution(data, best, 1e-11)).toBe(true);
  });

  test.each(UNSOLVABLE.filter(({ status }) => status === 'infeasible' || status === 'unbounded'))(
    '$name: shows that it is $status',
    (program) => {
      const data = coneDataFrom(program);
      const { outcome, found } = solve(data);
      expect(outcome).toBe('certified');
      expect(isCertificate(data, found?.status ?? '', found?.vector ?? new Float64Array(0), 1e-9)).toBe(true);
      if (program.name !== 'both-infeasible-lp') expect(found?.status).toBe(program.status);
    },
  );

  test('claims nothing where infeasibility has no certificate', () => {
    const { outcome, found } = solve(coneDataFrom(named('weakly-infeasible-socp')));
    expect(found).toBeUndefined();
    expect(outcome === 'exhausted' || outcome === 'limit').toBe(true);
  });

  test('is not misled by numbers that are not finite', () => {
    const data = coneDataFrom(SOLVED[5]);
    expect(solve({ ...data, b: data.b.map((value, i) => (i === 3 ? Number.NaN : value)) }).outcome).toBe('diverged');
  });
});

describe('certificates', () => {
  const programsOf = (status: string) => UNSOLVABLE.filter((program) => program.status === status);
  const isCutShort = (): boolean => false;

  test.each(programsOf('infeasible').slice(0, 10))('$name: found from anywhere', (program) => {
    const { data, rows } = runUninterrupted(scaleProgram(coneDataFrom(program)));
    for (const size of [0, 100]) {
      const start = new Float64Array(data.n).map((_, j) => size * Math.sin(j + 1));
      const y = runUninterrupted(findInfeasibility(data, start, isCutShort)) as Float64Array;
      const given = checkInfeasibility(
        coneDataFrom(program),
        y.map((value, i) => value * rows[i]),
      );
      expect(isCertificate(coneDataFrom(program), 'infeasible', given as Float64Array, 1e-11)).toBe(true);
    }
  });

  test.each(programsOf('unbounded'))('$name: found from anywhere', (program) => {
    const { data, variables } = runUninterrupted(scaleProgram(coneDataFrom(program)));
    const x = runUninterrupted(findUnboundedness(data, new Float64Array(data.n), isCutShort)) as Float64Array;
    const given = checkUnboundedness(
      coneDataFrom(program),
      x.map((value, j) => value * variables[j]),
    );
    expect(isCertificate(coneDataFrom(program), 'unbounded', given as Float64Array, 1e-11)).toBe(true);
  });

  test.each(SOLVED)('$name: none of a program that has a solution', (program) => {
    const { data } = runUninterrupted(scaleProgram(coneDataFrom(program)));
    expect(runUninterrupted(findInfeasibility(data, new Float64Array(data.n), isCutShort))).toBeUndefined();
    expect(
      runUninterrupted(
        findUnboundedness(
          data,
          data.c.map((value) => -value),
          isCutShort,
        ),
      ),
    ).toBeUndefined();
  });

  test('are refused if they violate one condition by 1e-6', () => {
    for (const program of programsOf('infeasible').slice(0, 10)) {
      const data = coneDataFrom(program);
      const y = solve(data).found?.vector as Float64Array;
      const size = Math.max(...y.map(Math.abs));
      expect(checkInfeasibility(data, y)).toBeDefined();
      expect(
        checkInfeasibility(
          data,
          y.map((value) => -value),
        ),
      ).toBeUndefined();
      expect(checkInfeasibility(data, new Float64Array(data.m))).toBeUndefined();
      const draws = random(2);
      expect(
        checkInfeasibility(
          data,
          y.map((value) => value + 1e-6 * size * draws.normal()),
        ),
      ).toBeUndefined();
    }
    for (const program of programsOf('unbounded')) {
      const data = coneDataFrom(program);
      const x = solve(data).found?.vector as Float64Array;
      const size = Math.max(...x.map(Math.abs));
      expect(checkUnboundedness(data, x)).toBeDefined();
      expect(
        checkUnboundedness(
          data,
          x.map((value) => -value),
        ),
      ).toBeUndefined();
      // A small change may stay in the cone of directions only where that cone has an interior.
      const isFull = (change: number): boolean =>
        checkUnboundedness(
          data,
          x.map((value, j) => value + change * size * Math.cos(3 * j)),
        ) === undefined;
      if (program.name.includes('eq') || program.name.includes('qp')) expect(isFull(1e-6), program.name).toBe(true);
    }
  });

  test('of weakly infeasible programs do not exist, however near a vector comes', () => {
    const data = coneDataFrom(named('weakly-infeasible-socp'));
    // y = (t, −t + ε, −1) with t² = (t − ε)² + 1: Aᵀy = −ε, bᵀy = −1, ‖y‖ ≈ 1/ε.
    for (const epsilon of [1e-3, 1e-5, 1e-7]) {
      const t = (1 + epsilon * epsilon) / (2 * epsilon);
      expect(checkInfeasibility(data, Float64Array.of(t, -t + epsilon, -1))).toBeUndefined();
    }
  });
});
