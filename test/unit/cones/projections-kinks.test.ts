/** Where the projections onto cones have kinks, within which tolerance, and what bounds their elements. */
import { describe, expect, test } from 'vitest';
import type { ConeType } from '../../../src/backends/cone-kernels.ts';
import {
  applied,
  blockOf,
  combined,
  difference,
  elementWith,
  leastPivot,
  onesOf,
  projectOntoBlock,
  supportOf,
  vectorsOf,
} from '../../support/cone-projections.ts';
import { norm } from '../../support/numbers.ts';

type Vector = readonly number[];
type Kind = 'segment' | 'interval' | 'bounds';
const root = Math.SQRT1_2;

interface Place {
  readonly type: ConeType;
  readonly alpha?: number;
  readonly v: Vector;
  readonly kind: Kind;
  /** The diagonals of J_min and J_max, where they are diagonal. */
  readonly least?: Vector;
  readonly largest?: Vector;
  readonly direction?: Vector;
  /** A unit vector that leads away from the kinks at v. */
  readonly away: Vector;
}

/** In the order of the dimension of the set of such places. */
const PLACES: readonly Place[] = [
  { type: 'nonneg', v: [3, 0, -2], kind: 'segment', direction: [1], away: [0, 1, 0] },
  {
    type: 'soc',
    v: [5, 3, 4],
    kind: 'segment',
    direction: [root, -0.6 * root, -0.8 * root],
    away: [root, -0.6 * root, -0.8 * root],
  },
  {
    type: 'soc',
    v: [-5, 3, 4],
    kind: 'segment',
    direction: [root, 0.6 * root, 0.8 * root],
    away: [-root, -0.6 * root, -0.8 * root],
  },
  { type: 'soc', v: [2, 2], kind: 'segment', direction: [root, -root], away: [root, -root] },
  { type: 'soc', v: [0, 0, 0], kind: 'interval', least: [0, 0, 0], largest: [1, 1, 1], away: [1, 0, 0] },
  { type: 'psd', v: [2, 0, 0], kind: 'segment', direction: [0, 0, 1], away: [0, 0, 1] },
  { type: 'psd', v: [0, 0, 0], kind: 'interval', least: [0, 0, 0], largest: [1, 1, 1], away: [root, 0, root] },
  // The exponential cone: its flat faces, its edges, its apex, and its smooth boundary.
  {
    type: 'exp',
    v: [-2, 0, 1.5],
    kind: 'segment',
    least: [1, 0, 1],
    largest: [1, 1, 1],
    direction: [0, 1, 0],
    away: [0, 1, 0],
  },
  {
    type: 'exp',
    v: [-2, -1, 0],
    kind: 'segment',
    least: [1, 0, 0],
    largest: [1, 0, 1],
    direction: [0, 0, 1],
    away: [0, 0, 1],
  },
  {
    type: 'exp',
    v: [0, -1, 2],
    kind: 'segment',
    least: [0, 0, 1],
    largest: [1, 0, 1],
    direction: [1, 0, 0],
    away: [-1, 0, 0],
  },
  {
    type: 'exp',
    v: [0, -1, -2],
    kind: 'segment',
    least: [0, 0, 0],
    largest: [1, 0, 0],
    direction: [1, 0, 0],
    away: [-1, 0, 0],
  },
  { type: 'exp', v: [-1, 0, 0], kind: 'interval', least: [1, 0, 0], largest: [1, 1, 1], away: [0, -root, root] },
  { type: 'exp', v: [0, 0, 1], kind: 'interval', least: [0, 0, 1], largest: [1, 1, 1], away: [-root, -root, 0] },
  { type: 'exp', v: [0, -1, 0], kind: 'interval', least: [0, 0, 0], largest: [1, 0, 1], away: [-root, 0, -root] },
  { type: 'exp', v: [0, 0, -1], kind: 'interval', least: [0, 0, 0], largest: [1, 1, 0], away: [-root, -root, 0] },
  { type: 'exp', v: [0, 0, 0], kind: 'interval', least: [0, 0, 0], largest: [1, 1, 1], away: [-root, -root, 0] },
  {
    type: 'exp',
    v: [0, 1, 1],
    kind: 'segment',
    largest: [1, 1, 1],
    direction: [1, 1, -1].map((e) => e / Math.sqrt(3)),
    away: [1, 1, -1].map((e) => -e / Math.sqrt(3)),
  },
  // v = ∇φ at r = 0, so that p = (0, 1, 1) is orthogonal to it.
  {
    type: 'exp',
    v: [1, 1, -1],
    kind: 'segment',
    least: [0, 0, 0],
    direction: [0, root, root],
    away: [0, -root, -root],
  },
  // The power cone: the edges of K, those of −K*, and what is between.
  ...[0.3, 0.5].flatMap((alpha): Place[] => [
    { type: 'pow', alpha, v: [1, 0, 0], kind: 'bounds', least: [1, 0, 0], largest: [1, 1, 1], away: [0, 1, 0] },
    { type: 'pow', alpha, v: [0, 1, 0], kind: 'bounds', least: [0, 1, 0], largest: [1, 1, 1], away: [1, 0, 0] },
    { type: 'pow', alpha, v: [-1, 0, 0], kind: 'bounds', least: [0, 0, 0], largest: [0, 1, 1], away: [0, -1, 0] },
    { type: 'pow', alpha, v: [0, -1, 0], kind: 'bounds', least: [0, 0, 0], largest: [1, 0, 1], away: [-1, 0, 0] },
    { type: 'pow', alpha, v: [1, -2, 0], kind: 'bounds', least: [1, 0, 0], largest: [1, 0, 1], away: [0, 0, 1] },
    { type: 'pow', alpha, v: [-1, 2, 0], kind: 'bounds', least: [0, 1, 0], largest: [0, 1, 1], away: [0, 0, -1] },
    { type: 'pow', alpha, v: [0, 0, 0], kind: 'interval', least: [0, 0, 0], largest: [1, 1, 1], away: [root, root, 0] },
  ]),
  {
    type: 'pow',
    alpha: 0.5,
    v: [1, 1, -1],
    kind: 'segment',
    largest: [1, 1, 1],
    direction: [-1, -1, -2].map((e) => e / Math.sqrt(6)),
    away: [1, 1, 2].map((e) => e / Math.sqrt(6)),
  },
  {
    type: 'pow',
    alpha: 0.5,
    v: [-1, -1, 2],
    kind: 'segment',
    least: [0, 0, 0],
    direction: [1, 1, 1].map((e) => e / Math.sqrt(3)),
    away: [-1, -1, -1].map((e) => e / Math.sqrt(3)),
  },
];
const NAMED = PLACES.map((place) => ({ ...place, name: `${place.type} ${place.alpha ?? ''} at (${place.v})` }));

