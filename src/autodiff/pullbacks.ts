/** One pullback per operation: from the cotangent of the output to the cotangents of the inputs. */
import { elementwise, elementwiseLaidOut, gatherAlong, product, reduceAxes, segmentSum } from '../tensor/kernels.ts';
import { broadcastLayout, permutedLayout, type Shape, slicedLayout } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CustomOperation } from './custom.ts';
import type { OperationName } from './definable.ts';
import { BINARY, lastAxisSum, mapTable, multiply, SYMMETRIC } from './derivatives.ts';
import { attribute, type Recorded } from './recorded.ts';

/** @param needed which inputs need a cotangent */
export type Pullback = (
  cotangent: Tensor,
  recorded: Recorded,
  needed: readonly boolean[],
) => readonly (Tensor | undefined)[];

/** Sums g over the axes along which `shape` was broadcast. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  let result = g;
  while (result.shape.length > shape.length) result = reduceAxes('sum', [result], 0, 1);
  for (const [axis, extent] of shape.entries()) {
    if (extent !== 1 || result.shape[axis] === 1) continue;
    const summed = reduceAxes('sum', [result], axis, axis + 1);
    result = summed.context.alias(
      summed,
      result.shape.map((one, index) => (index === axis ? 1 : one)),
    );
  }
  return result;
}

export const PULLBACKS: Readonly<Record<OperationName, Pullback>> = {
  ...mapTable(
    SYMMETRIC,
    (map): Pullback =>
      (g, recorded) => [map(g, recorded)],
  ),
  ...mapTable(
    BINARY,
    (partials): Pullback =>
      (g, recorded, needed) =>
        recorded.inputs.map((input, index) =>
          needed[index] ? unbroadcast(partials[index](g, recorded), input.shape) : undefined,
        ),
  ),
  // C = op(A)·op(B): with Ā' = C̄·op(B)ᵀ and B̄' = op(A)ᵀ·C̄, transposed back where op transposes.
  matmul: (g, { inputs: [a, b], attributes }, needed) => {
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    const left = (): Tensor =>
      transposeA
        ? product(b, g, { transposeA: transposeB, transposeB: true })
        : product(g, b, { transposeB: !transposeB });
    const right = (): Tensor =>
      transposeB
        ? product(g, a, { transposeA: true, transposeB: transposeA })
        : product(a, g, { transposeA: !transposeA });
    return [needed[0] ? left() : undefined, needed[1] ? right() : undefined];
  },
  // y = xWᵀ + b
  affine: (g, { inputs: [x, W, b] }, needed) => [
    needed[0] ? product(g, W) : undefined,
    needed[1] ? product(g, x, { transposeA: true }) : undefined,
    needed[2] ? unbroadcast(g, b.shape) : undefined,
  ],
  // Zeros around the block.
  slice: (g, { inputs: [{ shape }], attributes }) => [
    attribute<readonly number[]>(attributes, 'starts').reduce(
      (block, start, axis) =>
        block.shape[axis] === shape[axis] ? block : gatherAlong(block, axis, shape[axis], { offset: -start }),
      g,
    ),
  ],
  concat: (g, { inputs, attributes }, needed) => {
    const axis = attribute<number>(attributes, 'axis');
    let start = 0;
    return inputs.map(({ shape }, index) => {
      const starts = shape.map((_, at) => (at === axis ? start : 0));
      start += shape[axis];
      return needed[index] ? elementwiseLaidOut('copy', [g], [slicedLayout(g.shape, starts)], shape) : undefined;
    });
  },
  // Row r of x was taken to the places t with indices[t] = r: the sum of these rows of g, in ascending order.
  gather: (g, { inputs: [x], attributes }) => {
    const indices = attribute<readonly number[]>(attributes, 'indices');
    const order = indices.map((_, at) => at).sort((s, t) => indices[s] - indices[t] || s - t);
    const starts = new Array<number>(x.shape[0] + 1).fill(0);
    for (const index of indices) starts[index + 1] += 1;
    for (let row = 1; row < starts.length; row++) starts[row] += starts[row - 1];
    const upload = (values: readonly number[]): Tensor => g.context.upload(values, [values.length], g);
    return [segmentSum(g, upload(order), upload(starts))];
  },
  // The cotangent of a sum is repeated along the axes that were summed.
  sum: (g, { inputs: [{ shape }], attributes }) => {
    const axes = attribute<readonly number[]>(attributes, 'axes');
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    return [elementwiseLaidOut('copy', [g], [broadcastLayout(kept, shape)], shape)];
  },
  reshape: (g, { inputs: [x] }) => [g.context.alias(g, x.shape)],
  transpose: (g, { inputs: [x], attributes }) => {
    const permutation = attribute<readonly number[]>(attributes, 'permutation');
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [elementwiseLaidOut('copy', [g], [permutedLayout(g.shape, inverse)], x.shape)];
  },
  // x̄ = g − softmax(x)·Σ g
  logSoftmax: (g, { output }) => [elementwise('subtract', [g, multiply(elementwise('exp', [output]), lastAxisSum(g))])],
  // Solutions and parametrisations: how they are differentiated comes with them.
  custom: (g, { attributes }, needed) => (attributes as CustomOperation).pullback(g, needed),
};
