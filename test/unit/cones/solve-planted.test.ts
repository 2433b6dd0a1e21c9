/** Random programs of each cone and of mixtures, whose solutions or certificates were chosen first. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import type { Cone } from '../../../src/solvers/cones/cone.ts';
import type { ConeData, ConeSettings } from '../../../src/solvers/cones/problem.ts';
import { solveConeProgram } from '../../../src/solvers/cones/solve.ts';
import { solveBySplitting } from '../../../src/solvers/cones/splitting/solve.ts';
import { isCertificate, isSolution } from '../../support/cone-membership.ts';
import {
  coneDataOf,
  conesOf,
  type PlantedConeProgram,
  type PlantedKind,
  plantConeProgram,
} from '../../support/planted-cone-programs.ts';

const SETTINGS: ConeSettings = { absolute: 1e-9, relative: 1e-9, limit: 20_000 };
const MIXTURE: readonly Cone[] = [
  ...conesOf('zero', 1, 2),
  ...conesOf('free', 1, 2),
  ...conesOf('nonneg', 1, 4),
  ...conesOf('soc', 2, 3),
  ...conesOf('psd', 1, 3),
  ...conesOf('exp', 1),
  ...conesOf('pow', 1),
  ...conesOf('expdual', 1),
  ...conesOf('powdual', 1),
];
const FAMILIES: readonly { readonly name: string; readonly cones: readonly Cone[] }[] = [
  { name: 'zero', cones: [...conesOf('zero', 1, 3), ...conesOf('nonneg', 1, 6)] },
  { name: 'nonneg', cones: conesOf('nonneg', 1, 12) },
  { name: 'free', cones: [...conesOf('free', 1, 3), ...conesOf('nonneg', 1, 8)] },
  { name: 'soc', cones: conesOf('soc', 4, 4) },
  { name: 'psd', cones: conesOf('psd', 3, 3) },
  { name: 'exp', cones: conesOf('exp', 5) },
  { name: 'expdual', cones: conesOf('expdual', 5) },
  { name: 'pow', cones: conesOf('pow', 5) },
  { name: 'powdual', cones: conesOf('powdual', 5, 3, 0.7) },
  { name: 'mixture', cones: MIXTURE },
];
const N = 6;
const SEEDS = [1, 2, 3, 4];

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i])));
const solve = (data: ConeData) => runUninterrupted(solveConeProgram(data, SETTINGS));

function eachProgram(
  kind: PlantedKind,
  cones: readonly Cone[],
  visit: (program: PlantedConeProgram, data: ConeData, label: string) => void,
): void {
  for (const seed of SEEDS) {
    const rank = [0, 3, N][seed % 3];
    const program = plantConeProgram({ seed, n: N, cones, kind, rank });
    visit(program, coneDataOf(program), `seed ${seed}, rank ${rank}`);
  }
}

describe.each(FAMILIES)('$name', ({ name, cones }) => {
  test('programs with a solution', () => {
    eachProgram('feasible', cones, (program, data, label) => {
      expect(isSolution(data, program, 1e-13), label).toBe(true);
      const result = solve(data);
      expect(result.status, label).toBe('converged');
      expect(isSolution(data, result, 1e-11), label).toBe(true);
      if (label.endsWith(`${N}`)) expect(difference(result.x, program.x), label).toBeLessThan(1e-9);
    });
  });

  test('programs with a solution at kinks', () => {
    eachProgram('degenerate', cones, (_, data, label) => {
      const result = solve(data);
      expect(result.status, label).toBe('converged');
      expect(isSolution(data, result, 1e-9), label).toBe(true);
    });
  });

  test('infeasible programs', () => {
    eachProgram('infeasible', cones, (program, data, label) => {
      expect(isCertificate(data, 'infeasible', program.certificate as Float64Array, 1e-13), label).toBe(true);
      const { status, certificate } = solve(data);
      // The dual program may be infeasible too: then either is right.
      if (name !== 'free') expect(status, label).toBe('infeasible');
      expect(isCertificate(data, status, certificate as Float64Array, 1e-9), label).toBe(true);
    });
  });

  test('unbounded programs', () => {
    eachProgram('unbounded', cones, (program, data, label) => {
      expect(isCertificate(data, 'unbounded', program.certificate as Float64Array, 1e-13), label).toBe(true);
      const { status, certificate } = solve(data);
      expect(status, label).toBe('unbounded');
      expect(isCertificate(data, status, certificate as Float64Array, 1e-9), label).toBe(true);
    });
  });
});

describe('the splitting alone', () => {
  test.each(FAMILIES.slice(0, 5))('$name: does what the interior point method does', ({ cones }) => {
    for (const kind of ['feasible', 'infeasible', 'unbounded'] as const) {
      eachProgram(kind, cones, (_, data, label) => {
        const start = { x: new Float64Array(data.n), y: new Float64Array(data.m), s: new Float64Array(data.m) };
        const { outcome, best, found } = runUninterrupted(solveBySplitting(data, start, SETTINGS));
        if (kind === 'feasible') {
          expect(outcome, label).toBe('met');
          expect(isSolution(data, best, 1e-11), label).toBe(true);
        } else {
          expect(isCertificate(data, found?.status ?? '', found?.vector ?? best.x, 1e-9), `${kind} ${label}`).toBe(
            true,
          );
        }
      });
    }
  });
});

test('larger programs', () => {
  const cones = [
    ...conesOf('zero', 1, 8),
    ...conesOf('nonneg', 1, 12),
    ...conesOf('soc', 3, 4),
    ...conesOf('psd', 1, 5),
    ...conesOf('exp', 4),
    ...conesOf('pow', 4),
    ...conesOf('expdual', 2),
    ...conesOf('powdual', 2),
  ];
  for (const rank of [0, 40]) {
    const program = plantConeProgram({ seed: 1, n: 40, cones, rank });
    const result = solve(coneDataOf(program));
    expect(result.status).toBe('converged');
    expect(difference(result.x, program.x)).toBeLessThan(1e-11);
  }
});

test('rows and variables of very different units', () => {
  for (const seed of SEEDS) {
    const program = plantConeProgram({ seed, n: 8, cones: MIXTURE });
    const draws = random(seed);
    const unit = (): number => 10 ** (4 * draws.uniform() - 2);
    const variables = Float64Array.from({ length: 8 }, unit);
    const rows = new Float64Array(program.m);
    for (const { type, start, rows: count } of program.blocks) {
      let common = unit();
      for (let i = start; i < start + count; i++) {
        if (type === 'zero' || type === 'nonneg') common = unit();
        rows[i] = common;
      }
    }
    const data = coneDataOf({
      ...program,
      P: program.P.map((value, k) => value * variables[Math.floor(k / 8)] * variables[k % 8]),
      A: program.A.map((value, k) => value * rows[Math.floor(k / 8)] * variables[k % 8]),
      b: program.b.map((value, i) => value * rows[i]),
      c: program.c.map((value, j) => value * variables[j]),
    });
    const result = solve(data);
    expect(result.status, `seed ${seed}`).toBe('converged');
    expect(
      difference(
        result.x.map((value, j) => value * variables[j]),
        program.x,
      ),
      `seed ${seed}`,
    ).toBeLessThan(1e-11);
  }
});
