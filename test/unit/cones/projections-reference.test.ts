/** Projections onto cones against values, derivatives and kinks that were computed elsewhere. */
import { describe, expect, test } from 'vitest';
import {
  applied,
  blockOf,
  difference,
  elementWith,
  projectOntoBlock,
  REFERENCE,
} from '../../support/cone-projections.ts';
import { dot, norm } from '../../support/numbers.ts';

const SETS = REFERENCE.sets.map((set, index) => ({
  ...set,
  name: `${set.type} ${set.alpha ?? set.dim}, set ${index}`,
}));
const KINKS = SETS.flatMap(({ name, type, dim, alpha, kinks }) =>
  kinks.map((kink) => ({ ...kink, name: `${name}: ${kink.what}`, block: blockOf(type, dim, alpha) })),
);
const TOLERANCE = 1e-9;

test.each(SETS)('$name: values and derivatives where it is smooth', ({ type, dim, alpha, points }) => {
  for (const { v, proj, h, jvp, jacobian } of points) {
    const projection = projectOntoBlock(blockOf(type, dim, alpha), Float64Array.from(v), 0);
    expect(difference(projection.value, proj)).toBeLessThan(1e-12 * Math.max(1, norm(v)));
    expect(projection.kinks).toEqual([]);
    expect(difference(applied(projection, h), jvp)).toBeLessThan(1e-12);
    if (jacobian) expect(difference(elementWith(projection, 0).flat(), jacobian.flat())).toBeLessThan(1e-12);
  }
});

describe.each(KINKS)('$name', ({ v, proj, J_min, J_max, one_sided, block }) => {
  const projection = projectOntoBlock(block, Float64Array.from(v), TOLERANCE);

  test('the value, one kink, and the least and the largest element', () => {
    expect(difference(projection.value, proj)).toBeLessThan(1e-12 * Math.max(1, norm(v)));
    expect(projection.kinks).toHaveLength(1);
    expect(projection.kinks[0].distance).toBeLessThan(1e-14);
    expect(difference(elementWith(projection, 0).flat(), J_min.flat())).toBeLessThan(1e-12);
    expect(difference(elementWith(projection, 1).flat(), J_max.flat())).toBeLessThan(1e-12);
  });

  test('it is a segment exactly where J_max − J_min has rank one', () => {
    const [kink] = projection.kinks;
    const gap = J_max.map((row, i) => row.map((entry, j) => entry - J_min[i][j]));
    const trace = gap.reduce((sum, row, i) => sum + row[i], 0);
    expect(kink.kind).toBe(Math.abs(trace - 1) < 1e-9 ? 'segment' : 'interval');
    if (kink.direction === undefined) expect(kink.kind).toBe('interval');
    else {
      const direction = Array.from(kink.direction);
      const outer = direction.flatMap((a) => direction.map((b) => a * b));
      expect(difference(outer, gap.flat())).toBeLessThan(1e-12);
    }
  });

  test('the one-sided derivatives are at an end of a segment, and between the ends of an interval', () => {
    for (const { h, plus, minus } of one_sided) {
      for (const side of [plus, minus]) {
        const [least, largest] = [applied(projection, h, 0), applied(projection, h, 1)];
        if (projection.kinks[0].kind === 'segment') {
          expect(Math.min(difference(side, least), difference(side, largest))).toBeLessThan(1e-6);
        } else {
          expect(dot(h, side)).toBeGreaterThan(dot(h, least) - 1e-6);
          expect(dot(h, side)).toBeLessThan(dot(h, largest) + 1e-6);
        }
      }
    }
  });
});

test.each(['exp', 'pow'] as const)('%s: to rounding where its formulas cancel or overflow', (type) => {
  const cases = REFERENCE.hard.filter((each) => each.type === type);
  expect(cases.length).toBeGreaterThan(50);
  for (const { alpha, v, proj } of cases) {
    const { value } = projectOntoBlock(blockOf(type, 3, alpha), Float64Array.from(v), 0);
    expect(difference(value, proj)).toBeLessThan(1e-15 * norm(v));
  }
});
