/** Kinks and derivatives do not depend on units, and what a solver leaves of 0 is 0. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coneProgram } from '../../../src/implicit/cones/cone-program.ts';
import { type Cone, type Engine, open, valueAndGrad } from '../../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

const diagonal = (order: number, value: number): number[][] =>
  Array.from({ length: order }, (_, i) => Array.from({ length: order }, (_, j) => (i === j ? value : 0)));

describe.each([
  ['objective', 1e-9, 1],
  ['objective', 1e9, 1],
  ['rows', 1, 1e8],
  ['rows', 1, 1e-4],
] as const)('%s of other units: %d, %d', (_, cost, unit) => {
  test.each([
    [{ type: 'soc', dim: 3 }, [-1, 2, 0]],
    [{ type: 'psd', dim: 2 }, [-1, 2, 0.5]],
    [{ type: 'exp', dim: 3 }, [1, -1, -1]],
    [{ type: 'pow', dim: 3, alpha: 0.3 }, [-1, -1, -3]],
  ] as const)('the projection onto $type', async (cone: Cone, point) => {
    const derivatives = async (objective: number, row: number) => {
      const solution = coneProgram({
        engine,
        P: diagonal(3, objective),
        A: diagonal(3, -row),
        b: [0, 0, 0],
        c: point.map((value) => value * objective),
        cones: [cone],
      });
      const [{ status, kinks }] = (await solution.certificate()).samples;
      const [{ b, c }] = await solution.gradients({ x: [1, 2, 3] });
      return { status, kinks, b: b.map((value) => value * row), c: c.map((value) => value * objective) };
    };
    const [usual, scaled] = [await derivatives(1, 1), await derivatives(cost, unit)];
    expect(scaled).toMatchObject({ status: 'certified', kinks: 0 });
    for (const name of ['b', 'c'] as const) {
      for (const [j, value] of usual[name].entries()) expect(scaled[name][j]).toBeCloseTo(value, 5);
    }
  });
});

describe('where the solution is 0 and the solver leaves 1e-21 or 1e-50 of it', () => {
  test.each([
    ['no linear part', [0, 0], 2],
    ['one row that is away', [0, 1], 1],
  ] as const)('%s: the rows at 0 are at their kinks', async (_, b, kinks) => {
    const solution = coneProgram({
      engine,
      P: diagonal(2, 1),
      A: diagonal(2, 1),
      b,
      c: [0, 0],
      cones: [{ type: 'nonneg', dim: 2 }],
    });
    const { samples } = await solution.certificate();
    expect(samples[0]).toMatchObject({ status: 'certified', kinks });
  });

  test('the apex of a cone beside a row that is away', async () => {
    const solution = coneProgram({
      engine,
      P: diagonal(3, 1),
      A: [...diagonal(3, -1), [1, 1, 1]],
      b: [0, 0, 0, 5],
      c: [0, 0, 0],
      cones: [
        { type: 'soc', dim: 3 },
        { type: 'nonneg', dim: 1 },
      ],
    });
    expect((await solution.certificate()).samples[0]).toMatchObject({ status: 'certified', kinkRows: [0] });
  });

  test('three rows through one point are dependent', async () => {
    const A = [
      [1, 2],
      [3, -1],
      [1, 1],
    ];
    const cones = [{ type: 'nonneg', dim: 3 }] as const;
    const P = [
      [2, 1],
      [1, 3],
    ];
    const solution = coneProgram({ engine, P, A, b: [0, 0, 0], c: [0, 0], cones });
    expect((await solution.certificate()).samples[0]).toMatchObject({ status: 'failed', test: 'rows' });
  });
});

describe('on the device', () => {
  const solve = async (solver: 'interior-point' | 'splitting', cost: number, unit: number, points: number[], q = 0) => {
    const c = engine.tensor(
      points.map((value) => value * cost),
      [points.length / 3, 3],
    );
    const weights = engine.tensor([1, 2, 3], [1, 3]);
    const [, [gradient]] = await valueAndGrad(
      (linear) => {
        const { x } = coneProgram({
          P: diagonal(3, cost),
          A: diagonal(3, -unit),
          b: [0, 0, 0],
          c: linear,
          cones: [{ type: 'soc', dim: 3 }],
          solver,
          selection: q,
          onFailedCertificate: 'ignore',
        });
        return x.mul(weights).sum();
      },
      [c],
    );
    return Array.from(await gradient.data(), (value) => value * cost);
  };

  test.each([
    [1e-9, 1],
    [1e9, 1],
    [1, 1e8],
    [1, 1e-8],
  ])('the objective times %d, the rows times %d', async (cost, unit) => {
    const points = [-1, 2, 0, 0.5, -1, 2];
    const usual = await solve('interior-point', 1, 1, points);
    const scaled = await solve('splitting', cost, unit, points);
    for (const [j, value] of usual.entries()) expect(scaled[j]).toBeCloseTo(value, 6);
  });

  test.each([0.25, 1])('at a kink, the element %d is the one of the host in units of 10', async (q) => {
    const points = [-2, 0, 2, -3, 3, 0]; // both on the boundary
    const usual = await solve('interior-point', 1, 10, points, q);
    const split = await solve('splitting', 1, 10, points, q);
    for (const [j, value] of usual.entries()) expect(split[j]).toBeCloseTo(value, 6);
  });
});
