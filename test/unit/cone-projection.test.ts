/** Projections onto cones: the reference on every backend, and the public operation with its derivatives and kinks. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  type Cone,
  coneProjection,
  fixedPoint,
  jacobianVectorProduct,
  root,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { readCones } from '../../src/solvers/cones/cone.ts';
import { projectOntoCones } from '../../src/solvers/cones/projections/project.ts';
import { projectCones, projectConesDerivative } from '../../src/tensor/cones.ts';
import { REFERENCE } from '../support/cone-projections.ts';
import { createOracle, engineOn } from '../support/engines.ts';
import { gradientChecker } from '../support/gradients.ts';
import { normals } from '../support/numbers.ts';

type Vector = readonly number[];
const CASES = REFERENCE.sets.map((set, at): [string, (typeof REFERENCE.sets)[number], Cone[]] => {
  const { type, dim, alpha } = set;
  return [`${type} ${at}`, set, [alpha === undefined ? { type, dim } : { type, dim, alpha }]];
});

/** The largest difference, relative to the scale of each row. */
function difference(found: ArrayLike<number>, expected: readonly Vector[], scales: readonly Vector[]): number {
  const n = expected[0].length;
  return Math.max(
    ...expected.flatMap((row, at) => {
      const scale = Math.max(1, ...scales[at].map(Math.abs));
      return row.map((value, i) => Math.abs(found[at * n + i] - value) / scale);
    }),
  );
}

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

describe.each(BACKENDS)('%s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const [bound, near] = backend === 'cpu' ? [1e-12, 1e-12] : [1e-5, 1e-6];
  const onGPUJS = CASES.filter(([, { type }]) => type === 'nonneg' || type === 'soc');
  const cases = backend === 'gpujs' ? onGPUJS : CASES;

  test.each(cases)('values and derivatives of the reference: %s', async (_, { points }, cones) => {
    const engine = await opened();
    const rows = (name: 'v' | 'h'): Tensor =>
      engine.tensor(
        points.flatMap((point) => point[name]),
        [points.length, points[0].v.length],
      );
    const scales = points.map(({ v }) => v);
    const value = await coneProjection(rows('v'), cones).data();
    expect(
      difference(
        value,
        points.map(({ proj }) => proj),
        scales,
      ),
    ).toBeLessThan(bound);
    const derivatives = points.map(({ jvp }) => jvp);
    const [, tangent] = await jacobianVectorProduct((v: Tensor) => coneProjection(v, cones), [rows('v')], [rows('h')]);
    expect(difference(await tangent.data(), derivatives, scales)).toBeLessThan(bound);
    const [, [gradient]] = await valueAndGrad((v) => coneProjection(v, cones).mul(rows('h')).sum(), [rows('v')]);
    expect(difference(await gradient.data(), derivatives, scales)).toBeLessThan(bound);
  });

  if (backend !== 'gpujs') {
    test('where the formulas of exponential and power cones cancel or overflow', async () => {
      const engine = await opened();
      for (const { type, alpha, v, proj } of REFERENCE.hard) {
        const found = await coneProjection(engine.tensor(v), [{ type, dim: 3, alpha }]).data();
        const scale = Math.max(...v.map(Math.abs));
        for (const [index, value] of proj.entries())
          expect(Math.abs(found[index] - value), `${type} ${alpha} ${v}`).toBeLessThanOrEqual(bound * scale);
      }
    });
  }

  test.each(cases)('the least and the greatest element at kinks of the reference: %s', async (_, { kinks }, cones) => {
    const engine = await opened();
    const blocks = readCones('cones', cones);
    for (const { v, what, J_min, J_max } of kinks) {
      const n = v.length;
      const unit = Float32Array.from({ length: n * n }, (__, at) => Number(at % (n + 1) === 0));
      const points = engine.tensor(Array.from({ length: n }, () => v).flat(), [n, n]);
      for (const [q, element] of [
        [0, J_min],
        [1, J_max],
      ] as const) {
        const J = projectConesDerivative(points, engine.tensor(unit, [n, n]), engine.tensor([near]), blocks, q);
        expect(difference(await J.data(), element, element), `${what}, q = ${q}`).toBeLessThan(bound);
      }
    }
  });
});

const engine = createOracle();
afterAll(() => engine.close());

const MIXED: readonly Cone[] = [
  { type: 'zero', dim: 1 },
  { type: 'nonneg', dim: 2 },
  { type: 'soc', dim: 3 },
  { type: 'soc', dim: 3 },
  { type: 'psd', dim: 2 },
  { type: 'free', dim: 1 },
  { type: 'exp', dim: 3 },
  { type: 'expdual', dim: 3 },
  { type: 'pow', dim: 3, alpha: 0.3 },
  { type: 'powdual', dim: 3, alpha: 0.6 },
];

