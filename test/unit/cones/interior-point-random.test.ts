/** The interior point method of cone programs at random programs whose solutions or certificates were chosen first. */
import { expect, test } from 'vitest';
import { type Random, random } from '../../../src/data/random.ts';
import type { Cone } from '../../../src/solvers/cones/cone.ts';
import type { ConeData } from '../../../src/solvers/cones/problem.ts';
import { sparseFromRows } from '../../../src/solvers/programs/sparse.ts';
import { certificateError, distance, objectiveOf, solutionError, solve } from '../../support/cone-solutions.ts';
import { coneDataOf, type PlantedKind, plantConeProgram } from '../../support/planted-cone-programs.ts';

const TYPES = ['zero', 'free', 'nonneg', 'soc', 'psd'] as const;

/** A product of 1 to 4 cones with up to 6 rows, psd up to order 4. */
function randomCones(draws: Random): readonly Cone[] {
  return Array.from({ length: 1 + draws.integer(4) }, () => {
    const type = TYPES[draws.integer(TYPES.length)];
    return { type, dim: 1 + draws.integer(type === 'psd' ? 4 : type === 'zero' ? 2 : 6) };
  });
}

function planted(seed: number, kind: PlantedKind): ReturnType<typeof plantConeProgram> & { readonly rank: number } {
  const draws = random(seed).fork('shape');
  const n = 2 + draws.integer(11);
  const cones = randomCones(draws).filter(({ type }) => kind !== 'infeasible' || type !== 'free');
  // The costs of an infeasible program without curvature would be rounding.
  const rank = draws.integer(3) ? n : Math.max(kind === 'infeasible' ? 1 : 0, draws.integer(n + 1));
  const own = cones.length > 0 ? cones : [{ type: 'psd', dim: 3 } as const];
  return { ...plantConeProgram({ seed, n, cones: own, kind, rank }), rank };
}

test.each(['feasible', 'degenerate'] as const)('150 %s programs', (kind) => {
  for (let seed = 0; seed < 150; seed++) {
    const program = planted(seed, kind);
    const data = coneDataOf(program);
    const result = solve(data);
    const name = `seed ${seed}: ${program.cones.map(({ type, dim }) => type + dim).join(' ')}`;
    expect(result.status, name).toBe('converged');
    expect(solutionError(data, result), name).toBeLessThan(1e-9);
    const optimum = objectiveOf(data, program.x);
    expect(Math.abs(result.objective - optimum), name).toBeLessThan(1e-8 * (1 + Math.abs(optimum)));
    if (program.rank === program.n)
      expect(distance(result.x, program.x), name).toBeLessThan(kind === 'feasible' ? 1e-8 : 1e-6);
  }
});

test.each(['infeasible', 'unbounded'] as const)('100 %s programs', (kind) => {
  for (let seed = 0; seed < 100; seed++) {
    const program = planted(seed, kind);
    // Of a single row that counts only rounding would be left.
    if (kind === 'infeasible' && program.y.filter((value) => value !== 0).length < 2) continue;
    const data = coneDataOf(program);
    const result = solve(data);
    const name = `seed ${seed}: ${program.cones.map(({ type, dim }) => type + dim).join(' ')}`;
    // What has no feasible point may have a direction along which the objective falls, too.
    if (kind === 'infeasible') expect(['infeasible', 'unbounded'], name).toContain(result.status);
    else expect(result.status, name).toBe('unbounded');
    expect(certificateError(data, result), name).toBeLessThan(1e-10);
  }
});

/** Rows, whole cones where their shape asks for it, and variables in other units. */
function inOtherUnits(data: ConeData, draws: Random): ConeData {
  const unit = (): number => 10 ** (8 * draws.uniform() - 4);
  const columns = Float64Array.from({ length: data.n }, unit);
  const rows = Float64Array.from({ length: data.m }, unit);
  for (const { type, start, rows: count } of data.blocks) {
    if (type === 'soc' || type === 'psd') rows.fill(rows[start], start, start + count);
  }
  const dense = (matrix: ConeData['A'], left: Float64Array): ConeData['A'] => {
    const entries = new Float64Array(matrix.rows * matrix.columns);
    for (let j = 0; j < matrix.columns; j++) {
      for (let k = matrix.starts[j]; k < matrix.starts[j + 1]; k++) {
        const i = matrix.indices[k];
        entries[i * matrix.columns + j] = left[i] * columns[j] * matrix.values[k];
      }
    }
    return sparseFromRows(entries, matrix.rows, matrix.columns);
  };
  return {
    ...data,
    P: dense(data.P, columns),
    A: dense(data.A, rows),
    b: data.b.map((value, i) => rows[i] * value),
    c: data.c.map((value, j) => columns[j] * value),
  };
}

test('60 programs with units of 1e-4 to 1e4', () => {
  for (let seed = 0; seed < 60; seed++) {
    const program = planted(seed, 'feasible');
    const data = inOtherUnits(coneDataOf(program), random(seed).fork('units'));
    const result = solve(data);
    expect(result.status, `seed ${seed}`).toBe('converged');
    const optimum = objectiveOf(coneDataOf(program), program.x);
    expect(Math.abs(result.objective - optimum), `seed ${seed}`).toBeLessThan(1e-7 * (1 + Math.abs(optimum)));
  }
});
