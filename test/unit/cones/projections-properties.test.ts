/** What holds for the projection onto every closed convex cone, at every scale. */
import { describe, expect, test } from 'vitest';
import type { ConeBlock } from '../../../src/backends/cone-kernels.ts';
import { dualOf, readCones } from '../../../src/solvers/cones/cone.ts';
import { distancesToCones, projectOntoCones, projectValue } from '../../../src/solvers/cones/projections/project.ts';
import {
  applied,
  BLOCKS,
  blockOf,
  combined,
  dense,
  denseJacobian,
  difference,
  elementWith,
  identity,
  leastPivot,
  nameOf,
  onesOf,
  outerProducts,
  projectOntoBlock,
  REFERENCE,
  supportOf,
  vectorsOf,
} from '../../support/cone-projections.ts';
import { dot, norm } from '../../support/numbers.ts';

const projected = (block: ConeBlock, v: Float64Array): Float64Array => {
  const out = new Float64Array(v.length);
  projectValue([block], v, out);
  return out;
};
const minus = (v: ArrayLike<number>, w: ArrayLike<number>): Float64Array =>
  Float64Array.from(v, (entry, i) => entry - w[i]);
/** Vectors of one scale, and of entries of scales that differ by up to 16 decades. */
const samplesOf = ({ rows }: ConeBlock, seed: number): Float64Array[] => [
  ...vectorsOf(30, rows, seed),
  ...vectorsOf(30, rows, seed + 1, 2),
  ...vectorsOf(30, rows, seed + 2, 8),
];

describe.each(BLOCKS.map((block) => ({ name: nameOf(block), block })))('$name', ({ block }) => {
  const samples = samplesOf(block, 5);

  test('v = Π(v) − Π*(−v), orthogonal, and both stay where they are', () => {
    for (const v of samples) {
      const size = norm(v);
      const value = projected(block, v);
      const polar = projected(
        dualOf(block),
        v.map((entry) => -entry),
      );
      expect(difference(minus(value, polar), v)).toBeLessThan(2e-15 * size);
      expect(Math.abs(dot(value, polar))).toBeLessThan(4e-15 * size * size);
      expect(difference(projected(block, value), value)).toBeLessThan(4e-15 * size);
      expect(
        norm(
          projected(
            dualOf(block),
            value.map((entry) => -entry),
          ),
        ),
      ).toBeLessThan(4e-15 * size);
    }
  });

  test('it is firmly nonexpansive', () => {
    samples.forEach((v, index) => {
      const w = samples[(index + 1) % samples.length];
      const gap = minus(projected(block, v), projected(block, w));
      expect(dot(gap, gap)).toBeLessThan(dot(gap, minus(v, w)) + 1e-14 * (norm(v) + norm(w)) ** 2);
    });
  });

  test.each([2 ** -660, 2 ** -330, 2 ** 330, 2 ** 490])('it is homogeneous: times %d', (scale) => {
    for (const v of samples) {
      const scaled = v.map((entry) => scale * entry);
      const expected = projected(block, v);
      const value = projected(block, scaled).map((entry) => entry / scale);
      expect(difference(value, expected)).toBeLessThan(1e-15 * norm(v));
      const h = samples[0];
      const jacobian = projectOntoBlock(block, scaled, 0);
      expect(difference(applied(jacobian, h), applied(projectOntoBlock(block, v, 0), h))).toBeLessThan(1e-9 * norm(h));
    }
  });

  test('no finite vector, however small or large, gives a NaN', () => {
    const extremes = [0, 5e-324, 1e-310, 1e-200, 1, 1e150].flatMap((size) => [size, -size]);
    for (let seed = 0; seed < 300; seed += 1) {
      const v = vectorsOf(1, block.rows, seed)[0].map((entry) => extremes[Math.floor(1e6 * Math.abs(entry)) % 12]);
      const projection = projectOntoBlock(block, v, 0);
      expect([...projection.value, ...elementWith(projection, 0.5).flat()].some(Number.isNaN)).toBe(false);
      expect(norm(projection.value.map((entry) => entry / 1e150))).toBeLessThanOrEqual(
        1.000001 * norm(v.map((e) => e / 1e150)),
      );
    }
  });

  test('a NaN gives a NaN, and infinity does not hang', () => {
    for (let row = 0; row < block.rows; row += 1) {
      const v = samples[0].slice();
      v[row] = Number.NaN;
      expect(projectOntoBlock(block, v, 1e-9).value.some(Number.isNaN)).toBe(true);
      v[row] = Number.POSITIVE_INFINITY;
      expect(projectOntoBlock(block, v, 1e-9).value).toHaveLength(block.rows);
    }
  });

  test('the derivative is that of differences, symmetric, and 0 ⪯ J² ⪯ J', () => {
    const directions = vectorsOf(samples.length, block.rows, 8);
    samples.slice(0, 30).forEach((v, index) => {
      const projection = projectOntoBlock(block, v, 0);
      expect(projection.kinks).toEqual([]);
      const h = directions[index];
      const step = 1e-6;
      const ahead = projected(
        block,
        v.map((entry, i) => entry + step * h[i]),
      );
      const behind = projected(
        block,
        v.map((entry, i) => entry - step * h[i]),
      );
      const quotient = minus(ahead, behind).map((entry) => entry / (2 * step));
      expect(difference(applied(projection, h), quotient)).toBeLessThan(1e-6);
    });
    samples.forEach((v, index) => {
      const projection = projectOntoBlock(block, v, 0);
      const [h, g] = [directions[index], directions[(index + 1) % samples.length]];
      const image = applied(projection, h);
      expect(Math.abs(dot(g, image) - dot(h, applied(projection, g)))).toBeLessThan(1e-14 * norm(g) * norm(h));
      expect(dot(image, image)).toBeLessThan(dot(h, image) + 1e-14 * dot(h, h));
      expect(applied(projection, v)).toSatisfy((Jv: Float64Array) => difference(Jv, projection.value) < 1e-9 * norm(v));
    });
  });

  test('in place it gives the same, for the value and for the derivative', () => {
    for (const v of samples) {
      const place = v.slice();
      projectValue([block], place, place);
      expect(place).toEqual(projected(block, v));
      const projection = projectOntoBlock(block, v, 0.5);
      expect(projection.value).toEqual(place);
      const shares = Float64Array.from(projection.kinks, (_, i) => (i + 0.5) / projection.kinks.length);
      const expected = new Float64Array(v.length);
      const h = v.map((_, i) => Math.sin(i + 1));
      projection.apply(h, expected, shares);
      projection.apply(h, h, shares);
      expect(h).toEqual(expected);
    }
  });

  test('ones and support are orthonormal bases of ker(I − J_max) and of the range of J_min', () => {
    for (const v of samples.slice(0, 30)) expectBases(block, v, 0);
    for (const v of samples.slice(0, 30)) expectBases(block, v, 0.5);
    expectBases(block, new Float64Array(block.rows), 0);
  });
});

