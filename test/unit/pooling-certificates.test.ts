/** Maximum pooling inside of an equation: a window that ties is a kink, of which certificates and intervals know. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  fixedPoint,
  type Layer,
  type MaximumPoolingOptions,
  maximumPooling,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

const images = { channels: 1, size: [2, 2], window: 2 } as const;
const apply = (layer: Layer, x: Tensor): Tensor =>
  layer.forward(x, [], { solves: [], memory: { numbers: new Map(), tensors: new Map() } });
const upload = (values: readonly number[], x: Tensor): Tensor => x.context.upload(values, [1, values.length], x);

/** z = ¼z + max(pixels + t·[1, 2, −1, 3]) at t = 0. */
function moved(pixels: readonly number[], t: Tensor, maximum?: number, options?: Partial<MaximumPoolingOptions>) {
  const layer = maximumPooling({ ...images, ...options });
  return fixedPoint((z, t) => z.mul(0.25).add(apply(layer, upload([1, 2, -1, 3], t).mul(t).add(upload(pixels, t)))), {
    unknown: engine.tensor([4 / 0.75], [1, 1]),
    inputs: [t],
    solver: 'given',
    tolerance: 1e-12,
    ...(maximum !== undefined && { selection: { maximum } }),
  });
}

describe('windows of what is given', () => {
  test.each([
    [[1, 2, 3, 4], 0, 3, 3],
    [[1, 4, 3, 4], 1, 2, 3],
    [[4, 1, 4, 3], 1, -1, 1],
    [[4, 4, 1, 4], 2, 1, 3],
    [[4, 4, 4, 4], 3, -1, 3],
  ])('%j: %i kinks, and the one-sided derivatives %d and %d, divided by ¾', async (pixels, kinks, low, high) => {
    const { solve } = moved(pixels, engine.tensor([0]));
    const interval = await solve.gradientInterval(engine.tensor([1], [1, 1]));
    expect([interval.low, interval.high]).toEqual([expect.closeTo(low / 0.75, 10), expect.closeTo(high / 0.75, 10)]);
    expect(interval.attained).toEqual({ low: interval.low, high: interval.high });
    expect(interval.kinks.map(({ operation }) => operation)).toEqual(new Array(kinks).fill('maximum'));
    expect(interval.exact).toBe(true);
  });

  test.each([
    ['as PyTorch by default', undefined, undefined, 2],
    ['by the option of the layer', undefined, 0.25, 2.75],
    ['by the selection of the equation', 0.5, undefined, 2.5],
    ['by the selection of the equation rather than that of the layer', 0, 0.25, 3],
  ])('the gradient at a tie is selected %s', async (_, equation, selection, slope) => {
    const options = selection === undefined ? {} : { selection };
    const [, [gradient]] = await valueAndGrad(
      (t) => moved([1, 4, 3, 4], t, equation, options).sum(),
      [engine.tensor([0])],
    );
    expect((await gradient.data())[0]).toBeCloseTo(slope / 0.75, 10);
  });
});

describe('windows of the unknown', () => {
  /** The certificate of z = c·max(z) + b at this z, whose Jacobians have the determinants 1 − c·s for selections s. */
  const certify = async (c: readonly number[], z: readonly number[]) => {
    const layer = maximumPooling(images);
    const greatest = Math.max(...z);
    const b = z.map((each, at) => each - c[at] * greatest);
    const solution = fixedPoint((x) => apply(layer, x).mul(upload(c, x)).add(upload(b, x)), {
      unknown: engine.tensor(z, [1, 4]),
      inputs: [],
      solver: 'given',
      tolerance: 1e-12,
    });
    return solution.solve.certify();
  };

  test.each([
    ['certified', [0.5, 0.25, 9, 2], [3, 1, 1, 0], 0],
    ['certified', [0.5, 0.25, 9, 2], [3, 3, 1, 0], 1],
    ['certified', [1.5, 2, 0, 0], [3, 3, 1, 0], 1],
    ['failed', [0.5, 2, 0, 0], [3, 3, 1, 0], 1],
    ['certified', [0.5, 0.25, 9, 0.75], [3, 3, 1, 3], 2],
    ['failed', [0.5, 0.25, 0, 1.75], [3, 3, 1, 3], 2],
    ['certified', [0.5, 0.25, -2, 0.75], [3, 3, 3, 3], 3],
    ['failed', [0.5, 0.25, -2, 1.75], [3, 3, 3, 3], 3],
  ] as const)('%s for c = %j and z = %j, with %i kinks', async (status, c, z, count) => {
    const certificate = await certify(c, z);
    expect(certificate.status).toBe(status);
    expect(certificate.kinks.map(({ operation }) => operation)).toEqual(new Array(count).fill('maximum'));
  });
});
