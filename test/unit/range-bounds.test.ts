/** Bounds of a gradient over all selections, compared with the values at every vertex. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReducedValue } from '../../src/implicit/hypothesis/range-bounds.ts';
import { rangeBounds, valueAtVertex } from '../support/hypothesis.ts';
import { normals } from '../support/numbers.ts';

/** M = I − G with a G of the given size. */
function reduced(k: number, seed: number, size: number): ReducedValue {
  const centre = Float64Array.from(normals(k * k, seed, size), (g, at) => (at % (k + 1) === 0 ? 1 : 0) - g);
  const radius = new Float64Array(k * k);
  return {
    constant: normals(1, seed + 1)[0],
    effect: Float64Array.from(normals(k, seed + 2)),
    entering: Float64Array.from(normals(k, seed + 3)),
    matrix: { k, centre, radius },
  };
}

function vertexRange(value: ReducedValue): { low: number; high: number } {
  const { k } = value.matrix;
  const values = Array.from({ length: 2 ** k }, (_, set) =>
    valueAtVertex(
      value,
      Array.from({ length: k }, (_unused, kink) => kink).filter((kink) => set & (1 << kink)),
    ),
  );
  return { low: Math.min(...values), high: Math.max(...values) };
}

test('no vertex exceeds the bounds, and they do not exceed the vertices by much', () => {
  let [bounded, loosest] = [0, 0];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 2 ** 31 - 4 }),
      fc.constantFrom(0.05, 0.3, 0.8),
      (k, seed, size) => {
        const value = reduced(k, seed, size / Math.sqrt(k));
        const { low, high } = rangeBounds(value);
        fc.pre(Number.isFinite(low));
        bounded += 1;
        const exact = vertexRange(value);
        expect(low).toBeLessThanOrEqual(exact.low);
        expect(high).toBeGreaterThanOrEqual(exact.high);
        if (size < 0.1) loosest = Math.max(loosest, (high - low) / (exact.high - exact.low));
      },
    ),
    { numRuns: 400 },
  );
  expect(bounded).toBeGreaterThan(200);
  // Where the kinks hardly affect one another, interval arithmetic is nearly exact.
  expect(loosest).toBeLessThan(1.5);
});

test('one kink, and kinks that are independent: the exact range, up to the slack', () => {
  for (const k of [1, 30]) {
    const value = reduced(k, 7, 0);
    const ends = value.effect.map((effect, i) => effect * value.entering[i]);
    const sum = (numbers: Float64Array): number => value.constant + numbers.reduce((total, one) => total + one, 0);
    const { low, high } = rangeBounds(value);
    expect(low).toBeCloseTo(sum(ends.map((end) => Math.min(end, 0))), 4);
    expect(high).toBeCloseTo(sum(ends.map((end) => Math.max(end, 0))), 4);
  }
});

test('there are none where the matrix is not a P-matrix', () => {
  const value = reduced(1, 1, 0);
  const matrix = { k: 1, centre: Float64Array.from([-1]), radius: new Float64Array(1) };
  expect(rangeBounds({ ...value, matrix })).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
});
