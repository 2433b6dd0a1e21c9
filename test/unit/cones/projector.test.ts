/** The public projector: a value, kinks, and the conservative Jacobian as an operator. */
import { expect, test } from 'vitest';
import { projectOntoCones } from '../../../src/index.ts';

const CONES = [
  { type: 'nonneg', dim: 2 },
  { type: 'soc', dim: 3 },
] as const;

test('the value, the kinks and both ends of the Jacobian', () => {
  const { value, kinks, apply } = projectOntoCones([-1, 0, 5, 3, 4], CONES);
  expect(Array.from(value)).toEqual([0, 0, 5, 3, 4]);
  expect(kinks.map(({ kind, row, rows }) => [kind, row, rows])).toEqual([
    ['segment', 1, 1],
    ['segment', 2, 3],
  ]);
  const h = [7, 1, 1, -0.6, -0.8];
  // On the boundary of the cone J_min = I − bbᵀ with b = (1, −w)/√2, of which h has the part √2.
  const least = apply(h);
  for (const [row, wanted] of [0, 0, 0, 0, 0].entries()) expect(least[row]).toBeCloseTo(wanted, 15);
  expect(Array.from(apply(h, 1))).toEqual([0, 1, 1, -0.6, -0.8]);
  const half = apply(h, [1, 0.5]);
  for (const [row, wanted] of [0, 1, 0.5, -0.3, -0.4].entries()) expect(half[row]).toBeCloseTo(wanted, 15);
  const { direction = new Float64Array() } = kinks[1];
  for (const [row, wanted] of [1, -0.6, -0.8].entries()) {
    expect(Math.abs(direction[row])).toBeCloseTo(Math.abs(wanted) * Math.SQRT1_2, 15);
  }
});

test('the tolerance decides what counts as a kink', () => {
  expect(projectOntoCones([1e-9, 1], [CONES[0]]).kinks).toEqual([]);
  expect(projectOntoCones([1e-9, 1], [CONES[0]], { tolerance: 1e-8 }).kinks).toMatchObject([
    { row: 0, distance: 1e-9 },
  ]);
});

test.each([
  [() => projectOntoCones([1, 2], CONES), 'projectOntoCones: cones have 5 rows together; v has 2'],
  [() => projectOntoCones([1, Number.NaN], [CONES[0]]), 'projectOntoCones: v[1] is NaN; it must be a finite number'],
  [() => projectOntoCones([1, 2], [CONES[0]], { tolerance: -1 }), 'tolerance'],
  [() => projectOntoCones([1, 2], [CONES[0]]).apply([1]), 'apply: h holds 1 numbers; v has 2'],
  [() => projectOntoCones([0, 2], [CONES[0]]).apply([1, 1], [2]), 'apply: selection'],
  [() => projectOntoCones([0, 2], [CONES[0]]).apply([1, 1], [1, 1]), 'there are 1 kinks'],
] as const)('%s is refused', (call, message) => {
  expect(call).toThrow(message);
});
