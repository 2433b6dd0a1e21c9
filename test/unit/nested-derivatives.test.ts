/**
 * Derivatives around derivatives: right where they are supported, an error that names the reason elsewhere, never a
 * silent 0.
 */
import { describe, expect, test } from 'vitest';
import {
  fixedPoint,
  gradientOf,
  jacobianVectorProduct,
  lasso,
  lassoPath,
  monotoneFixedPoint,
  open,
  root,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';

const engine = await open({ backend: 'cpu' });
const t = (values: number[], shape?: number[]): Tensor => engine.tensor(values, shape);
const numbers = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());
const cubed = (x: Tensor): Tensor => x.square().mul(x).sum();

/** The gradients; checks that nothing else is left. */
async function gradientsOf(
  lossOf: (...inputs: Tensor[]) => Tensor | Promise<Tensor>,
  inputs: readonly Tensor[],
): Promise<number[][]> {
  // The first call creates scalars that the engine keeps.
  for (const gradient of (await valueAndGrad(lossOf, inputs))[1]) gradient.dispose();
  const before = engine.memory().buffers;
  const [, gradients] = await valueAndGrad(lossOf, inputs);
  expect(engine.memory().buffers - before).toBe(new Set(gradients).size);
  return Promise.all(gradients.map(numbers));
}

describe('valueAndGrad in a differentiated function', () => {
  test('of x³ gives the second derivative, 6x', async () => {
    const found = await gradientsOf(
      async (x) => {
        const [value, [g]] = await valueAndGrad(cubed, [x]);
        expect(value).toBe(64);
        return g.sum();
      },
      [t([4], [1])],
    );
    expect(found).toEqual([[24]]);
  });
  test('three deep gives the third', async () => {
    const second = async (x: Tensor): Promise<Tensor> => {
      const [, [g]] = await valueAndGrad(cubed, [x]);
      return g.square().sum();
    };
    // d/dx of d/dx (3x²)² = d/dx 36x³ = 108x²
    const found = await gradientsOf(
      async (x) => {
        const [, [g]] = await valueAndGrad(second, [x]);
        return g.sum();
      },
      [t([2])],
    );
    expect(found).toEqual([[432]]);
  });
  test('whose inner inputs are only partly followed, or computed from followed tensors', async () => {
    // ∂/∂w (w·x)² = 2wx². Its derivative with respect to x is 4wx; with respect to w nothing is cut off: 2x².
    const w = t([3]);
    const found = await gradientsOf(
      async (x) => {
        const [, [gw, gx]] = await valueAndGrad((a, b) => a.mul(b).square().sum(), [w, x.mul(2)]);
        return gw.add(gx).sum();
      },
      [t([5])],
    );
    // y = 2x: 2wy² + 2w²y → (4wy + 2w²)·2
    expect(found).toEqual([[(4 * 3 * 10 + 2 * 9) * 2]]);
  });
  test('a Hessian-vector product of matrices, against finite differences', async () => {
    const f = (W: Tensor, x: Tensor): Tensor => x.matmul(W).tanh().square().mean();
    const W0 = [0.3, -0.2, 0.5, 0.7];
    const x = t([1, 2, -1, 0.5], [2, 2]);
    const v = t([1, -1, 2, 0.5], [2, 2]);
    const [found] = await gradientsOf(
      async (W) => {
        const [, [g]] = await valueAndGrad((w) => f(w, x), [W]);
        return g.mul(v).sum();
      },
      [t(W0, [2, 2])],
    );
    const along = async (W: number[]): Promise<number> => {
      const [, [g]] = await valueAndGrad((w) => f(w, x), [t(W, [2, 2])]);
      return (await g.mul(v).sum().data())[0];
    };
    for (const [index, value] of found.entries()) {
      const at = (step: number) => along(W0.map((w, place) => w + (place === index ? step : 0)));
      expect(value).toBeCloseTo(((await at(1e-5)) - (await at(-1e-5))) / 2e-5, 7);
    }
  });
  test('a gradient that is the same everywhere has the derivative 0', async () => {
    const found = await gradientsOf(
      async (x) => {
        const [, [g]] = await valueAndGrad((y) => y.mul(3).sum(), [x]);
        return g.sum();
      },
      [t([4])],
    );
    expect(found).toEqual([[0]]);
  });
  test('after an await, and in a scope of its own', async () => {
    const found = await gradientsOf(
      async (x) => {
        await engine.idle();
        const g = await engine.tidy(async (scope) => {
          const [, [inner]] = await valueAndGrad(cubed, [scope.use(x)]);
          return inner.mul(1);
        });
        return g.sum();
      },
      [t([4])],
    );
    expect(found).toEqual([[24]]);
  });
  test('by another function’s tape is refused by name', async () => {
    const other = t([2]);
    for (const inner of [
      (y: Tensor, x: Tensor) => y.mul(x).sum(),
      (y: Tensor, x: Tensor) => y.sum().add(x.sum()),
      (_: Tensor, x: Tensor) => x.square().sum(),
    ]) {
      await expect(
        valueAndGrad(
          async (x) => {
            const [, [g]] = await valueAndGrad((y) => inner(y, x), [other]);
            return g.sum();
          },
          [t([4])],
        ),
      ).rejects.toThrow(/two different tapes|tape of another function/);
    }
  });
  test.each([
    ['relu', (x: Tensor) => x.relu().square().sum()],
    ['abs', (x: Tensor) => x.abs().mul(x).sum()],
  ])('through %s is refused by name', async (name, f) => {
    await expect(
      valueAndGrad(
        async (x) => {
          const [, [g]] = await valueAndGrad(f, [x]);
          return g.sum();
        },
        [t([4])],
      ),
    ).rejects.toThrow(`the derivative of ${name} jumps`);
  });
});

