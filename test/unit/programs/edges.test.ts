/** Numbers that overflow, entries that add up to too much, and data that change after a solve. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../../src/data/random.ts';
import {
  type BackendName,
  ConvergenceError,
  open,
  type QuadraticProgramOptions,
  quadraticProgram,
} from '../../../src/index.ts';
import { engineOn } from '../../support/engines.ts';
import { plantProgram } from '../../support/planted-programs.ts';

const P = [
  [1, 0],
  [0, 1],
];

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  test('a program whose numbers overflow has no solution in numbers', async () => {
    const engine = await open({ backend });
    const given = { engine, P, q: [1e308, -1e308], A: [[1, 1]], l: [0], u: [1] };
    await expect(quadraticProgram(given).x.data()).rejects.toThrow(ConvergenceError);
    const report = await quadraticProgram({ ...given, onFailure: 'report' }).report;
    expect(report.samples[0].status).toBe('diverged');
    await engine.close();
  });
  test.each(['interior-point', 'splitting'] as const)(
    'data written after a solve by %s do not change it',
    async (solver) => {
      const engine = await open({ backend });
      const q = engine.tensor([1, -1]);
      const solution = quadraticProgram({ P, q, A: [[1, 1]], l: [0.5], u: [1], solver });
      const before = Array.from(await solution.x.data());
      engine.write(q, [5, -20]);
      expect(Array.from(await solution.x.data())).toEqual(before);
      // The gradient is that of the solution, or an error: never that of the new data.
      const outcome = await solution.gradients({ x: [1, 1] }).then(
        ([{ u, l }]) => Math.round(1e6 * (u[0] + l[0])) / 1e6,
        (error: Error) => error.message,
      );
      expect(outcome).toBe(
        solver === 'splitting'
          ? 'quadraticProgram: q was overwritten after the solve, so that the solution cannot be differentiated; solve again'
          : 1,
      );
      await engine.close();
    },
  );
});

test('entries at one place that add up to infinity are refused by name', async () => {
  const engine = await open({ backend: 'cpu' });
  const entries = [
    [0, 0, 1e308],
    [0, 0, 1e308],
  ] as const;
  expect(() => quadraticProgram({ engine, P, q: [0, 0], A: { rows: 1, columns: 2, entries }, u: [1] })).toThrow(
    'A.entries: those at one place add up to a number that is not finite',
  );
  expect(() => quadraticProgram({ engine, P, q: [0, 0], A: { rows: 2 ** 40, columns: 2, entries: [] } })).toThrow(
    'A.rows: it is 1099511627776; it must be an integer from 0 to 2147483646',
  );
  await engine.close();
});

test('a quadratic program without P is refused', async () => {
  const engine = await open({ backend: 'cpu' });
  const given = { engine, q: [1], A: [[1]], l: [0] } as unknown as QuadraticProgramOptions;
  expect(() => quadraticProgram(given)).toThrow(/^P: it is undefined/);
  await engine.close();
});

describe.each<BackendName>(['cpu', 'wasm'])('the default tolerance on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);

  test.each([1e-4, 1e-8, 1e-12])('solves programs whose objective has the size %d', async (cost) => {
    const engine = await engineOf();
    const draws = random(11);
    for (let trial = 0; trial < 40; trial++) {
      const program = plantProgram({ seed: trial + 1, n: 3 + (trial % 5), inequalities: 6, equalities: trial % 2 });
      const { n, A, l, u } = program;
      const rows = (numbers: Float64Array, width: number): number[][] =>
        Array.from({ length: numbers.length / width }, (_, i) => [...numbers.subarray(i * width, (i + 1) * width)]);
      const scale = cost * (1 + draws.uniform());
      const data = { engine, A: rows(A, n), l: [...l], u: [...u] };
      const P = rows(program.P, n).map((row) => row.map((value) => value * scale));
      const symmetric = P.map((row, i) => row.map((value, j) => (i <= j ? value : P[j][i])));
      const solution = quadraticProgram({ ...data, P: symmetric, q: [...program.q].map((value) => value * scale) });
      const { x, y } = await solution.values();
      const distance = (a: Float64Array, b: Float64Array, size: number): number =>
        a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]) / size), 0);
      expect(distance(x, program.x, 1)).toBeLessThan(1e-5);
      expect(
        distance(
          y,
          program.y.map((value) => value * scale),
          scale,
        ),
      ).toBeLessThan(1e-5);
    }
  });
  test('puts a row that is weakly active at its bound', async () => {
    const engine = await engineOf();
    const identity = [
      [1, 0],
      [0, 1],
    ];
    const { x } = await quadraticProgram({ engine, P: identity, q: [0, 1], A: identity, l: [0, 0] }).values();
    expect(Math.abs(x[0])).toBeLessThan(1e-12);
    expect(Math.abs(x[1])).toBeLessThan(1e-12);
  });
});