function expectBases(block: ConeBlock, v: Float64Array, tolerance: number): void {
  const projection = projectOntoBlock(block, v, tolerance);
  const m = block.rows;
  const [least, largest] = [elementWith(projection, 0), elementWith(projection, 1)];
  const ones = onesOf(projection).map((vector) => dense(vector, m));
  const support = supportOf(projection).map((vector) => dense(vector, m));
  for (const basis of [ones, support]) {
    const gram = basis.map((a) => basis.map((b) => dot(a, b)));
    expect(difference(gram.flat(), identity(basis.length).flat())).toBeLessThan(1e-13);
  }
  for (const w of ones) expect(difference(applied(projection, w, 1), w)).toBeLessThan(1e-13);
  // ker(I − J_max) is no larger: I − J_max is positive definite on the complement.
  const spanOfOnes = outerProducts(ones, m);
  expect(leastPivot(combined([1, identity(m)], [-1, largest], [1, spanOfOnes]))).toBeGreaterThan(1e-9);
  // The range of J_min is in the span of `support`, and J_min is positive definite on it.
  const spanOfSupport = outerProducts(support, m);
  const rest = combined([1, identity(m)], [-1, spanOfSupport]);
  for (const row of rest) expect(norm(applied(projection, row, 0))).toBeLessThan(1e-13);
  expect(leastPivot(combined([1, least], [1, rest]))).toBeGreaterThan(1e-13);
}

test.each(['nonneg', 'soc', 'psd'] as const)('%s is its own dual', (type) => {
  expect(dualOf(blockOf(type, 3)).type).toBe(type);
});