describe('jacobianVectorProduct in a differentiated function', () => {
  test('of x³ along 1 gives 6x', async () => {
    const found = await gradientsOf(
      async (x) => {
        const [, tangent] = await jacobianVectorProduct(cubed, [x], [t([1])]);
        return tangent.sum();
      },
      [t([4])],
    );
    expect(found[0]).toEqual([24]);
  });
  test('gives the derivative in the tangent, and of the output', async () => {
    const a = t([1, 2, 3, 4], [2, 2]);
    const f = (x: Tensor): Tensor => x.matmul(a).square();
    const [along] = await gradientsOf(
      async (v) => {
        const [, tangent] = await jacobianVectorProduct(f, [t([1, 1], [1, 2])], [v]);
        return tangent.sum();
      },
      [t([1, 0], [1, 2])],
    );
    // xa = [4, 6]: J = 2 diag(xa) aᵀ, summed: 2·(4·1 + 6·2), 2·(4·3 + 6·4)
    expect(along).toEqual([32, 72]);
    const [output] = await gradientsOf(
      async (x) => {
        const [value] = await jacobianVectorProduct(f, [x], [t([1, 0], [1, 2])]);
        return value.sum();
      },
      [t([1, 1], [1, 2])],
    );
    expect(output).toEqual([32, 72]);
  });
  const operations: Record<string, (x: Tensor) => Tensor> = {
    matmul: (x) => x.matmul(x, { transposeB: true }),
    'layer norm': (x) => x.layerNorm(),
    softmax: (x) => x.softmax(),
    logSoftmax: (x) => x.logSoftmax(),
    slice: (x) => x.square().slice([0, 1], [2, 1]),
    gather: (x) => x.square().gather([1, 0, 1]),
    transpose: (x) => x.square().transpose().matmul(x),
    'sums and shapes': (x) => x.square().sum(0, { keepAxes: true }).mul(x).reshape([4]),
    quotients: (x) => x.div(x.square().add(1)).exp().log().sqrt(),
    'element by element': (x) => x.tanh().add(x.sigmoid()).mul(x.softplus()).sub(x.arctan().neg()),
  };
  for (const [name, f] of Object.entries(operations)) {
    test(`${name}: forwards, then backwards or forwards, is the Hessian`, async () => {
      const x0 = [0.5, 1.5, 2, 0.7];
      const v = t([1, -0.5, 0.3, 2], [2, 2]);
      const weights = (y: Tensor): Tensor =>
        y
          .mul(
            engine.tensor(
              Array.from({ length: y.size }, (_, i) => i + 1),
              y.shape,
            ),
          )
          .sum();
      const scalar = (x: Tensor): Tensor => weights(f(x)); // C·f(x)
      const x = t(x0, [2, 2]);
      const [forwards] = (
        await valueAndGrad(async (a) => (await jacobianVectorProduct(scalar, [a], [v]))[1].sum(), [x])
      )[1];
      const [backwards] = (
        await valueAndGrad(async (a) => (await valueAndGrad(scalar, [a]))[1][0].mul(v).sum(), [x])
      )[1];
      const [, twice] = await jacobianVectorProduct(
        async (a) => (await jacobianVectorProduct(scalar, [a], [v]))[1],
        [x],
        [v],
      );
      const [, mixed] = await jacobianVectorProduct(async (a) => (await valueAndGrad(scalar, [a]))[1][0], [x], [v]);
      const expected = await numbers(gradientOf((a) => gradientOf(scalar)(a).mul(v).sum())(x));
      for (const one of [forwards, backwards, mixed]) {
        for (const [index, value] of (await numbers(one)).entries()) expect(value).toBeCloseTo(expected[index], 12);
      }
      const vHv = expected.reduce((sum, value, index) => sum + value * [1, -0.5, 0.3, 2][index], 0);
      expect((await twice.data())[0]).toBeCloseTo(vHv, 12);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-5);
    });
  }
});

