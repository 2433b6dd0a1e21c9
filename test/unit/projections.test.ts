/** Projections onto the simplex, the l1 ball and boxes, on every backend. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import {
  type BackendName,
  boxProjection,
  fixedPoint,
  jacobianVectorProduct,
  l1BallProjection,
  simplexProjection,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { createOracle, engineOn } from '../support/engines.ts';
import { gradientChecker } from '../support/gradients.ts';
import { norm, normals } from '../support/numbers.ts';

type Vector = readonly number[];
interface Point {
  readonly v: Vector;
  readonly proj: Vector;
  readonly h: Vector;
  readonly jvp: Vector;
  readonly jacobian?: readonly Vector[];
}
interface Kink {
  readonly v: Vector;
  readonly proj: Vector;
  readonly one_sided: readonly { readonly h: Vector; readonly plus: Vector; readonly minus: Vector }[];
  readonly J_min: readonly Vector[];
  readonly J_max: readonly Vector[];
}
interface ReferenceSet {
  readonly radius?: number;
  readonly lower?: readonly (number | null)[];
  readonly upper?: readonly (number | null)[];
  readonly points: readonly Point[];
  readonly kinks: readonly Kink[];
}

const REFERENCE = JSON.parse(readFileSync(new URL('../fixtures/projections.json', import.meta.url), 'utf8')) as Record<
  'simplex' | 'box' | 'l1' | 'l1_tie',
  ReferenceSet[]
>;
const SETS = Object.entries(REFERENCE).flatMap(([kind, sets]) => sets.map((set) => ({ kind, ...set })));

type Projection = (v: Tensor, selection?: number) => Tensor;

/** The projection onto a reference set. */
function projectionOn(engine: Engine, { kind, radius = 1, lower = [], upper = [] }: (typeof SETS)[number]): Projection {
  const withSelection = (selection?: number) => (selection === undefined ? {} : { selection });
  if (kind === 'simplex') return (v, q) => simplexProjection(v, withSelection(q));
  if (kind !== 'box') return (v, q) => l1BallProjection(v, { radius, ...withSelection(q) });
  const bounds = (list: readonly (number | null)[], none: number): Tensor =>
    engine.tensor(list.map((bound) => bound ?? none));
  const [low, high] = [bounds(lower, -1e30), bounds(upper, 1e30)];
  return (v, q) => boxProjection(v, { low, high, ...withSelection(q) });
}

const unit = (n: number, at: number): number[] => Array.from({ length: n }, (_, index) => Number(index === at));
const times = (matrix: readonly Vector[], h: Vector): number[] =>
  matrix.map((row) => row.reduce((sum, entry, at) => sum + entry * h[at], 0));
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, at) => Math.abs(value - b[at])));

/** The Jacobian at v, row by row, by one pullback for all rows: v is repeated. */
async function jacobianAt(engine: Engine, f: Projection, v: Vector, selection?: number): Promise<number[][]> {
  const n = v.length;
  const weights = engine.tensor(Array.from({ length: n }, (_, at) => unit(n, at)).flat(), [n, n]);
  const repeated = engine.tensor(Array.from({ length: n }, () => v).flat(), [n, n]);
  const [, [gradient]] = await valueAndGrad((x) => f(x, selection).mul(weights).sum(), [repeated]);
  const gradients = Array.from(await gradient.data());
  return Array.from({ length: n }, (_, at) => gradients.slice(at * n, at * n + n));
}

/** By sorting, in float64: the greatest of (Σ of the k largest − R)/k. */
function thresholdBySorting(v: ArrayLike<number>, radius: number): number {
  const sorted = Array.from(v).sort((a, b) => b - a);
  let [sum, threshold] = [0, Number.NEGATIVE_INFINITY];
  for (const [at, value] of sorted.entries()) {
    sum += value;
    threshold = Math.max(threshold, (sum - radius) / (at + 1));
  }
  return threshold;
}

function projectBySorting(v: ArrayLike<number>, radius: number): number[] {
  const threshold = thresholdBySorting(v, radius);
  return Array.from(v, (value) => Math.max(value - threshold, 0));
}

function projectOntoBallBySorting(v: ArrayLike<number>, radius: number): number[] {
  const sizes = Array.from(v, Math.abs);
  if (sizes.reduce((sum, size) => sum + size, 0) <= radius) return Array.from(v);
  return projectBySorting(sizes, radius).map((size, at) => Math.sign(v[at]) * size);
}

