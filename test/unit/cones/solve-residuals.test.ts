/** The residuals by which points of cone programs are judged. */

import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { judge } from '../../../src/solvers/cones/residuals.ts';
import { coneDataFrom, loadSolvedCones, type SolvedConeProgram } from '../../fixtures/load-cones.ts';

const TOLERANCES = { absolute: 1e-9, relative: 0 };

function pointOf({ x, y, s }: SolvedConeProgram) {
  return { x: Float64Array.from(x), y: Float64Array.from(y), s: Float64Array.from(s) };
}

describe.each(loadSolvedCones())('$name', (program) => {
  const data = coneDataFrom(program);

  test('a solution has none, but for rounding', () => {
    const { residuals, merit } = runUninterrupted(judge(data, pointOf(program), TOLERANCES));
    expect(Math.max(residuals.primal, residuals.dual, residuals.gap)).toBeLessThan(5e-14);
    expect(merit).toBeLessThan(5e-5);
  });

  test('a y outside of K*, and an s outside of K, are counted where the equations hold', () => {
    const point = pointOf(program);
    // The data are changed so that the equations hold for the point moved against the first block that has a boundary.
    const { start, rows, type } = data.blocks[data.blocks.length - 1];
    const inward =
      type === 'psd' || type === 'soc' || type === 'nonneg' ? [1] : type === 'pow' ? [1, 1, 0] : [-1, 1, 3];
    const outward = new Float64Array(data.m);
    inward.forEach((value, i) => {
      outward[start + Math.min(i, rows - 1)] = -9 * value;
    });
    const y = point.y.map((value, i) => value + outward[i]);
    const c = data.c.slice();
    const { A } = data;
    for (let j = 0; j < data.n; j++) {
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) c[j] -= A.values[k] * outward[A.indices[k]];
    }
    expect(runUninterrupted(judge({ ...data, c }, { ...point, y }, TOLERANCES)).residuals.dual).toBeGreaterThan(1);
    const s = point.s.map((value, i) => value + outward[i]);
    const b = data.b.map((value, i) => value + outward[i]);
    expect(runUninterrupted(judge({ ...data, b }, { ...point, s }, TOLERANCES)).residuals.primal).toBeGreaterThan(1);
  });

  test('merit is the largest of them relative to its tolerance', () => {
    const point = pointOf(program);
    const s = point.s.map((value) => value + 0.5);
    const { residuals, merit, sizes } = runUninterrupted(
      judge(data, { ...point, s }, { absolute: 0.1, relative: 0.2 }),
    );
    expect(residuals.primal).toBeGreaterThan(0.4);
    const shares = (['primal', 'dual', 'gap'] as const).map((kind) => residuals[kind] / (0.1 + 0.2 * sizes[kind]));
    expect(merit).toBeCloseTo(Math.max(...shares), 12);
  });
});