describe('through a solve', () => {
  const z0 = t([0]);
  const solves: Record<string, [string, (x: Tensor) => Tensor]> = {
    root: ['root', (x) => root((z, a) => z.square().sub(a), { unknown: t([1]), inputs: [x] })],
    fixedPoint: ['fixedPoint', (x) => fixedPoint((z, a) => z.mul(0.5).add(a), { unknown: z0, inputs: [x] })],
    monotone: [
      'monotoneFixedPoint',
      (x) => monotoneFixedPoint(t([0.5], [1, 1]), x.reshape([1, 1]), { margin: 0.4, activation: 'tanh' }).z,
    ],
    lasso: ['lasso', (x) => lasso({ X: t([1, 0, 0, 1], [2, 2]), y: t([3, 2]), logLambda: x }).beta],
  };
  for (const [name, [told, solve]] of Object.entries(solves)) {
    test(`${name}: a derivative of its gradient, or of its tangent, is refused by name`, async () => {
      const x = t([0.5]);
      const outer: ((x: Tensor) => Promise<Tensor>)[] = [
        async (a) => (await valueAndGrad((b) => solve(b).square().sum(), [a]))[1][0].sum(),
        async (a) => (await jacobianVectorProduct(solve, [a], [t([1])]))[1].sum(),
      ];
      for (const lossOf of outer) {
        await expect(valueAndGrad(lossOf, [x])).rejects.toThrow(`${told} has no second derivative`);
        await expect(jacobianVectorProduct(lossOf, [x], [x])).rejects.toThrow(`${told} has no second derivative`);
      }
    });
    test(`${name}: where the inner derivative does not go through it, the right value`, async () => {
      // g = 2y·z(x) at y = x: only the outer function differentiates through z.
      const lossOf = async (x: Tensor): Promise<Tensor> => {
        const z = solve(x).sum();
        const [, [g]] = await valueAndGrad((y, c) => y.square().mul(c).sum(), [x, z]);
        return g.sum();
      };
      const at = async (value: number): Promise<number> => {
        const x = t([value]);
        return 2 * value * (await solve(x).sum().data())[0];
      };
      const [, [gradient]] = await valueAndGrad(lossOf, [t([0.5])]);
      const difference = ((await at(0.5 + 1e-4)) - (await at(0.5 - 1e-4))) / 2e-4;
      expect((await gradient.data())[0]).toBeCloseTo(difference, 4);
    });
  }
  test('a followed tensor from outside the function is refused, also in an inner solve', async () => {
    const inner = (z: Tensor): Tensor => fixedPoint((y, b) => y.mul(0.5).add(b), { unknown: z, inputs: [z] });
    const x = t([1]);
    await expect(
      valueAndGrad(
        (w) =>
          fixedPoint((z, a) => inner(z).mul(0.1).add(a).mul(w), { unknown: z0, inputs: [x] })
            .sum()
            .add(w.sum()),
        [t([0.5])],
      ),
    ).rejects.toThrow('pass it as one of the inputs');
  });
  test('a mask of a Lasso that is followed is refused', async () => {
    const given = { X: t([1, 0, 0, 1], [2, 2]), y: t([3, 2]), logLambda: 0 };
    await expect(
      valueAndGrad((m) => lasso({ ...given, masks: m.mul(1) }).beta.sum(), [t([1, 1], [1, 2])]),
    ).rejects.toThrow('masks');
  });
});

