/** Projections onto spheres and balls: the reference on every backend, the kink on the sphere, and rows far and near. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  ballProjection,
  type Engine,
  fixedPoint,
  open,
  root,
  sphereProjection,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { DECLARATIVE } from '../fixtures/load-declarative.ts';
import { adjointError, largestDifference } from '../support/declarative.ts';
import { engineOn } from '../support/engines.ts';
import { normals } from '../support/numbers.ts';

const { points, kinks } = DECLARATIVE.projections;
const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];
const projectOnto = { sphere: sphereProjection, ball: ballProjection };

describe.each(BACKENDS)('the reference on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const [value, gradient] = backend === 'cpu' ? [1e-12, 1e-12] : [1e-5, 1e-5];

  test.each(points.map((point, at) => [`${point.set} ${at}`, point] as const))('%s', async (_, point) => {
    const engine = await opened();
    const [x, v] = [engine.tensor(point.x), engine.tensor(point.v)];
    const radius = engine.tensor([point.radius]);
    const project = projectOnto[point.set];
    for (const given of [radius, point.radius]) {
      expect(largestDifference(await project(x, { radius: given }).data(), point.y)).toBeLessThan(value);
    }
    const [, [inX, inRadius]] = await valueAndGrad((a, r) => project(a, { radius: r }).mul(v).sum(), [x, radius]);
    expect(largestDifference(await inX.data(), point.grad_x)).toBeLessThan(gradient);
    expect(largestDifference(await inRadius.data(), [point.grad_radius])).toBeLessThan(gradient);
  });

  test.each([1e-30, 1e30])('the gradient of a row of the size %s, whose square is beyond float32', async (size) => {
    const engine = await opened();
    const x = engine.tensor([3 * size, 4 * size]);
    const v = engine.tensor([1, 2]);
    for (const project of Object.values(projectOnto)) {
      const [, [inX, inRadius]] = await valueAndGrad(
        (a, r) => project(a, { radius: r }).mul(v).sum(),
        [x, engine.tensor([size / 1e5])],
      );
      // (R/‖x‖)(I − hhᵀ)v and hᵀv, with h = (0.6, 0.8)
      expect(
        largestDifference(
          [...(await inX.data())].map((each) => each * 1e7),
          [-6.4, 4.8],
        ),
      ).toBeLessThan(1e-4);
      expect(largestDifference(await inRadius.data(), [2.2])).toBeLessThan(gradient);
    }
  });

  test('on the sphere of the ball, one selection gives both derivatives', async () => {
    const engine = await opened();
    const kink = kinks.find(({ elements }) => elements);
    if (!kink?.elements) throw new Error('the reference has such a case');
    const v = engine.tensor(kink.v);
    for (const { q, grad_x: inX, grad_radius: inRadius } of kink.elements) {
      // Its q is 1 outside, where the element is the least.
      const [, gradients] = await valueAndGrad(
        (x, radius) =>
          ballProjection(x, { radius, selection: 1 - q })
            .mul(v)
            .sum(),
        [engine.tensor(kink.x), engine.tensor([kink.radius])],
      );
      expect(largestDifference(await gradients[0].data(), inX)).toBeLessThan(gradient);
      expect(largestDifference(await gradients[1].data(), [inRadius])).toBeLessThan(gradient);
    }
  });
});

describe('on the oracle', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  test('rows inside, at 0, outside, far outside and tiny', async () => {
    const rows = [
      [0, 0],
      [0.3, -0.4],
      [3, 4],
      [3e200, 4e200],
      [3e-200, 4e-200],
    ];
    const v = engine.tensor(rows.flat(), [5, 2]);
    const ball = await ballProjection(v).data();
    expect(largestDifference(ball, [0, 0, 0.3, -0.4, 0.6, 0.8, 0.6, 0.8, 3e-200, 4e-200])).toBeLessThan(1e-15);
    const sphere = await sphereProjection(v).data();
    expect([...sphere.subarray(0, 2)]).toEqual([Number.NaN, Number.NaN]);
    expect(largestDifference(sphere.subarray(2), [0.6, -0.8, 0.6, 0.8, 0.6, 0.8, 0.6, 0.8])).toBeLessThan(1e-15);
    const [, [inBall]] = await valueAndGrad((given) => ballProjection(given).sum(), [v]);
    expect(largestDifference((await inBall.data()).subarray(0, 4), [1, 1, 1, 1])).toBeLessThan(1e-15);
  });

  test('tangents are the adjoints of gradients', async () => {
    const v = engine.tensor(normals(24, 1), [2, 3, 4]);
    const radius = engine.tensor([1.3]);
    for (const project of [sphereProjection, ballProjection]) {
      expect(await adjointError((given, r) => project(given, { radius: r }), [v, radius])).toBeLessThan(1e-12);
    }
  });

  test('inside of a function that is solved, the sphere of the ball is a kink, and 0 of the sphere no certificate', async () => {
    const x = engine.tensor([0.9, 0, 1.2], [1, 3]);
    const unknown = engine.tensor([0, 0, 0], [1, 3]);
    const f = (z: Tensor, v: Tensor): Tensor => ballProjection(z.mul(0.5).add(v.mul(0.5)), { radius: 1.5 });
    const z = fixedPoint(f, { unknown, inputs: [x], tolerance: 1e-12 });
    expect(largestDifference(await z.data(), [0.9, 0, 1.2])).toBeLessThan(1e-10);
    const { status, kinks: found } = await z.solve.certify();
    expect(status).toBe('certified');
    expect(found.map(({ operation }) => operation)).toEqual(['minimum']);
    const zero = root((y, v) => sphereProjection(y).sub(v), {
      unknown,
      inputs: [x],
      solver: 'given',
      onFailure: 'report',
    });
    expect((await zero.solve.certify()).status).toBe('unknown');
  });

  test('radii that are not allowed are named', () => {
    const v = engine.tensor([1, 2]);
    expect(() => ballProjection(v, { radius: 0 })).toThrow(/ballProjection: radius is 0/);
    expect(() => sphereProjection(v, { radius: engine.tensor([1, 2]) })).toThrow(/sphereProjection: radius has shape/);
    expect(() => sphereProjection(v, { selection: 1 } as never)).toThrow(/no option "selection"/);
  });
});
