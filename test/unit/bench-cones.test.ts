/** The checker of the benchmark of cone programs, its problems, and its table. */
import { describe, expect, test } from 'vitest';
import {
  type ConeBatch,
  coneSampleOf,
  createSdps,
  createSocps,
  firstCones,
  judgeCones,
  plantPairs,
} from '../../bench/cone-problems.ts';
import { coneResidualsOf } from '../../bench/cone-residuals.ts';
import { type ConeResults, coneTextOf } from '../../bench/cone-table.ts';
import { summaryOf } from '../../bench/measure.ts';
import { random } from '../../src/data/random.ts';
import { coneProgram, open } from '../../src/index.ts';

/** min ½‖x‖² − 3x₀ − 4x₁ over s = (1, x) in a second-order cone: the nearest point to (3, 4) of the disc, y = 4·(1, −x). */
const disc = {
  ...{ n: 2, m: 3, cones: [{ type: 'soc', dim: 3 }] as const },
  ...{ P: [1, 0, 0, 1], c: [-3, -4], A: [0, 0, -1, 0, 0, -1], b: [1, 0, 0] },
};

/** min 2x over S = [[x, 1], [1, x]] positive semidefinite: x = 1, Y = [[1, −1], [−1, 1]]. */
const matrix = {
  ...{ n: 1, m: 3, cones: [{ type: 'psd', dim: 2 }] as const },
  ...{ P: [0], c: [2], A: [-1, 0, -1], b: [0, Math.SQRT2, 0] },
};

describe('the checker', () => {
  test('finds no residual in solutions', () => {
    for (const { primal, dual, gap } of [
      coneResidualsOf(disc, [0.6, 0.8], [4, -2.4, -3.2]),
      coneResidualsOf(matrix, [1], [1, -Math.SQRT2, 1]),
    ])
      expect(Math.max(primal, dual, gap)).toBeLessThan(1e-15);
  });
  test('measures how far slacks and multipliers are outside the cones', () => {
    // s = (1, 3, 4) is 4 outside; Ax = (0, −3, −4), and the largest number among Ax and b is 4.
    expect(coneResidualsOf(disc, [3, 4], [0, 0, 0]).primal).toBeCloseTo(4 / 5, 14);
    // The least eigenvalue of [[½, 1], [1, ½]] is −½.
    expect(coneResidualsOf(matrix, [0.5], [1, -Math.SQRT2, 1]).primal).toBeCloseTo(0.5 / (1 + Math.SQRT2), 14);
    // Y = [[1, −2], [−2, 1]] has the eigenvalue −1, and satisfies Px + c + Aᵀy = 0, whose terms are at most 2.
    const { dual, gap } = coneResidualsOf(matrix, [1], [1, -2 * Math.SQRT2, 1]);
    expect(dual).toBeCloseTo(1 / 3, 14);
    expect(gap).toBeCloseTo(2 / 5, 14);
  });
  test('does not lose what is not a number', () => {
    expect(coneResidualsOf(disc, [0.6, Number.NaN], [4, -2.4, -3.2])).toMatchObject({ primal: Number.NaN });
  });
});

