/** Every differentiable operation at least once, at points where it is smooth. */

import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { boxProjection } from '../../src/implicit/projections/box.ts';
import { l1BallProjection, simplexProjection } from '../../src/implicit/projections/simplex.ts';
import { broadcast, concat, pad, scatterAdd } from '../../src/tensor/arrange.ts';
import { affine } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { normals, normalsAwayFromKinks, positiveNormals } from './numbers.ts';

export interface DifferentiableCase {
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly arrays: readonly number[][];
  readonly shapes: readonly number[][];
}

function unary(f: (x: Tensor) => Tensor, make = normalsAwayFromKinks): DifferentiableCase {
  return { f, arrays: [make(24, 1)], shapes: [[4, 6]] };
}

function several(
  f: (...inputs: Tensor[]) => Tensor,
  shapes: readonly number[][],
  make: (count: number, seed: number) => number[] = positiveNormals,
): DifferentiableCase {
  return { f, shapes, arrays: shapes.map((shape, index) => make(sizeOf(shape), 2 + index)) };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

const BROADCASTS: readonly number[][][] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [[1], [2, 3]],
];

function broadcasting(name: string, f: (a: Tensor, b: Tensor) => Tensor): [string, DifferentiableCase][] {
  return BROADCASTS.map((shapes) => [`${name} of [${shapes[0]}] and [${shapes[1]}]`, several(f, shapes)]);
}

const TRANSPOSES = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB): [string, DifferentiableCase] => [
    `matmul, transposes ${transposeA} ${transposeB}`,
    several(
      (a, b) => a.matmul(b, { transposeA, transposeB }),
      [transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5]],
      normals,
    ),
  ]),
);

export const DIFFERENTIABLE: Readonly<Record<string, DifferentiableCase>> = {
  'number operands': unary((x) => x.add(2).sub(0.5).mul(3).div(7)),
  negate: unary((x) => x.neg()),
  exp: unary((x) => x.exp()),
  log: unary((x) => x.log(), positiveNormals),
  sqrt: unary((x) => x.sqrt(), positiveNormals),
  square: unary((x) => x.square()),
  tanh: unary((x) => x.tanh()),
  sigmoid: unary((x) => x.sigmoid()),
  relu: unary((x) => x.relu()),
  abs: unary((x) => x.abs()),
  softThreshold: unary((x) => x.softThreshold(0.05)),
  leakyRelu: unary((x) => x.leakyRelu(-0.3)),
  elu: unary((x) => x.elu(0.4)),
  clip: unary((x) => x.clip(-1, 1)),
  softplus: unary((x) => x.softplus()),
  softsign: unary((x) => x.softsign()),
  arctan: unary((x) => x.arctan()),
  dropout: unary((x) => x.dropout(0.4, { seed: 5 })),
  'dropout of nothing': unary((x) => x.dropout(0, { seed: 5 }).square()),
  simplexProjection: unary((x) => simplexProjection(x, { radius: 2 })),
  l1BallProjection: unary((x) => l1BallProjection(x, { radius: 2 })),
  'boxProjection, tensors': several(
    (x, low, high) => boxProjection(x, { low: low.neg(), high }),
    [[4, 6], [6], [4, 6]],
  ),
  softmax: unary((x) => x.softmax()),
  logSoftmax: unary((x) => x.logSoftmax()),
  slice: unary((x) => x.slice([1, 2], [2, 3])),
  gather: unary((x) => x.gather([2, 0, 2, 2])),
  reshape: unary((x) => x.reshape([2, 3, 4])),
  transpose: unary((x) => x.transpose()),
  'sum of all': unary((x) => x.sum()),
  'sum over axis 0': unary((x) => x.sum(0)),
  'mean over the last axis, kept': unary((x) => x.mean(-1, { keepAxes: true })),
  'transpose of rank 3': several((x) => x.transpose([2, 0, 1]), [[2, 3, 4]]),
  'sum over two axes of rank 3': several((x) => x.sum([0, 2]), [[2, 3, 4]]),
  'layerNorm with gain and bias': several(
    (x, gain, bias) => x.layerNorm({ gain, bias, epsilon: 1e-3 }),
    [[2, 3, 4], [4], [4]],
    normals,
  ),
  affine: several(affine, [[3, 4], [5, 4], [5]], normals),
  'affine of one row': several(affine, [[1, 4], [5, 4], [5]], normals),
  concat: several(
    (a, b, c) => concat([a, b, c], 1),
    [
      [2, 1, 4],
      [2, 3, 4],
      [2, 1, 4],
    ],
    normals,
  ),
  pad: unary((x) => pad(x, [1, 0], [6, 7])),
  broadcast: several((x) => broadcast(x, [2, 3, 4]), [[3, 1]]),
  scatterAdd: unary((x) => scatterAdd(x, [2, 0, 2, 4], 5)),
  'concat with itself': unary((x) => concat([x, x.square(), x], 0)),
  monotoneMatrix: several(monotoneMatrix, [[3, 3], [3, 3], [1]]),
  'a value used twice': unary((x) => x.mul(x).add(x.tanh()).div(x.square().add(1))),
  ...Object.fromEntries([
    ...TRANSPOSES,
    ...broadcasting('add', (a, b) => a.add(b)),
    ...broadcasting('subtract', (a, b) => a.sub(b)),
    ...broadcasting('multiply', (a, b) => a.mul(b)),
    ...broadcasting('divide', (a, b) => a.div(b)),
    ...broadcasting('maximum', (a, b) => a.maximum(b)),
    ...broadcasting('minimum', (a, b) => a.minimum(b)),
  ]),
};
