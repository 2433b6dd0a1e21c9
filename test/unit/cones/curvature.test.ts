/** What is determined where y, or x, is not unique and cones are curved: two discs that touch at the solution. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coneProgram } from '../../../src/implicit/cones/cone-program.ts';
import { type Engine, open } from '../../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

const DISCS = [
  { type: 'soc', dim: 3 },
  { type: 'soc', dim: 3 },
] as const;
/** ‖x‖ ≤ 1 and ‖x + (1, 0)‖ ≤ 2, which is implied by it, touch at (1, 0), the solution for c = (−1, 0). */
const A = [
  [0, 0],
  [-1, 0],
  [0, -1],
  [0, 0],
  [-1, 0],
  [0, -1],
];
const b = [1, 0, 0, 2, 1, 0];
const c = [-1, 0];
const ignore = { onFailedCertificate: 'ignore' } as const;

describe('multipliers of two discs, any shares of which are a solution', () => {
  test('what the shares weigh is refused: the true derivative is that of the smaller disc', async () => {
    const solution = coneProgram({ engine, A, b, c, cones: DISCS, ...ignore });
    const [certificate] = (await solution.certificate()).samples;
    expect(certificate).toMatchObject({ status: 'failed', test: 'rows' });
    const [gradients] = await solution.gradients({ x: [0, 1] });
    expect(gradients.determined).toEqual({ P: false, A: false, b: false, c: false });
    expect(gradients.c).toEqual(Float64Array.of(Number.NaN, Number.NaN));
    const [tangent] = await solution.tangents({ c: [0, 1] });
    expect(tangent.determined).toEqual({ x: false, y: false, s: false });
  });

  test('so it is where the discs are those of multipliers', async () => {
    const dual = {
      A: [...[0, 1].map((j) => A.map((row) => row[j])), ...A.map((_, i) => A.map((_, j) => (i === j ? -1 : 0)))],
      b: [1, 0, 0, 0, 0, 0, 0, 0],
    };
    const cones = [{ type: 'zero', dim: 2 }, ...DISCS] as const;
    const solution = coneProgram({ engine, ...dual, c: b, cones, ...ignore });
    const [certificate] = (await solution.certificate()).samples;
    expect(certificate).toMatchObject({ status: 'failed', test: 'primal' });
    const [gradients] = await solution.gradients({ y: [0, 1, 0, 0, 0, 0, 0, 0] });
    expect(gradients.determined).toEqual({ P: false, A: false, b: false, c: false });
  });
});

test('equalities that depend on one another do not move the curvature of a disc', async () => {
  // The circle of radius 1 about (0, 0, 0) in the plane x₂ = 0, which is given twice.
  const ball = [
    [0, 0, 0],
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, -1],
  ];
  const rows = [[0, 0, 1], [0, 0, 1], ...ball];
  const cones = [
    { type: 'zero', dim: 2 },
    { type: 'soc', dim: 4 },
  ] as const;
  const solution = coneProgram({ engine, A: rows, b: [0, 0, 1, 0, 0, 0], c: [-2, 0, 0], cones, ...ignore });
  const [gradients] = await solution.gradients({ x: [0, 1, 0] });
  expect(gradients.determined).toEqual({ P: true, A: false, b: false, c: true });
  // x = −c/‖c‖ in the plane.
  for (const [j, value] of [0, -0.5, 0].entries()) expect(gradients.c[j]).toBeCloseTo(value, 8);
});
