/**
 * Gradients of gradients of every smooth operation, compared with central differences, in reverse and in forward mode.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { jacobianVectorProduct, valueAndGrad } from '../../src/autodiff/gradient.ts';
import { gradientOf } from '../../src/autodiff/gradient-of.ts';
import { isKinked } from '../../src/autodiff/kinks.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { DIFFERENTIABLE, type DifferentiableCase } from '../support/differentiable.ts';
import { gradientChecker } from '../support/gradients.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const checkGradient = gradientChecker(engine);

/** Whether every operation of the case has a second derivative. */
function isSmooth({ f, arrays, shapes }: DifferentiableCase): boolean {
  const names = new Set<string>();
  class Listing extends Tape {
    override record(...of: Parameters<Tape['record']>): void {
      names.add(of[0]);
      super.record(...of);
    }
  }
  const tape = new Listing();
  f(...arrays.map((array, index) => tape.watch(engine.tensor(array, shapes[index]))));
  return ![...names].some((name) => isKinked(name) || name === 'custom');
}

/** f with the input at `place` first, squared so that no function is linear in the end. */
function inFront({ f }: DifferentiableCase, place: number): (...inputs: Tensor[]) => Tensor {
  return (first, ...others) => f(...others.slice(0, place), first, ...others.slice(place)).square();
}

describe('every smooth operation', () => {
  const smooth = Object.entries(DIFFERENTIABLE).filter(([, given]) => isSmooth(given));
  test('most operations are smooth', () => {
    expect(smooth.length).toBeGreaterThan(40);
  });
  for (const [name, given] of smooth) {
    test(`${name}: the gradient of a gradient, in each input`, async () => {
      for (const place of given.arrays.keys()) {
        const ordered = <Value>(values: readonly Value[]): Value[] => [
          values[place],
          ...values.slice(0, place),
          ...values.slice(place + 1),
        ];
        await checkGradient(gradientOf(inFront(given, place)), ordered(given.arrays), ordered(given.shapes));
      }
    });
  }
});

test('a third derivative: of x⁴ it is 24x', async () => {
  const third = gradientOf(gradientOf(gradientOf((x) => x.square().square())));
  expect(Array.from(await third(engine.tensor([-1, 0.5, 2])).data())).toEqual(
    [-24, 12, 48].map((y) => expect.closeTo(y, 9)),
  );
});

test('forward over reverse is the Hessian times a vector', async () => {
  const H = normals(9, 1);
  const v = engine.tensor([1, -2, 0.5], [1, 3]);
  const [, product] = await jacobianVectorProduct(
    gradientOf((x, A) => x.matmul(A).mul(x).sum()),
    [engine.tensor([0.3, 1, -1], [1, 3]), engine.tensor(H, [3, 3])],
    [v, engine.tensor(new Float64Array(9), [3, 3])],
  );
  const expected = [0, 1, 2].map((i) => [1, -2, 0.5].reduce((sum, x, j) => sum + (H[i * 3 + j] + H[j * 3 + i]) * x, 0));
  expect(relativeError(await product.data(), expected)).toBeLessThan(1e-13);
});

test('the other arguments are held fixed, also where they depend on the first', async () => {
  // ∂/∂x (xy) = y at y = x², whose derivative is 2x.
  const [value, [slope]] = await valueAndGrad(
    (x) => gradientOf((first, y) => first.mul(y))(x, x.square()).sum(),
    [engine.tensor([3])],
  );
  expect([value, (await slope.data())[0]]).toEqual([9, 6]);
});

test('an operation with kinks, and a solve, are refused', () => {
  const x = engine.tensor([1, 2], [1, 2]);
  expect(() => gradientOf((y) => y.relu().square())(x)).toThrow(
    'autodiff: the derivative of relu jumps, so that it cannot be differentiated again',
  );
  const W = engine.tensor([0, 0, 0, 0], [2, 2]);
  const layer = (y: Tensor): Tensor => monotoneFixedPoint(W, y, { activation: 'tanh', margin: 1 }).z;
  expect(() => gradientOf(layer)(x)).toThrow('autodiff: monotoneFixedPoint has no second derivative');
  // Where the function does not depend on the argument, it is no obstacle.
  expect(() => gradientOf((y, c) => y.mul(c.relu()))(x, x)).not.toThrow();
});

test('intermediate tensors are freed', async () => {
  const x = engine.tensor(normals(6, 1), [2, 3]);
  const before = engine.memory().buffers;
  await engine.tidy(async (scope) => {
    await gradientOf((y) => y.tanh().square().softmax().log())(scope.use(x)).data();
  });
  expect(engine.memory().buffers).toBe(before);
});
