/** The layer `convolution`: values, gradients, tangents and second derivatives against plain loops. */
import { afterAll, describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { convolution, gradientOf, type Tensor } from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { dot, normals, relativeError } from '../support/numbers.ts';
import { correlateNumbers } from '../support/plain-images.ts';

const engine = createOracle();
afterAll(() => engine.close());

const PASS = { solves: [], memory: { numbers: new Map(), tensors: new Map() } };
const pair = (a: number, b = a) => [a, b] as const;

interface Case {
  readonly inputChannels: number;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

const CASES: readonly Case[] = [
  { inputChannels: 2, channels: 3, size: pair(5, 4), kernel: pair(3), stride: pair(1), padding: pair(1) },
  { inputChannels: 3, channels: 2, size: pair(4, 6), kernel: pair(3, 2), stride: pair(1), padding: pair(0) },
  { inputChannels: 2, channels: 2, size: pair(7, 6), kernel: pair(3), stride: pair(2), padding: pair(1) },
  { inputChannels: 1, channels: 2, size: pair(6, 5), kernel: pair(2, 3), stride: pair(3, 2), padding: pair(0, 2) },
  { inputChannels: 1, channels: 1, size: pair(1), kernel: pair(1), stride: pair(1), padding: pair(0) },
  { inputChannels: 2, channels: 1, size: pair(2, 3), kernel: pair(4, 5), stride: pair(1), padding: pair(2) },
  { inputChannels: 1, channels: 3, size: pair(4), kernel: pair(1), stride: pair(3), padding: pair(3, 0) },
  { inputChannels: 3, channels: 4, size: pair(3, 5), kernel: pair(1), stride: pair(1), padding: pair(0) },
];

describe.each(CASES)(
  '$inputChannels → $channels of $size, kernel $kernel, stride $stride, padding $padding',
  (given) => {
    const layer = convolution(given);
    const windows = { ...given, channels: given.inputChannels, window: given.kernel };
    const [sizeK, batch] = [given.channels * given.inputChannels * given.kernel[0] * given.kernel[1], 2];
    const shapeK = [given.channels, given.inputChannels, ...given.kernel];
    const [x, K, b] = [normals(batch * layer.inputs, 1), normals(sizeK, 2), normals(given.channels, 3)];
    const v = normals(batch * layer.outputs, 4);
    const plain = (image: ArrayLike<number>, kernel: ArrayLike<number>, bias?: ArrayLike<number>): number[] =>
      correlateNumbers(image, windows, { outputs: given.channels, K: kernel, b: bias });
    const units = (size: number, of: (unit: number[]) => number): number[] =>
      Array.from({ length: size }, (_, at) => of(Array.from({ length: size }, (_, other) => Number(other === at))));
    const tensors = () => [
      engine.tensor(x, [batch, layer.inputs]),
      engine.tensor(K, shapeK),
      engine.tensor(b, [given.channels]),
    ];

    test('values, gradients and tangents', async () => {
      const tape = new Tape();
      const [image, kernel, bias] = tensors().map((one) => tape.watch(one));
      const output = layer.forward(image, [kernel, bias], PASS);
      expect(relativeError(await output.data(), plain(x, K, b))).toBeLessThan(1e-13);
      const gradients = tape.pullback(output, [image, kernel, bias], engine.tensor(v, output.shape));
      const [ofX, ofK, ofB] = await Promise.all(gradients.map((each) => each.data()));
      expect(
        relativeError(
          ofX,
          units(x.length, (unit) => dot(v, plain(unit, K))),
        ),
      ).toBeLessThan(1e-12);
      expect(
        relativeError(
          ofK,
          units(sizeK, (unit) => dot(v, plain(x, unit))),
        ),
      ).toBeLessThan(1e-12);
      const zeros = x.map(() => 0);
      expect(
        relativeError(
          ofB,
          units(b.length, (unit) => dot(v, plain(zeros, K, unit))),
        ),
      ).toBeLessThan(1e-12);
      const changes = [image, kernel, bias].map(({ size, shape }, at) => engine.tensor(normals(size, 10 + at), shape));
      for (const chosen of [[0, 1, 2], [0], [1], [2], [1, 2]]) {
        const pick = <Each>(all: readonly Each[]): Each[] => chosen.map((at) => all[at]);
        const [tangent] = pushforward(tape, pick([image, kernel, bias]), pick(changes), [output]);
        const products = pick([ofX, ofK, ofB]).map(async (each, at) => dot(await pick(changes)[at].data(), each));
        const expected = (await Promise.all(products)).reduce((sum, each) => sum + each, 0);
        expect(dot(await tangent.data(), v)).toBeCloseTo(expected, 9);
      }
    });

    test('second derivatives', async () => {
      const [image, kernel] = tensors();
      const layerOf = convolution({ ...given, bias: false });
      // f = Σ (K ⋆ x)²/2 has the gradient (K ⋆)ᵀ(K ⋆ x) in x, whose derivatives are compared with differences.
      const half = (a: Tensor, k: Tensor) => layerOf.forward(a, [k], PASS).square().sum().mul(0.5);
      const weights = engine.tensor(normals(x.length, 7), image.shape);
      const slope = (a: Tensor, k: Tensor) => gradientOf(half)(a, k).mul(weights).sum();
      const ofX = gradientOf((a: Tensor) => slope(a, kernel))(image);
      const ofK = gradientOf((k: Tensor) => slope(image, k))(kernel);
      const step = 1e-5;
      const difference = async (values: readonly number[], shape: readonly number[], of: (t: Tensor) => Tensor) => {
        const results: number[] = [];
        for (let at = 0; at < values.length; at++) {
          const shifted = (by: number) =>
            engine.tensor(
              values.map((each, other) => (other === at ? each + by : each)),
              shape,
            );
          const [high] = await of(shifted(step)).data();
          const [low] = await of(shifted(-step)).data();
          results.push((high - low) / (2 * step));
        }
        return results;
      };
      const numbers = (all: ArrayLike<number>): number[] => Array.from(all);
      expect(
        relativeError(await ofX.data(), await difference(numbers(x), image.shape, (t) => slope(t, kernel))),
      ).toBeLessThan(1e-7);
      expect(
        relativeError(await ofK.data(), await difference(numbers(K), kernel.shape, (t) => slope(image, t))),
      ).toBeLessThan(1e-7);
    });
  },
);

test.each<[object, string]>([
  [{ kernel: 6, padding: 1 }, 'kernel has 6 rows; it must have at most 5'],
  [{ kernel: [1, 0] }, 'kernel[1] is 0'],
  [{ stride: 0 }, 'stride is 0'],
  [{ padding: -1 }, 'padding is -1'],
  [{ padding: 0.5 }, 'padding is 0.5'],
  [{ channels: 0 }, 'channels is 0'],
  [{ inputChannels: 1.5 }, 'inputChannels is 1.5'],
  [{ bias: 1 }, 'bias is 1'],
  [{ activation: 'gelu' }, 'activation is "gelu"'],
  [{ kernels: 3 }, 'there is no option "kernels"; the nearest is kernel'],
])('refuses %j', (change, message) => {
  expect(() => convolution({ inputChannels: 1, channels: 1, size: [3, 4], ...change })).toThrow(message);
});