/** Four rows of six numbers, farther from every kink than the steps of central differences reach. */
function rowsAwayFromKinks(seed: number, radius: number): number[] {
  const isFar = (row: Vector): boolean =>
    [row, row.map(Math.abs)].every((v) => {
      const threshold = thresholdBySorting(v, radius);
      return Math.abs(threshold) > 0.01 && v.every((value) => Math.abs(value - threshold) > 0.01);
    });
  const all = Array.from({ length: 40 }, (_, at) => normals(6, 100 * seed + at));
  return all.filter(isFar).slice(0, 4).flat();
}

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

describe.each(BACKENDS)('%s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const epsilon = backend === 'cpu' ? Number.EPSILON : 2 ** -23;

  test.each(SETS.map((set, at) => [`${set.kind} ${at}`, set] as const))(
    'values and derivatives of the reference: %s',
    async (_, set) => {
      const engine = await opened();
      const f = projectionOn(engine, set);
      const all = [...set.points, ...set.kinks];
      const n = all[0].v.length;
      const values = await f(
        engine.tensor(
          all.flatMap(({ v }) => v),
          [all.length, n],
        ),
      ).data();
      expect(
        distance(
          values,
          all.flatMap(({ proj }) => proj),
        ),
      ).toBeLessThan(32 * epsilon);
      if (set.points.length === 0) return;
      const rows = (of: (point: Point) => Vector): Tensor =>
        engine.tensor(set.points.flatMap(of), [set.points.length, n]);
      const [, tangent] = await jacobianVectorProduct((x: Tensor) => f(x), [rows(({ v }) => v)], [rows(({ h }) => h)]);
      expect(
        distance(
          await tangent.data(),
          set.points.flatMap(({ jvp }) => jvp),
        ),
      ).toBeLessThan(32 * epsilon + 1e-14);
      for (const { v, jacobian } of set.points) {
        if (!jacobian) continue;
        expect(distance((await jacobianAt(engine, f, v)).flat(), jacobian.flat())).toBeLessThan(8 * epsilon);
      }
    },
  );

  test('at kinks the selections 0 and 1 take the least and the greatest element, others lie between', async () => {
    const engine = await opened();
    for (const set of SETS) {
      const f = projectionOn(engine, set);
      for (const { v, J_min, J_max, one_sided } of set.kinks) {
        const [least, between, greatest] = await Promise.all([0, 0.3, 1].map((q) => jacobianAt(engine, f, v, q)));
        expect(distance(least.flat(), J_min.flat()), set.kind).toBeLessThan(16 * epsilon);
        expect(distance(greatest.flat(), J_max.flat()), set.kind).toBeLessThan(16 * epsilon);
        for (const { h, plus, minus } of one_sided) {
          const form = (matrix: readonly Vector[]): number =>
            times(matrix, h).reduce((sum, each, at) => sum + each * h[at], 0);
          const slack = 64 * epsilon;
          expect(form(between)).toBeGreaterThan(form(J_min) - slack);
          expect(form(between)).toBeLessThan(form(J_max) + slack);
          for (const side of [plus, minus]) {
            const along = side.reduce((sum, each, at) => sum + each * h[at], 0);
            expect(along).toBeGreaterThan(form(least) - slack);
            expect(along).toBeLessThan(form(greatest) + slack);
          }
        }
      }
    }
  });

  test('one-sided derivatives that are the least or the greatest element are reached by the selection', async () => {
    const engine = await opened();
    for (const { f, v, h, q, expected } of [
      // The tie rises above the threshold, or falls below it.
      { f: simplexProjection, v: [1, 0.5, 0.25], h: [0, 0, 3], q: 1, expected: [-1, -1, 2] },
      { f: simplexProjection, v: [1, 0.5, 0.25], h: [0, 0, -3], q: 0, expected: [0, 0, 0] },
      // Into the ball, and out of it.
      { f: l1BallProjection, v: [0.5, -0.5], h: [-1, 1], q: 1, expected: [-1, 1] },
      { f: l1BallProjection, v: [0.5, -0.5], h: [1, -1], q: 0, expected: [0, 0] },
    ]) {
      const [, tangent] = await jacobianVectorProduct(
        (x: Tensor) => f(x, { selection: q }),
        [engine.tensor(v)],
        [engine.tensor(h)],
      );
      expect(distance(await tangent.data(), expected)).toBeLessThan(16 * epsilon);
    }
  });

  test.each([1, 2, 17, 300, 4096])('rows of %i numbers against a reference that sorts', async (n) => {
    const engine = await opened();
    const rows = n > 1000 ? 2 : 5;
    for (const [radius, scale] of [
      [1, 1],
      [3, 0.01],
      [1, 100],
      [n / 4, 1],
    ]) {
      // The numbers of a test are those that float32 holds.
      const v = Float32Array.from(normals(rows * n, 7 + n, scale));
      const given = engine.tensor(v, [rows, n]);
      const [simplex, ball] = await Promise.all(
        [simplexProjection, l1BallProjection].map((f) => f(given, { radius }).data()),
      );
      for (let row = 0; row < rows; row++) {
        const part = (numbers: ArrayLike<number>): number[] => Array.from(numbers).slice(row * n, row * n + n);
        const expected = projectBySorting(part(v), radius);
        const bound = 16 * epsilon * radius * (1 + Math.sqrt(n));
        expect(distance(part(simplex), expected)).toBeLessThan(bound);
        expect(Math.min(...part(simplex))).toBeGreaterThanOrEqual(0);
        expect(Math.abs(part(simplex).reduce((a, b) => a + b) - radius)).toBeLessThan(bound);
        expect(distance(part(ball), projectOntoBallBySorting(part(v), radius))).toBeLessThan(bound);
        expect(part(ball).reduce((a, b) => a + Math.abs(b), 0)).toBeLessThan(radius + bound);
      }
    }
  });

  test('projections are nonexpansive, and those of their results are the same', async () => {
    const engine = await opened();
    const n = 40;
    const low = engine.tensor(normals(n, 1).map((x) => Math.min(x, 0)));
    const high = engine.tensor(normals(n, 2).map((x) => Math.max(x, 0)));
    for (const f of [simplexProjection, l1BallProjection, (v: Tensor) => boxProjection(v, { low, high })]) {
      const [a, b] = [3, 4].map((seed) => engine.tensor(normals(10 * n, seed), [10, n]));
      const [x, y] = [f(a), f(b)];
      const apart = await Promise.all([a.sub(b), x.sub(y)].map((t) => t.square().sum(1).data()));
      for (const [row, given] of apart[0].entries())
        expect(apart[1][row]).toBeLessThanOrEqual(given * (1 + 8 * epsilon));
      expect(distance(await f(x).data(), await x.data())).toBeLessThan(16 * epsilon);
    }
  });

  test('scales from 1e-30 to 1e30', async () => {
    const engine = await opened();
    const base = [0.5, -0.25, 0.75, 2, 1.5, -3];
    for (const scale of [2 ** -100, 2 ** -40, 2 ** 40, 2 ** 100]) {
      const v = engine.tensor(base.map((x) => x * scale));
      const radius = 2 * scale;
      const [simplex, ball, box] = await Promise.all([
        simplexProjection(v, { radius }).data(),
        l1BallProjection(v, { radius }).data(),
        boxProjection(v, { low: engine.tensor([-scale]), high: scale }).data(),
      ]);
      const shrunk = (numbers: ArrayLike<number>): number[] => Array.from(numbers, (x) => x / scale);
      expect(distance(shrunk(simplex), projectBySorting(base, 2))).toBeLessThan(32 * epsilon);
      expect(distance(shrunk(ball), projectOntoBallBySorting(base, 2))).toBeLessThan(32 * epsilon);
      expect(
        distance(
          shrunk(box),
          base.map((x) => Math.min(Math.max(x, -1), 1)),
        ),
      ).toBeLessThan(32 * epsilon);
      const [, [gradient]] = await valueAndGrad((x) => simplexProjection(x, { radius }).slice([3], [1]).sum(), [v]);
      // S = {3, 4}
      expect(distance(await gradient.data(), [0, 0, 0, 0.5, -0.5, 0])).toBeLessThan(16 * epsilon);
    }
  });

  test('numbers far below the others leave the kinks of a row alone', async () => {
    const engine = await opened();
    const half = await jacobianAt(engine, (x) => simplexProjection(x), [0.6, 0.5, -1e9, -0.9]);
    expect(distance(half.flat(), [0.5, -0.5, 0, 0, -0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toBeLessThan(
      16 * epsilon,
    );
    const low = engine.tensor([-1e25, 0, -1e25, -1e25]);
    const box = await jacobianAt(
      engine,
      (x) => boxProjection(x, { low, high: engine.tensor([1e25]) }),
      [0.5, -2, 0.25, 1],
    );
    expect(box.flat()).toEqual([...unit(4, 0), ...[0, 0, 0, 0], ...unit(4, 2), ...unit(4, 3)]);
  });

  test('solves with projections inside, and their gradients, as in float64', async () => {
    const [W, x, v] = [normals(36, 1, 0.15), normals(24, 2), normals(24, 3)];
    const solveOn = async (engine: Engine): Promise<number[]> => {
      const [low, cotangent] = [engine.tensor([-0.5, 0, -1e30, 0.1, 0, 0]), engine.tensor(v, [4, 6])];
      const [loss, gradients] = await valueAndGrad(
        (w, given) =>
          fixedPoint(
            (z, weights, start, bound) => {
              const moved = z.matmul(weights).add(start);
              const both = simplexProjection(moved).add(l1BallProjection(moved, { radius: 2 }));
              return boxProjection(both, { low: bound, high: 2 });
            },
            { unknown: cotangent.mul(0), inputs: [w, given, low], tolerance: 4 * epsilon },
          )
            .mul(cotangent)
            .sum(),
        [engine.tensor(W, [6, 6]), engine.tensor(x, [4, 6])],
      );
      return [loss, ...(await Promise.all(gradients.map(async (each) => Array.from(await each.data())))).flat()];
    };
    const oracle = createOracle();
    const [found, expected] = [await solveOn(await opened()), await solveOn(oracle)];
    await oracle.close();
    expect(distance(found, expected)).toBeLessThan(512 * epsilon);
    expect(norm(expected)).toBeGreaterThan(1);
  });

  test('NaN stays NaN, and does not reach other rows', async () => {
    const engine = await opened();
    const bad = engine.tensor([-1, 2, 1, 4, 1, 3], [3, 2]).log(); // NaN in row 0
    const low = engine.tensor([0, 0]);
    for (const f of [simplexProjection, l1BallProjection, (x: Tensor) => boxProjection(x, { low, high: 1 })]) {
      const values = Array.from(await f(bad).data());
      expect(values[0]).toBeNaN();
      expect(values.slice(2).every(Number.isFinite)).toBe(true);
    }
    expect(Array.from(await boxProjection(bad, { low: 0, high: 0 }).data())[0]).toBeNaN();
    const crossed = boxProjection(engine.tensor([1, 2, 3]), {
      low: engine.tensor([0, 2, 4]),
      high: engine.tensor([4, 1, 4]),
    });
    expect(Array.from(await crossed.data())).toEqual([1, Number.NaN, 4]);
  });

  test('fixed coordinates have no derivative, wherever v is, and their bound gets the gradient', async () => {
    const engine = await opened();
    const bounds = [1, -1e6, 0, 2];
    const [low, high] = [engine.tensor(bounds), engine.tensor([1, -1e6, 0, 5])];
    for (const selection of [0, 0.5, 1]) {
      const [, gradients] = await valueAndGrad(
        (...[v, l, h]) => boxProjection(v, { low: l, high: h, selection }).sum(),
        [engine.tensor([1, 3, -2, 3]), low, high],
      );
      const [ofV, ofLow, ofHigh] = await Promise.all(gradients.map(async (each) => Array.from(await each.data())));
      expect(ofV).toEqual([0, 0, 0, 1]);
      expect(ofLow).toEqual([0, 0, 0, 0]);
      expect(ofHigh).toEqual([1, 1, 1, 0]);
    }
  });
});

describe('on the oracle', () => {
  const { engine: opened, close } = engineOn('cpu');
  afterAll(close);

  test('gradients against central differences, in v, the radius and the bounds', async () => {
    const engine = await opened();
    const checkGradient = gradientChecker(engine);
    const weights = engine.tensor(normals(24, 9), [4, 6]);
    for (const f of [simplexProjection, l1BallProjection]) {
      await checkGradient(
        (v, radius) => f(v, { radius }).mul(weights),
        [rowsAwayFromKinks(1, 1.3), [1.3]],
        [[4, 6], [1]],
      );
      await checkGradient((v) => f(v.reshape([2, 2, 6]), { radius: 5 }).square(), [rowsAwayFromKinks(2, 5)], [[4, 6]]);
    }
    await checkGradient(
      (v, low, high) => boxProjection(v, { low: low.sub(1), high: high.add(1) }).mul(weights),
      [normals(24, 3), normals(6, 4), normals(24, 5).map(Math.abs)],
      [[4, 6], [6], [4, 6]],
    );
  });

  test('the derivative in the radius is 1/|S|', async () => {
    const engine = await opened();
    const radius = engine.tensor([1]);
    const [, [gradient]] = await valueAndGrad(
      (R) =>
        simplexProjection(engine.tensor([0.5, 0.25, -3]), { radius: R })
          .slice([0], [1])
          .sum(),
      [radius],
    );
    expect((await gradient.data())[0]).toBeCloseTo(0.5, 14);
  });

  test('number bounds are those of clip, and may be infinite', async () => {
    const engine = await opened();
    const v = engine.tensor([-2, 0.5, 3]);
    const values = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
    expect(await values(boxProjection(v))).toEqual([-2, 0.5, 3]);
    expect(await values(boxProjection(v, { low: 0 }))).toEqual([0, 0.5, 3]);
    expect(await values(boxProjection(v, { low: Number.NEGATIVE_INFINITY, high: 1 }))).toEqual([-2, 0.5, 1]);
    expect(await values(boxProjection(v, { low: 2, high: 2 }))).toEqual([2, 2, 2]);
    const infinite = engine.tensor([-1e30, -1, -1e30]);
    expect(await values(boxProjection(v, { low: infinite, high: 1e25 }))).toEqual([-2, 0.5, 3]);
    const tape = new Tape();
    const watched = tape.watch(engine.tensor([0, 1]));
    const [gradient] = tape.pullback(boxProjection(watched, { low: 0, high: 1, selection: 0.25 }).sum(), [watched]);
    expect(await values(gradient)).toEqual([0.25, 0.25]);
  });

  test('a gradient of a gradient is refused, as for every operation with kinks', async () => {
    const engine = await opened();
    const tape = new Tape();
    const v = tape.watch(engine.tensor([1, 2]));
    expect(() => tape.followedPullback(simplexProjection(v).square().sum(), [v])).toThrow(
      'simplexProjection has no second derivative',
    );
  });

  test('wrong arguments', async () => {
    const engine = await opened();
    const v = engine.tensor([1, 2]);
    for (const radius of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => simplexProjection(v, { radius })).toThrow(/simplexProjection: radius is .* must be .*> 0/);
    }
    expect(() => l1BallProjection(v, { radius: v })).toThrow('radius has shape [2]');
    expect(() => simplexProjection(engine.tensor([1], []))).toThrow('v is a scalar');
    expect(() => simplexProjection(v, { selection: 2 })).toThrow('selection');
    expect(() => boxProjection(v, { low: 2, high: 1 })).toThrow('low is 2 and high 1; low must be ≤ high');
    expect(() => boxProjection(v, { low: Number.NaN })).toThrow('boxProjection: low is NaN');
    expect(() => boxProjection(v, { high: engine.tensor([1, 2, 3]) })).toThrow('do not broadcast');
    expect(() => boxProjection(v, { high: engine.tensor([1, 2, 3, 4], [2, 2]) })).toThrow(
      'must broadcast to the shape',
    );
  });

  test('nothing is left behind', async () => {
    const engine = await opened();
    const v = engine.tensor(normals(12, 1), [2, 6]);
    const [low, radius] = [engine.tensor(normals(6, 2)), engine.tensor([2])];
    const before = engine.memory().buffers;
    for (const f of [
      (x: Tensor) => simplexProjection(x),
      (x: Tensor) => simplexProjection(x, { radius }),
      (x: Tensor) => l1BallProjection(x),
      (x: Tensor) => boxProjection(x, { low: 0, high: 0 }),
      (x: Tensor) => boxProjection(x, { low, high: 3 }),
    ]) {
      f(v).dispose();
      expect(engine.memory().buffers).toBe(before);
      const [, gradients] = await valueAndGrad((x) => f(x).sum(), [v]);
      for (const each of gradients) each.dispose();
      expect(engine.memory().buffers).toBe(before);
    }
  });
});