describe('a product', () => {
  const cones = BLOCKS.map(({ type, dim, alpha }) => (Number.isNaN(alpha) ? { type, dim } : { type, dim, alpha }));
  const blocks = readCones('cones', cones);
  const m = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const [v, h] = vectorsOf(2, m, 77);
  const tolerances = blocks.map((_, index) => (index % 2 === 0 ? 0.8 : 0.3));
  const product = projectOntoCones(blocks, v, (index) => tolerances[index]);
  const parts = blocks.map((block, index) =>
    projectOntoBlock(block, v.slice(block.start, block.start + block.rows), tolerances[index]),
  );

  test('is made of its blocks: values, kinks in absolute rows, one share for each', () => {
    expect(Array.from(product.value)).toEqual(parts.flatMap(({ value }) => Array.from(value)));
    const kinks = parts.flatMap((part, index) =>
      part.kinks.map((kink) => ({ ...kink, row: kink.row + blocks[index].start })),
    );
    expect(kinks.length).toBeGreaterThan(8);
    expect(product.kinks).toEqual(kinks);
    const shares = kinks.map((_, index) => (index + 1) / (kinks.length + 1));
    const image = new Float64Array(m);
    product.apply(h, image, shares);
    let first = 0;
    parts.forEach((part, index) => {
      const { start, rows } = blocks[index];
      const local = new Float64Array(rows);
      part.apply(h.slice(start, start + rows), local, shares.slice(first, first + part.kinks.length));
      first += part.kinks.length;
      expect(image.slice(start, start + rows)).toEqual(local);
    });
  });

  test('has the bases of its blocks, and the distances to them', () => {
    for (const basisOf of [onesOf, supportOf]) {
      const expected = parts.flatMap((part, index) =>
        basisOf(part).map(({ rows, values }) => ({ rows: rows.map((row) => row + blocks[index].start), values })),
      );
      expect(basisOf(product)).toEqual(expected);
    }
    const distances = distancesToCones(blocks, v);
    blocks.forEach(({ start, rows }, index) => {
      const part = v.slice(start, start + rows);
      expect(distances[index]).toBeCloseTo(norm(minus(part, parts[index].value)), 14);
    });
  });
});

test('the largest semidefinite cone: repeated, graded and random spectra', () => {
  const block = blockOf('psd', 32);
  for (const v of [...vectorsOf(2, block.rows, 3), ...vectorsOf(2, block.rows, 4, 6)]) {
    const value = projected(block, v);
    const polar = projected(
      block,
      v.map((entry) => -entry),
    );
    expect(difference(minus(value, polar), v)).toBeLessThan(1e-14 * norm(v));
    expect(Math.abs(dot(value, polar))).toBeLessThan(1e-14 * dot(v, v));
    expect(difference(projected(block, value), value)).toBeLessThan(1e-14 * norm(v));
  }
  const flat = new Float64Array(block.rows).fill(1);
  const projection = projectOntoBlock(block, flat, 1e-9);
  // (1 − 1/√2)I + (1/√2)11ᵀ is positive definite, with an eigenvalue of multiplicity 31.
  expect(difference(projection.value, flat)).toBe(0);
  expect(difference(denseJacobian(projection, []).flat(), identity(block.rows).flat())).toBe(0);
});

test('a semidefinite matrix stays exactly what it is, and a negative one becomes exactly 0', () => {
  const block = blockOf('psd', 2);
  for (const scale of [1, 1e-310, 1e300]) {
    const v = Float64Array.of(3 * scale, scale / 7, scale / 3);
    expect(projected(block, v)).toEqual(v);
    expect(
      projected(
        block,
        v.map((entry) => -entry),
      ),
    ).toEqual(new Float64Array(3));
  }
});

test('the exponential cone: roots beyond 1e100, and a projection that is on its ray to relative accuracy', () => {
  const block = blockOf('exp', 3);
  const at = (...v: number[]): Float64Array => projected(block, Float64Array.from(v));
  expect(difference(at(-1, 1e-200, -1), [-1, 0, 0])).toBeLessThan(1e-15);
  expect(difference(at(1e-200, -1, 1), [0, 0, 1])).toBeLessThan(1e-15);
  const cases = REFERENCE.hard.filter(
    ({ type, v, proj }) => type === 'exp' && v[2] > 0 && proj[0] > 4 * proj[1] && proj[0] < 50 * proj[1],
  );
  expect(cases.length).toBeGreaterThan(10);
  for (const { v, proj } of cases) {
    // y = z·e^{−r}, so that an error of r by some of its units in the last place is one of y by r times as much.
    expect(Math.abs(at(...v)[1] / proj[1] - 1)).toBeLessThan(1e-14 * (proj[0] / proj[1]));
  }
});
