/** The interior point method of cone programs at the reference problems. */
import { describe, expect, test } from 'vitest';
import {
  coneDataFrom,
  loadDegenerateCones,
  loadSolvedCones,
  loadUnsolvableCones,
  type SolvedConeProgram,
} from '../../fixtures/load-cones.ts';
import { certificateError, distance, solutionError, solve } from '../../support/cone-solutions.ts';

const isSymmetric = ({ cone }: SolvedConeProgram): boolean => cone.every(({ type }) => !/exp|pow/.test(type));

describe('solved programs', () => {
  test.each(loadSolvedCones().filter(isSymmetric))('$name', (program) => {
    const result = solve(coneDataFrom(program));
    expect(result.status).toBe('converged');
    for (const part of ['x', 'y', 's'] as const) expect(distance(result[part], program[part]), part).toBeLessThan(1e-9);
    expect(result.iterations).toBeLessThan(25);
  });
});

/** What is not unique at the solution of a degenerate program. */
const NOT_UNIQUE: Readonly<Record<string, readonly ('x' | 'y' | 's')[]>> = {
  'lp-degenerate-vertex': ['y'],
  'lp-degenerate-vertex-dual-interior': ['y'],
  'lp-duplicated-active-row': ['y'],
  'lp-primal-not-unique': ['x', 's'],
  'soc-lp-not-strict': ['y'],
  'soc-lp-apex': ['y'],
  'sdp-not-strict-n2': ['y'],
  'sdp-not-strict-n4': ['x', 's'],
  'zero-cone-dependent-equalities': ['y'],
};

describe('degenerate programs', () => {
  test.each(loadDegenerateCones().filter(isSymmetric))('$name', (program) => {
    const data = coneDataFrom(program);
    const result = solve(data);
    expect(result.status).toBe('converged');
    expect(solutionError(data, result)).toBeLessThan(1e-9);
    for (const part of ['x', 'y', 's'] as const) {
      if (NOT_UNIQUE[program.name]?.includes(part)) continue;
      expect(distance(result[part], program[part]), part).toBeLessThan(1e-7);
    }
  });
});

const unsolvable = loadUnsolvableCones();

describe('programs without a solution', () => {
  test.each(unsolvable.filter(({ status }) => status === 'infeasible' || status === 'unbounded'))(
    '$name',
    (program) => {
      const data = coneDataFrom(program);
      const result = solve(data);
      const names = program.name === 'both-infeasible-lp' ? ['infeasible', 'unbounded'] : [program.status];
      expect(names).toContain(result.status);
      expect(certificateError(data, result)).toBeLessThan(1e-10);
    },
  );

  test.each(['weakly-infeasible-socp', 'sdp-not-attained'])('%s has neither solution nor certificate', (wanted) => {
    const program = unsolvable.find(({ name }) => name === wanted);
    if (!program) throw new Error(`there is no ${wanted}`);
    for (const tolerance of [1e-9, 1e-6]) {
      const result = solve(coneDataFrom(program), { absolute: tolerance, relative: tolerance });
      expect(['stalled', 'limit', 'diverged']).toContain(result.status);
      expect(result.certificate).toBeUndefined();
    }
  });

  test('a program infeasible by 1e-9 is named so, or its residual says how far it is', () => {
    const program = unsolvable.find(({ name }) => name === 'tiny-infeasible-row');
    if (!program) throw new Error('there is no tiny-infeasible-row');
    const data = coneDataFrom(program);
    const result = solve(data);
    if (result.status === 'infeasible') expect(certificateError(data, result)).toBeLessThan(1e-10);
    else expect(result.residuals.primal).toBeGreaterThan(0.9e-9);
  });
});