const rowsOf = (type: ConeType, v: Vector): number => (type === 'psd' ? 2 : v.length);
const diagonal = (entries: Vector): number[][] =>
  entries.map((entry, i) => entries.map((_, j) => (i === j ? entry : 0)));
const parallel = (a: ArrayLike<number>, b: Vector): number =>
  Math.min(
    difference(a, b),
    difference(
      Array.from(a, (entry) => -entry),
      b,
    ),
  );

describe.each(NAMED)('$name', ({ type, alpha, v, kind, least, largest, direction, away }) => {
  const block = blockOf(type, rowsOf(type, v), alpha);
  const at = (w: ArrayLike<number>, tolerance: number) => projectOntoBlock(block, Float64Array.from(w), tolerance);
  const moved = (distance: number) => v.map((entry, i) => entry + distance * away[i]);
  const exact = at(v, 1e-14);

  test('there is one kink of its kind, with its bounds', () => {
    expect(exact.kinks.map((kink) => kink.kind)).toEqual([kind]);
    const [kink] = exact.kinks;
    expect(kink.distance).toBeLessThan(1e-15);
    if (type !== 'nonneg') expect([kink.row, kink.rows]).toEqual([0, v.length]);
    if (direction === undefined) expect(kink.direction).toBeUndefined();
    else expect(parallel(kink.direction ?? [], direction)).toBeLessThan(1e-15);
    if (least) expect(difference(elementWith(exact, 0).flat(), diagonal(least).flat())).toBeLessThan(1e-15);
    if (largest) expect(difference(elementWith(exact, 1).flat(), diagonal(largest).flat())).toBeLessThan(1e-15);
    if (direction && type !== 'nonneg') {
      const gap = combined([1, elementWith(exact, 1)], [-1, elementWith(exact, 0)]);
      const outer = direction.flatMap((a) => direction.map((b) => a * b));
      expect(difference(gap.flat(), outer)).toBeLessThan(1e-15);
    }
    const quarter = combined([0.75, elementWith(exact, 0)], [0.25, elementWith(exact, 1)]);
    expect(difference(elementWith(exact, 0.25).flat(), quarter.flat())).toBeLessThan(1e-15);
  });

  test('it is seen from a distance below the tolerance, and not from one above', () => {
    const distance = 1e-5;
    const [kink] = at(moved(distance), 1.01 * distance).kinks;
    expect(kink.kind).toBe(kind);
    expect(kink.distance).toBeGreaterThan(0.999 * distance);
    expect(kink.distance).toBeLessThan(1.001 * distance);
    // Away from a set of higher dimension there may be kinks of another kind, but none that is as near.
    for (const other of at(moved(distance), 0.7 * distance).kinks) expect(other.kind).not.toBe(kind);
  });

  test('every element near by is between J_min and J_max', () => {
    const slack = 1e-4;
    for (const step of vectorsOf(60, v.length, 3)) {
      const near = v.map((entry, i) => entry + (1e-7 * step[i]) / norm(step));
      const J = elementWith(at(near, 0), 0);
      const shifted = diagonal(v.map(() => slack));
      expect(leastPivot(combined([1, J], [-1, elementWith(exact, 0)], [1, shifted]))).toBeGreaterThan(0);
      expect(leastPivot(combined([1, elementWith(exact, 1)], [-1, J], [1, shifted]))).toBeGreaterThan(0);
    }
  });

  test('the dual cone mirrors it', () => {
    if (type !== 'exp' && type !== 'pow') return;
    const dual = projectOntoBlock(
      blockOf(`${type}dual`, 3, alpha),
      Float64Array.from(v, (entry) => -entry),
      1e-14,
    );
    expect(dual.kinks).toEqual(exact.kinks);
    for (const share of [0, 0.25, 1]) {
      const sum = combined([1, elementWith(dual, share)], [1, elementWith(exact, 1 - share)]);
      expect(difference(sum.flat(), diagonal([1, 1, 1]).flat())).toBeLessThan(1e-15);
    }
    expect(onesOf(dual)).toHaveLength(3 - Math.round(norm(elementWith(exact, 0).flat()) ** 2));
  });
});

