/** The factor to which rows are added and from which they are removed, compared with elimination. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Factor } from '../../src/backends/cpu/factor.ts';
import { solve } from '../../src/solvers/matrices.ts';
import { factorise } from '../support/hypothesis.ts';
import { normals, relativeError } from '../support/numbers.ts';

const SIZE = 8;

/** AᵀA of a random matrix with twice as many rows, and a right-hand side. */
function system(seed: number) {
  const A = normals(2 * SIZE * SIZE, seed);
  const entry = (i: number, j: number): number =>
    Array.from({ length: 2 * SIZE }, (_, row) => A[row * SIZE + i] * A[row * SIZE + j]).reduce((a, b) => a + b);
  return { entry, c: normals(SIZE, seed + 1) };
}

test('solves for the present rows, after any additions and removals', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.array(fc.nat({ max: SIZE - 1 }), { maxLength: 30 }), (seed, toggles) => {
      const { entry, c } = system(seed);
      const factor = new Factor();
      const used: number[] = [];
      for (const j of toggles) {
        const place = used.indexOf(j);
        if (place >= 0) {
          factor.remove(place);
          used.splice(place, 1);
        } else {
          const h = used.map((i) => entry(i, j));
          expect(factor.append(h, entry(j, j), c[j])).toBe(true);
          used.push(j);
        }
        expect(factor.size).toBe(used.length);
        if (used.length === 0) continue;
        const H = used.flatMap((i) => used.map((other) => entry(i, other)));
        const dense = factorise(Float64Array.from(H), used.length);
        const right = used.map((i) => c[i]);
        expect(relativeError(factor.solveRightSide(), Array.from(solve(dense, right)))).toBeLessThan(1e-9);
        const other = normals(used.length, seed + 2);
        expect(relativeError(factor.applyInverse(other), Array.from(solve(dense, other)))).toBeLessThan(1e-9);
      }
    }),
    { numRuns: 50 },
  );
});

test('refuses a dependent row, and stays unchanged', () => {
  const factor = new Factor();
  expect(factor.append([], 4, 2)).toBe(true);
  expect(factor.append([6], 9, 1)).toBe(false);
  expect([factor.size, factor.solveRightSide()]).toEqual([1, [0.5]]);
});