describe('a derivative that would be cut off', () => {
  test('continues along a path of the Lasso: X = I, so that β = y − e^λ', async () => {
    const X = t([1, 0, 0, 1], [2, 2]);
    const weights = t([1, 2, 4, 8], [2, 2]);
    for (const chunk of [1, 2]) {
      const found = await gradientsOf(
        async (y) => (await lassoPath({ X, y, logLambda: [0.5, 0], chunk })).beta.mul(weights).sum(),
        [t([3, 5])],
      );
      expect(found[0].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([5, 10]);
    }
  });
  test('a loss rebuilt from numbers that were read is an error', async () => {
    for (const lossOf of [
      async (x: Tensor) =>
        engine
          .tensor(await x.data())
          .square()
          .sum(),
      async (x: Tensor) => engine.tensor([(await x.square().sum().data())[0]]),
      async (x: Tensor) => engine.tensor([(await valueAndGrad(cubed, [x]))[0]]),
      () => engine.tensor([3]),
    ]) {
      await expect(valueAndGrad(lossOf, [t([1, 2])])).rejects.toThrow(
        'valueAndGrad: the loss is computed from none of the inputs',
      );
    }
  });
  test('an output rebuilt from numbers that were read is an error; one that is constant has tangent 0', async () => {
    const x = t([1, 2]);
    await expect(jacobianVectorProduct(async (a) => engine.tensor(await a.data()), [x], [x])).rejects.toThrow(
      'jacobianVectorProduct: the output is computed from none of the inputs',
    );
    const [, tangent] = await jacobianVectorProduct(() => engine.tensor([5]), [x], [x]);
    expect(await numbers(tangent)).toEqual([0]);
  });
  test('an input that the loss does not use has the gradient 0', async () => {
    expect(await gradientsOf((x) => x.square().sum(), [t([3]), t([1, 2])])).toEqual([[6], [0, 0]]);
  });
  test('reading a tensor and opening a scope cut nothing off', async () => {
    const found = await gradientsOf(
      async (x) => {
        if ((await x.data())[0] < 0) throw new Error('not this branch');
        const y = await engine.tidy((scope) => scope.use(x).mul(2).square());
        const z = await engine.tidy(() => x.mul(3).add(1));
        return y.mul(z).sum();
      },
      [t([2])],
    );
    // 4x²(3x + 1) = 12x³ + 4x²
    expect(found).toEqual([[36 * 4 + 8 * 2]]);
  });
});
