/** Where the interior point method fails, the splitting takes over. */
import { expect, test, vi } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import type { ConeData, ConeSettings } from '../../../src/solvers/cones/problem.ts';
import { solveConeProgram } from '../../../src/solvers/cones/solve.ts';
import { coneDataFrom, loadSolvedCones, loadUnsolvableCones } from '../../fixtures/load-cones.ts';
import { isCertificate } from '../../support/cone-membership.ts';

vi.mock('../../../src/solvers/cones/interior-point/solve.ts', () => ({
  *solveByInteriorPoint({ n, m }: ConeData) {
    yield;
    const residuals = { primal: 1e6, dual: 1e6, gap: 1e6 };
    const far = (count: number) => new Float64Array(count).fill(1e3);
    return { status: 'stalled', iterations: 7, objective: 0, residuals, merit: 1e15, x: far(n), y: far(m), s: far(m) };
  },
}));

const SETTINGS: ConeSettings = { absolute: 1e-9, relative: 1e-9, limit: 20_000 };
const SYMMETRIC = ['lp', 'socp', 'sdp', 'mixed', 'zero'];

test.each(loadSolvedCones().filter(({ name }) => SYMMETRIC.includes(name)))(
  '$name: is solved all the same',
  (given) => {
    const { status, x, iterations } = runUninterrupted(solveConeProgram(coneDataFrom(given), SETTINGS));
    expect(status).toBe('converged');
    expect(iterations).toBeGreaterThan(7);
    expect(Math.max(...x.map((value, j) => Math.abs(value - given.x[j])))).toBeLessThan(1e-12);
  },
);

test('programs without a solution are recognised all the same', () => {
  for (const given of loadUnsolvableCones().slice(0, 20)) {
    const data = coneDataFrom(given);
    const { status, certificate } = runUninterrupted(solveConeProgram(data, SETTINGS));
    expect(status, given.name).toBe(given.status);
    expect(isCertificate(data, status, certificate as Float64Array, 1e-9), given.name).toBe(true);
  }
});
