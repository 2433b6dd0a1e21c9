/** The float64 core on public and small problems, with their optima. */
import { describe, expect, test } from 'vitest';
import { isWithin, measureResiduals } from '../../../bench/program-residuals.ts';
import { boundedForm, loadSmallPrograms, loadUnsolvable } from '../../fixtures/load-programs.ts';
import { certificateError, dataOf, errorOf, loadPublicPrograms, solve } from '../../support/program-solutions.ts';
import { programData } from '../../support/programs.ts';

describe('public problems', () => {
  test.each(loadPublicPrograms().map((problem) => [problem.name, problem] as const))('%s', (_, problem) => {
    const { status, x, y, objective, residuals } = solve(dataOf(problem), { relative: 0 });
    expect(status).toBe('converged');
    const measured = measureResiduals(problem, x, y);
    expect(isWithin(measured, 1e-6)).toBe(true);
    expect(isWithin(measured, 1e-9, 8)).toBe(true);
    expect(Math.max(residuals.primal, residuals.dual, residuals.gap)).toBeLessThanOrEqual(1e-9);
    expect(Math.abs(objective - problem.objective)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(problem.objective)));
  });
});

describe('small problems', () => {
  test.each(loadSmallPrograms().map((problem) => [problem.name, problem] as const))('%s', (name, problem) => {
    const data = programData(problem);
    const result = solve(data);
    expect(result.status).toBe('converged');
    expect(errorOf(data, result)).toBeLessThan(1e-9);
    // x is not unique in two cases.
    if (name === 'not-unique' || name === 'weak-needed') return;
    const size = Math.max(1, ...problem.x.map(Math.abs));
    problem.x.forEach((value, j) => {
      expect(Math.abs(result.x[j] - value)).toBeLessThan(1e-7 * size);
    });
  });
});

describe('problems without a solution', () => {
  test.each(loadUnsolvable().map((problem) => [problem.name, problem] as const))('%s', (_, problem) => {
    const data = programData(boundedForm(problem));
    const result = solve(data);
    expect(result.status).toBe(problem.status);
    expect(certificateError(data, result)).toBeLessThan(1e-12);
  });
});