describe('products', () => {
  test('the host projects onto the same points, with the same derivatives', async () => {
    const blocks = readCones('cones', MIXED);
    for (let seed = 0; seed < 20; seed++) {
      const v = normals(25, seed);
      const h = normals(25, 100 + seed);
      const host = projectOntoCones(blocks, Float64Array.from(v), () => 1e-12);
      const x = engine.tensor(v, [1, 25]);
      expect(difference(await projectCones(x, blocks).data(), [[...host.value]], [v])).toBeLessThan(1e-12);
      const moved = new Float64Array(25);
      host.apply(Float64Array.from(h), moved, []);
      const J = projectConesDerivative(x, engine.tensor(h, [1, 25]), engine.tensor([1e-12]), blocks);
      expect(difference(await J.data(), [[...moved]], [v])).toBeLessThan(1e-10);
    }
  });

  test('gradients agree with differences in float64', async () => {
    const check = gradientChecker(engine);
    await check((v) => coneProjection(v, MIXED), [normals(50, 6)], [[2, 25]]);
  });

  test('a tensor of any rank, and one row', async () => {
    const v = normals(30, 9);
    const cones: Cone[] = [
      { type: 'soc', dim: 2 },
      { type: 'nonneg', dim: 3 },
    ];
    const whole = await coneProjection(engine.tensor(v, [3, 2, 5]), cones).data();
    for (let row = 0; row < 6; row++) {
      const part = await coneProjection(engine.tensor(v.slice(5 * row, 5 * row + 5)), cones).data();
      expect([...part]).toEqual([...whole.subarray(5 * row, 5 * row + 5)]);
    }
  });
});

describe('inside of equations', () => {
  const at = (v: Vector, cones: readonly Cone[], factor = 0.5) =>
    root((z, c) => z.sub(coneProjection(z.mul(factor).add(c), cones)), {
      unknown: engine.tensor(v.map(() => 0)),
      inputs: [engine.tensor(v)],
    });

  test('a second-order cone: its kink is counted, and every element is examined', async () => {
    // c is on the boundary of K, so that z = 2c and the argument is 2c.
    const z = at([5, 3, 4], [{ type: 'soc', dim: 3 }]);
    const certificate = await z.solve.certify();
    expect(certificate.samples[0].kinks).toBe(1);
    expect(certificate.status).toBe('certified');
  });

  test('away from kinks there is none', async () => {
    const z = at([0.5, 3, 4], [{ type: 'soc', dim: 3 }]);
    const certificate = await z.solve.certify();
    expect(certificate.samples[0].kinks).toBe(0);
    expect(certificate.status).toBe('certified');
  });

  test('nonnegative numbers at 0 count as kinks', async () => {
    const z = at([1, 0, -1], [{ type: 'nonneg', dim: 3 }]);
    const certificate = await z.solve.certify();
    expect(certificate.samples[0].kinks).toBe(1);
  });

  test.each([
    ['the apex of a second-order cone', [0, 0, 0], { type: 'soc', dim: 3 }],
    ['a semidefinite matrix', [1, 0, 0], { type: 'psd', dim: 2 }],
    ['the apex of an exponential cone', [0, 0, 0], { type: 'exp', dim: 3 }],
  ] as [string, Vector, Cone][])('%s: never certified by kinks that are not known', async (_, v, cone) => {
    // The slope 2 leaves no bound of norms that could decide.
    const z = fixedPoint((y, c) => coneProjection(y.mul(0).add(c), [cone]).mul(2).sub(y.mul(3)).add(y.mul(3)), {
      unknown: engine.tensor(v.map(() => 0)),
      inputs: [engine.tensor(v)],
    });
    expect((await z.solve.certify()).status).toBe('unknown');
  });

  test('a selection of relu reaches nonnegative and second-order cones', async () => {
    const cones: Cone[] = [
      { type: 'nonneg', dim: 1 },
      { type: 'soc', dim: 3 },
    ];
    const gradientWith = async (selection: number): Promise<number[]> => {
      const [, [gradient]] = await valueAndGrad(
        (v) =>
          coneProjection(v, cones, { selection })
            .mul(engine.tensor([1, 1, 0, 0]))
            .sum(),
        [engine.tensor([0, 5, 3, 4])],
      );
      return [...(await gradient.data())];
    };
    // J = I − (1 − q)bbᵀ with b = (1, −0.6, −0.8)/√2
    expect(await gradientWith(1)).toEqual([1, 1, 0, 0]);
    const half = await gradientWith(0.5);
    for (const [index, value] of [0.5, 0.75, 0.15, 0.2].entries()) expect(half[index]).toBeCloseTo(value, 12);
  });
});

describe('what is refused', () => {
  const v = engine.tensor(normals(6, 1), [2, 3]);

  test('shapes that do not fit, and no cones', () => {
    expect(() => coneProjection(v, [{ type: 'soc', dim: 4 }])).toThrow(
      'coneProjection: v has shape [2, 3]; the cones have 4 rows',
    );
    expect(() => coneProjection(v, [])).toThrow('coneProjection: cones');
    expect(() => coneProjection(v, [{ type: 'psd', dim: 33 }])).toThrow('coneProjection: cones[0].dim');
    const blocks = readCones('cones', [{ type: 'soc', dim: 3 }]);
    const one = engine.tensor([1]);
    expect(() => projectConesDerivative(v, one, one, blocks)).toThrow('projectConesDerivative: h has shape [1]');
    expect(() => projectConesDerivative(v, v, engine.tensor([1, 2, 3]), blocks)).toThrow('it must have 1 or 2 numbers');
  });

  test('cones that gpu.js does not have are named', async () => {
    const { engine: opened, close } = engineOn('gpujs');
    const gpujs = await opened();
    const run = async (): Promise<unknown> => coneProjection(gpujs.tensor([1, 2, 3]), [{ type: 'exp', dim: 3 }]).data();
    await expect(run()).rejects.toThrow('gpujs has no exp cones; webgpu, wasm and cpu have them');
    await close();
  });
});