describe('the programs', () => {
  const small = { n: 4, batch: 3 };
  const kinds: readonly ConeBatch[] = [
    createSocps({ ...small, count: 3, dim: 3 }),
    createSocps({ ...small, count: 3, dim: 3, isShared: true }),
    createSdps({ ...small, order: 4 }),
  ];
  test.each(kinds)('have solutions: $title', async (programs) => {
    const engine = await open({ backend: 'cpu' });
    const { n, m } = programs;
    const found = { x: [] as number[], y: [] as number[] };
    for (let sample = 0; sample < programs.batch; sample++) {
      const { P, A, b, c, cones } = coneSampleOf(programs, sample);
      const rows = (numbers: Float32Array, count: number) =>
        Array.from({ length: count }, (_, i) => Array.from(numbers.subarray(i * n, (i + 1) * n)));
      const solution = coneProgram({ engine, P: rows(P, n), A: rows(A, m), b, c, cones });
      const { x, y } = await solution.values();
      found.x.push(...x);
      found.y.push(...y);
    }
    engine.close();
    expect(judgeCones(programs, found, 1e-9).solved).toBe(3);
    expect(judgeCones(programs, { ...found, x: found.x.map((value) => value + 1e-3) }, 1e-6).solved).toBe(0);
  });
  test('are made of slacks and multipliers that are complementary, with no more multipliers than variables', () => {
    const cones = [
      ...Array.from({ length: 6 }, () => ({ type: 'soc', dim: 4 }) as const),
      { type: 'psd', dim: 3 } as const,
    ];
    for (let seed = 0; seed < 20; seed++) {
      const pairs = plantPairs(random(seed), cones, 12);
      for (const { s, y } of pairs) expect(s.reduce((sum, value, i) => sum + value * y[i], 0)).toBeCloseTo(0, 12);
      const [s, y] = [pairs.flatMap((pair) => pair.s), pairs.flatMap((pair) => pair.y)];
      // With A = 0 and c = 0, the primal and the dual residual are what is outside the cones.
      const program = { n: 1, m: s.length, cones, P: [0], c: [0], A: s.map(() => 0), b: s };
      const { primal, dual } = coneResidualsOf(program, [0], y);
      expect(Math.max(primal, dual)).toBeLessThan(1e-14);
      expect(pairs.reduce((sum, { face }) => sum + face, 0)).toBeLessThanOrEqual(12);
    }
  });
  test('share P and A or have their own', () => {
    const [own, shared] = kinds;
    expect(coneSampleOf(own, 0).A).not.toEqual(coneSampleOf(own, 1).A);
    expect(coneSampleOf(shared, 0).A).toEqual(coneSampleOf(shared, 1).A);
    for (const each of [own, shared]) {
      expect(coneSampleOf(each, 0).b).not.toEqual(coneSampleOf(each, 1).b);
      expect(coneSampleOf(firstCones(each, 2), 1)).toEqual(coneSampleOf(each, 1));
    }
  });
});

test('the table tells times, ratios, residuals, refusals and memory', () => {
  const judgement = { primal: 1e-12, dual: 2e-9, gap: 3e-7, solved: 64 };
  const timingOf = (milliseconds: number) => {
    const all = [milliseconds, milliseconds, milliseconds];
    return { ...summaryOf(all), all, units: 1, cut: false, foreign: 0, repeated: 0 };
  };
  const own = { name: 'equilibra', judgement, report: { converged: 63, iterations: 17 } };
  const memory = { batch: 16, bytes: 1000, pooledBytes: 2000, programBytes: 3000 };
  const results: ConeResults = {
    date: '2030-01-02T03:04:05.678Z',
    equilibra: '1.2.3',
    node: '20.0.0',
    processor: { name: 'Acme', cores: 2 },
    load: 0.1,
    tolerance: 1e-6,
    threads: 2,
    notes: ['no figures of cvxopt'],
    findings: [
      {
        ...{ title: 'SDPs', batch: 64, n: 30, m: 55, cones: 'symmetric matrices of order 10' },
        entries: [
          { ...own, solver: 'splitting', isForwardOnly: true, timing: timingOf(50) },
          { ...own, solver: 'splitting', isForwardOnly: false, timing: timingOf(80) },
          { ...own, solver: 'interior-point', isForwardOnly: true, timing: timingOf(100) },
          { name: 'scs-solver 7.0.0', isForwardOnly: true, timing: timingOf(400), judgement },
        ],
        refusals: [{ name: 'acme 1.0.0', reason: 'it has no LAPACK' }],
        gradients: [1e-8, 2e-7],
        memory: [100, 4000].map((limit) => ({ ...memory, limit, iterations: limit })),
        others: 0.25,
      },
    ],
  };
  const text = coneTextOf(results);
  expect(text).toContain('## 64 SDPs');
  expect(text).toContain(
    'is 8.00 times that of splitting, forward, 5.00 times that of splitting, forward, backward and certificates, 4.00 times',
  );
  expect(text).toContain('differ by at most 2.0e-7');
  expect(text).toContain('Other programs had 25 % of the processors');
  expect(text).toMatch(/\| scs-solver 7\.0\.0 +\| forward +\| 400 .* \| 8\.00 +\| 4\.00 .* 64 of 64 \|/);
  expect(text).toMatch(/\| equilibra, splitting +\| forward +\| 50\.0 .* 3\.0e-7 \| 64 of 64 \| 63 of 64 +\| 17 /);
  expect(text).toContain('acme 1.0.0 has no figures: it has no LAPACK.');
  expect(text).toMatch(/\| 16 SDPs +\| 4000 +\| 4000 +\| 1000 +\| 2000 +\| 3000 /);
  expect(text).toContain('- no figures of cvxopt');
});
