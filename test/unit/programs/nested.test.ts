/** A quadratic program inside a function whose fixed point is differentiated. */
import { afterAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../../src/autodiff/gradient.ts';
import { Tape } from '../../../src/autodiff/tape.ts';
import { unfold } from '../../../src/implicit/unfold.ts';
import { fixedPoint, linearProgram, quadraticProgram } from '../../../src/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { createOracle, zerosOn } from '../../support/engines.ts';
import { centralDifferences, gradientError, normals } from '../../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());
const t = (values: readonly number[], shape?: readonly number[]): Tensor => engine.tensor(values, shape);
const zeros = zerosOn(engine);
const TIGHT = { absoluteTolerance: 1e-13, relativeTolerance: 1e-13 };

/** The numbers of the equation of a solve. */
async function residualOf(solve: (q: Tensor) => { readonly x: Tensor }, q: Tensor): Promise<ArrayLike<number>> {
  const tape = new Tape();
  const watched = tape.watch(q);
  const { x } = solve(watched);
  await x.data();
  const { solutions, opaque } = unfold(tape, [watched]);
  expect(opaque).toEqual([]);
  const numbers = await solutions[0].residual.data();
  tape.dispose();
  return numbers;
}

const rows = (...given: readonly (readonly number[])[]) => given;
const A = rows([1, 0], [0, 1], [1, 1], [1, -1]);
const P = rows([2, 0.5], [0.5, 1]);

describe('the equation holds at solutions', () => {
  const bounds = { l: [-1, null, 0.25, null], u: [1, 0.5, 0.25, null] };
  const perSample = <Value>(value: Value): Value[] => [value, value, value];
  test.each<[string, (q: Tensor) => { readonly x: Tensor }]>([
    ['arrays', (q) => quadraticProgram({ P, A, ...bounds, q, ...TIGHT })],
    [
      'arrays of each sample',
      (q) => quadraticProgram({ P: perSample(P), A: perSample(A), l: perSample(bounds.l), u: bounds.u, q, ...TIGHT }),
    ],
    [
      'tensors',
      (q) =>
        quadraticProgram({
          P: t(P.flat(), [2, 2]),
          A: t(A.flat(), [4, 2]),
          l: t([-1, -1e20, 0.25, -1e21]),
          u: t([1, 0.5, 0.25, 1e25]),
          q,
          ...TIGHT,
        }),
    ],
    ['no constraints', (q) => quadraticProgram({ P, q })],
    ['a linear program', (q) => linearProgram({ A, l: [-1, -1, -1, null], u: [1, 1, null, 0.5], q, ...TIGHT })],
  ])('%s', async (_, solve) => {
    const numbers = await residualOf(solve, t(normals(6, 3, 2), [3, 2]));
    for (const value of Array.from(numbers)) expect(Math.abs(value)).toBeLessThan(1e-11);
  });
});

/** z = x(Bz + c): a program whose linear term depends on the unknown. */
const step = (z: Tensor, c: Tensor, B: Tensor): Tensor =>
  quadraticProgram({ P, A, l: [-1, null, null, null], u: [1, 0.5, 0.8, null], q: z.matmul(B).add(c), ...TIGHT }).x;
const B = [0.3, -0.2, 0.1, 0.25];

test('the gradient of a fixed point agrees with differences', async () => {
  const solveFor = (c: Tensor, b: Tensor): Tensor =>
    fixedPoint(step, { unknown: zeros(3, 2), inputs: [c, b], tolerance: 1e-13, backwardTolerance: 1e-12 });
  const weights = t(normals(6, 8), [3, 2]);
  const lossOf = (c: Tensor, b: Tensor): Tensor => solveFor(c, b).mul(weights).sum();
  const arrays = [[-3, 1, 0.5, -2, 0.2, 0.1], B];
  const shapes = [
    [3, 2],
    [2, 2],
  ];
  const make = (values: readonly number[][]): [Tensor, Tensor] => [t(values[0], shapes[0]), t(values[1], shapes[1])];
  const [, gradients] = await valueAndGrad(lossOf, make(arrays));
  const lossAt = async (values: number[][]): Promise<number> => (await lossOf(...make(values)).data())[0];
  for (const [index, gradient] of gradients.entries()) {
    const differences = await centralDifferences(lossAt, arrays, index);
    expect(gradientError(await gradient.data(), differences)).toBeLessThan(1e-7);
  }
});

/** x = clip(−q, 0, 1): the program in one variable, whose slope at q = 0 is any number from −1 to 0. */
const clip = (q: Tensor): Tensor => quadraticProgram({ P: [[1]], A: [[1]], l: [0], u: [1], q }).x;
const outer = (f: (z: Tensor) => Tensor) =>
  fixedPoint(f, { unknown: zeros(1, 1), inputs: [], solver: 'given', tolerance: 1 }).solve.certify();

test('a fixed point through a kink of a program is certified by all its slopes', async () => {
  const small = await outer((z) => clip(z.neg()).mul(0.9));
  expect(small).toMatchObject({ status: 'certified' });
  expect(small.kinks).toHaveLength(1);
  expect((await outer((z) => clip(z.neg()).mul(1.1))).status).toBe('failed');
  const away = await outer((z) => clip(z.neg().sub(0.5)).mul(0.9).sub(0.45));
  expect(away).toMatchObject({ status: 'certified', kinks: [] });
});

test('an equality has no kink, even with a multiplier of 0', async () => {
  const fixed = (q: Tensor): Tensor => quadraticProgram({ P: [[1]], A: [[1]], l: [0], u: [0], q }).x;
  expect(await outer((z) => fixed(z).mul(5))).toMatchObject({ status: 'certified', kinks: [] });
});

test('bounds that are none are no kinks, whatever the other numbers are', async () => {
  const free = (q: Tensor): Tensor => quadraticProgram({ P: [[1]], A: [[1]], l: t([-1e20]), u: t([1e30]), q }).x;
  expect(await outer((z) => free(z).mul(0.5))).toMatchObject({ status: 'certified', kinks: [] });
});
