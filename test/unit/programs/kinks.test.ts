/** Weakly active rows are found on every host backend, also where the solution, its multipliers or both are 0. */
import { expect, test } from 'vitest';
import { type Random, random } from '../../../src/data/random.ts';
import { open, quadraticProgram } from '../../../src/index.ts';
import { normalCurvature, normalRows, type PlantedProgram, type PlantedRow, plant } from '../../support/programs.ts';

const COUNT = 200;

/** Weakly active rows, no more active ones than variables, in small integers or normal numbers; some have x = 0. */
function programWithKinks(draws: Random): { one: PlantedProgram; kinks: readonly number[] } {
  const n = 1 + draws.integer(5);
  const strong = draws.integer(3) === 0 ? draws.integer(n) : 0;
  const weak = 1 + draws.integer(n - strong);
  const sides: PlantedRow[] = ['weakly at u', 'weakly at l'];
  const rows: PlantedRow[] = [
    ...Array.from({ length: strong }, () => 'at u' as const),
    ...Array.from({ length: weak }, () => sides[draws.integer(2)]),
    'inactive',
  ];
  const isInteger = draws.integer(2) === 0;
  const draw = (): number => (isInteger ? draws.integer(5) - 2 : draws.normal());
  const A = isInteger ? rows.map(() => Array.from({ length: n }, draw)) : normalRows(rows.length, n, draws);
  const band = (i: number, j: number): number => [2, 1][Math.abs(i - j)] ?? 0;
  const P = isInteger
    ? Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => band(i, j)))
    : normalCurvature(n, n, draws);
  const isZero = draws.integer(4) === 0;
  const x = Array.from({ length: n }, () => (isZero ? 0 : draw()));
  return { one: plant(P, A, x, rows, draws), kinks: Array.from({ length: weak }, (_, place) => strong + place) };
}

test.each(['cpu', 'wasm'] as const)(`${COUNT} programs with kinks on %s`, async (backend) => {
  const engine = await open({ backend });
  let certified = 0;
  for (let seed = 0; seed < COUNT; seed++) {
    const { one, kinks } = programWithKinks(random(seed));
    const { P, q, A, l, u } = one;
    const solution = quadraticProgram({ engine, P, q, A, l, u });
    const { x } = await solution.values();
    expect(Math.max(...one.x.map((value, j) => Math.abs(value - x[j]))), `seed ${seed}`).toBeLessThan(1e-3);
    const { samples } = await solution.certificate();
    // Dependent rows fail; which of them have a multiplier is then a choice.
    if (samples[0].status === 'certified') {
      certified++;
      expect(samples[0].kinkRows, `seed ${seed}`).toEqual(kinks);
    }
    solution.dispose();
  }
  expect(certified).toBeGreaterThan(COUNT / 2);
  await engine.close();
});