test('both ends of the interval at an edge of the exponential cone are limits of elements', () => {
  const block = blockOf('exp', 3);
  const reached: readonly (readonly [Vector, Vector])[] = [
    [
      [-1, -1e-9, -1e-9],
      [1, 0, 0],
    ],
    [
      [-1, 1e-9, 1e-9],
      [1, 1, 1],
    ],
    [
      [-1e-9, -1, -1e-9],
      [1, 0, 0],
    ],
    [
      [-1e-9, -1, 1e-9],
      [1, 0, 1],
    ],
    [
      [1e-9, -1, -1e-9],
      [0, 0, 0],
    ],
    [
      [1e-9, -1, 1e-9],
      [0, 0, 1],
    ],
    [
      [-1e-9, 1e-9, 1],
      [1, 1, 1],
    ],
    [
      [-1e-9, -1e-9, -1],
      [1, 0, 0],
    ],
    [
      [1e-9, 1e-9, -1],
      [0, 0, 0],
    ],
  ];
  for (const [v, expected] of reached) {
    const J = elementWith(projectOntoBlock(block, Float64Array.from(v), 0), 0);
    expect(difference(J.flat(), diagonal(expected).flat())).toBeLessThan(1e-7);
  }
  // Where r → ±∞ they are reached only as fast as a logarithm: at (0, 0, z) to about 1/r.
  const slow = (v: Vector) => elementWith(projectOntoBlock(block, Float64Array.from(v), 0), 0);
  expect(difference(slow([1e-200, -1e-197, 1]).flat(), diagonal([0, 0, 1]).flat())).toBeLessThan(0.02);
  expect(difference(slow([-1e-200, 1e-203, -1]).flat(), diagonal([1, 1, 0]).flat())).toBeLessThan(0.02);
});

test('two boundaries within the tolerance count as the apex', () => {
  for (const [type, v, alpha] of [
    ['soc', [0, 1e-8, 0], undefined],
    ['exp', [2, 2 + Math.sqrt(6), Math.sqrt(6) - 2], undefined], // p and v − p are of the same size,
    ['pow', [0, 0, 1e-8], 0.5],
  ] as const) {
    const projection = projectOntoBlock(blockOf(type, 3, alpha), Float64Array.from(v), 0.85 * norm(v));
    expect(projection.kinks).toMatchObject([{ kind: 'interval', distance: norm(v) }]);
    expect(applied(projection, [1, 2, 3], 0.5)).toEqual(Float64Array.of(0.5, 1, 1.5));
  }
});

test('each row of an orthant is a kink of its own', () => {
  const projection = projectOntoBlock(blockOf('nonneg', 5), Float64Array.of(0, 1, 1e-9, -1, -1e-9), 1e-8);
  expect(projection.kinks.map(({ row, distance }) => [row, distance])).toEqual([
    [0, 0],
    [2, 1e-9],
    [4, 1e-9],
  ]);
  expect(projectOntoBlock(blockOf('nonneg', 2), Float64Array.of(0, 5e-324), 0).kinks).toHaveLength(1);
  const out = new Float64Array(5);
  projection.apply(Float64Array.of(1, 1, 1, 1, 1), out, [0.25, 0.5, 0.75]);
  expect(out).toEqual(Float64Array.of(0.25, 1, 0.5, 0, 0.75));
  expect(onesOf(projection).map(({ rows }) => rows[0])).toEqual([0, 1, 2, 4]);
  expect(supportOf(projection).map(({ rows }) => rows[0])).toEqual([1]);
});

test('the depth inside of the exponential cone or its polar is known to first order, however steep they are', () => {
  const depth = 1e-8;
  for (const r of [-20, -3, 0, 3, 20]) {
    const decay = Math.exp(-Math.abs(r));
    const ray = r > 0 ? [r * decay, decay, 1] : [r, 1, decay];
    const normal = r > 0 ? [1, 1 - r, -decay] : [decay, (1 - r) * decay, -1];
    for (const [point, outward] of [
      [ray, normal],
      [normal, ray],
    ]) {
      const v = point.map((entry, i) => entry - (depth * outward[i]) / norm(outward));
      const [kink] = projectOntoBlock(blockOf('exp', 3), Float64Array.from(v), 1.2 * depth).kinks;
      expect(kink.kind).toBe('segment');
      expect(kink.distance).toBeGreaterThan(0.99 * depth);
      expect(kink.distance).toBeLessThan(1.1 * depth);
    }
  }
});
