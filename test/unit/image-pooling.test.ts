/** Layers that pool images: values and derivatives against plain loops, and what is refused. */
import { afterAll, describe, expect, test } from 'vitest';
import { averagePooling, flatten, gradientOf, sequential } from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { dot, normals, relativeError } from '../support/numbers.ts';
import { type PooledWindows, poolNumbers } from '../support/plain-images.ts';

const engine = createOracle();
afterAll(() => engine.close());

const CASES: readonly PooledWindows[] = [
  { channels: 1, size: [4, 4], window: [2, 2], stride: [2, 2], padding: [0, 0] },
  { channels: 3, size: [5, 7], window: [2, 3], stride: [2, 1], padding: [0, 0] },
  { channels: 2, size: [5, 4], window: [3, 3], stride: [2, 2], padding: [1, 1] },
  { channels: 2, size: [1, 1], window: [1, 1], stride: [3, 3], padding: [0, 0] },
  { channels: 1, size: [2, 3], window: [4, 3], stride: [1, 2], padding: [2, 0] },
];

const mean = (values: readonly number[], windows: number): number => values.reduce((a, b) => a + b, 0) / windows;

describe('averagePooling', () => {
  test.each(CASES)('$channels channels of $size, window $window, stride $stride, padding $padding', async (given) => {
    const layer = averagePooling(given);
    const model = sequential(layer);
    model.initialise(engine);
    const x = normals(3 * layer.inputs, 1);
    const v = normals(3 * layer.outputs, 2);
    const pool = (values: ArrayLike<number>): number[] =>
      poolNumbers(values, given, (inside) => mean(inside, given.window[0] * given.window[1]));
    const input = engine.tensor(x, [3, layer.inputs]);
    expect(relativeError(await model.forward(input).data(), pool(x))).toBeLessThan(1e-14);
    const cotangent = engine.tensor(v, [3, layer.outputs]);
    const gradient = await (await gradientOf((a) => model.forward(a).mul(cotangent).sum())(input)).data();
    // The map is linear, so that its gradient at any point has the product with x that v has with the image of x.
    const units = Array.from(x, (_, at) => dot(v, pool(x.map((_, other) => (other === at ? 1 : 0)))));
    expect(relativeError(gradient, units)).toBeLessThan(1e-13);
    expect(layer.outputShape).toEqual([
      given.channels,
      layer.outputs / given.channels / widthOf(given),
      widthOf(given),
    ]);
  });

  test.each<[object, string]>([
    [{ window: 0 }, 'window is 0'],
    [{ window: [1, 2, 3] }, 'window is [1, 2, 3]; it must be a number, or a list of two'],
    [{ window: [4, 5] }, 'window has 5 columns; it must have at most 4'],
    [{ window: 2, padding: 2 }, 'padding is 2; it must be at most half of the window, 2'],
    [{ stride: 0.5 }, 'stride is 0.5'],
    [{ size: [3] }, 'size is [3]'],
    [{ size: [3, 0] }, 'size[1] is 0'],
    [{ channels: 0 }, 'channels is 0'],
    [{ channels: 2 ** 31 }, 'channels · size is 34359738368'],
    [{ strides: 2 }, 'there is no option "strides"; the nearest is stride'],
  ])('refuses %j', (change, message) => {
    expect(() => averagePooling({ channels: 1, size: [4, 4], window: 2, ...change })).toThrow(message);
  });
});

function widthOf({ size, window, stride, padding }: PooledWindows): number {
  return Math.floor((size[1] + 2 * padding[1] - window[1]) / stride[1]) + 1;
}

describe('shapes of neighbours', () => {
  const pooling = averagePooling({ channels: 2, size: [4, 6], window: 2 });

  test('images of another shape are refused, although the widths agree', () => {
    expect(() => sequential(pooling, averagePooling({ channels: 2, size: [3, 2], window: 1 }))).toThrow(
      'averagePooling takes images [2, 3, 2], averagePooling before it gives images [2, 2, 3]',
    );
    expect(() => sequential(pooling, flatten({ channels: 3, size: [2, 2] }))).toThrow('takes images [3, 2, 2]');
  });

  test('a plain row fits any shape, and flatten makes one', () => {
    const other = averagePooling({ channels: 3, size: [2, 2], window: 2 });
    const model = sequential(pooling, flatten({ channels: 2, size: [2, 3] }), other);
    expect([model.inputs, model.outputs]).toEqual([48, 3]);
  });
});
