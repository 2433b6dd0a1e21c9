/** The checker of the benchmark of quadratic programs, its problems, and its table. */
import { describe, expect, test } from 'vitest';
import { summaryOf } from '../../bench/measure.ts';
import {
  createControllers,
  createOwnPrograms,
  fileOf,
  firstOf,
  judge,
  type ProgramBatch,
  sampleOf,
} from '../../bench/program-problems.ts';
import { relativeResidualsOf } from '../../bench/program-residuals.ts';
import { GOALS, type ProgramResults, textOf } from '../../bench/program-table.ts';

/** Two programs min ½·2x² − 400x over x ≤ u, with u = 100 and u = 300: solved by x = 100, y = 200 and by x = 200, y = 0. */
const clipping: ProgramBatch = {
  title: 'clipping',
  batch: 2,
  n: 1,
  m: 1,
  equalities: 0,
  isShared: false,
  P: Float32Array.of(2, 2),
  q: Float32Array.of(-400, -400),
  A: Float32Array.of(1, 1),
  l: Float32Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY),
  u: Float32Array.of(100, 300),
};

describe('the checker', () => {
  test('finds no residual in solutions', () => {
    expect(judge(clipping, { x: [100, 200], y: [200, 0] }, 1e-12)).toEqual({ primal: 0, dual: 0, gap: 0, solved: 2 });
  });
  test('relates each residual to 1 + the largest of its terms', () => {
    const { primal, dual, gap } = relativeResidualsOf(fileOf(sampleOf(clipping, 0)), [101], [200]);
    expect(primal).toBeCloseTo(1 / (1 + 101), 12);
    expect(dual).toBeCloseTo(2 / (1 + 400), 12);
    expect(gap).toBeCloseTo((2 * 101 ** 2 - 400 * 101 + 100 * 200) / (1 + 400 * 101), 12);
  });
  test('counts a program as solved where all its residuals are within the tolerance', () => {
    expect(judge(clipping, { x: [100, 201], y: [200, 0] }, 1e-3).solved).toBe(1);
    expect(judge(clipping, { x: [100, 201], y: [200, 0] }, 1e-2).solved).toBe(2);
  });
  test('does not lose what is not a number, and refuses a multiplier at a bound that is infinite', () => {
    expect(judge(clipping, { x: [Number.NaN, 200], y: [200, 0] }, 1)).toMatchObject({ dual: Number.NaN, solved: 1 });
    expect(judge(clipping, { x: [100, 200], y: [-200, 0] }, 1e-3).solved).toBe(1);
  });
});

describe('the programs', () => {
  test('each have numbers of their own, and a point that satisfies the constraints', () => {
    const programs = createOwnPrograms({ batch: 2, n: 4, inequalities: 3, equalities: 2 });
    const [first, second] = [sampleOf(programs, 0), sampleOf(programs, 1)];
    expect(first.P).not.toEqual(second.P);
    expect(first.l.slice(0, 2)).toEqual(first.u.slice(0, 2));
    expect([...first.l.slice(2)]).toEqual([0, 0, 0].map(() => Number.NEGATIVE_INFINITY));
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) expect(first.P[4 * i + j]).toBe(first.P[4 * j + i]);
    expect(sampleOf(firstOf(programs, 1), 0)).toEqual(first);
  });
  test('of controllers differ in q alone', () => {
    const programs = createControllers({ batch: 2, n: 3 });
    const [first, second] = [sampleOf(programs, 0), sampleOf(programs, 1)];
    expect(first.q).not.toEqual(second.q);
    expect({ ...first, q: 0 }).toEqual({ ...second, q: 0 });
  });
});

test('the table tells times, ratios, residuals and what computes in software', () => {
  const judgement = { primal: 1e-12, dual: 2e-9, gap: 3e-7, solved: 128 };
  const timingOf = (milliseconds: number) => {
    const all = [milliseconds, milliseconds, milliseconds];
    return { ...summaryOf(all), all, units: 1, cut: false, foreign: 0, repeated: 0 };
  };
  const results: ProgramResults = {
    date: '2030-01-02T03:04:05.678Z',
    equilibra: '1.2.3',
    node: '20.0.0',
    processor: { name: 'Acme', cores: 2 },
    load: 0.1,
    tolerance: 1e-6,
    goals: GOALS,
    notes: ['no figures of cvxopt'],
    programs: { batch: 128, n: 100, m: 70, equalities: 20 },
    threads: 2,
    adapter: 'WebAssembly',
    entries: [
      { name: 'equilibra', isForwardOnly: true, timing: timingOf(50), judgement, ratio: 1 },
      { name: 'equilibra', isForwardOnly: false, timing: timingOf(80), judgement, ratio: 1.6 },
      { name: 'acme 1.0.0', isForwardOnly: true, timing: timingOf(500), judgement, ratio: 10 },
    ],
    backward: 30,
    gradients: { compared: 4, differences: [1e-8, 2e-7] },
    controllers: [
      {
        backend: 'webgpu',
        adapter: { vendor: 'acme', architecture: '', description: 'Acme Rasteriser', software: true },
        solver: 'splitting',
        tolerance: 1e-4,
        batch: 1000,
        all: [2000],
        median: 2000,
        converged: 999,
        judgement: { ...judgement, solved: 199 },
        stride: 5,
      },
    ],
  };
  const text = textOf(results);
  expect(text).toContain('Forward and backward 80.0 ms (hoped for: 180): forward 50.0, backward 30.0.');
  expect(text).toContain('acme 1.0.0 10.0 times as long');
  expect(text).toMatch(/\| acme 1\.0\.0 +\| forward +\| 500 .* 1\.0e-12 \| 2\.0e-9 \| 3\.0e-7 \| 128 of 128 \|/);
  expect(text).toMatch(
    /\| webgpu: Acme Rasteriser \(software\) \| splitting \| 1e-4 +\| 500 .* 999 of 1000 .* 199 of 200 \|/,
  );
  expect(text).toContain('- no figures of cvxopt');
});
