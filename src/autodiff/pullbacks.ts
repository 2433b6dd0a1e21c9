/** One pullback for each operation: computes the cotangents of the inputs from the cotangent of the output. */
import { broadcast, gather, pad, scatterAdd, slice } from '../tensor/arrange.ts';
import { exp, matmul, multiply, reshape, subtract, sum, transpose } from '../tensor/operations.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { axisOf, indicesOf, readAttribute } from './attributes.ts';
import { type CustomOperation, refuseFollowed } from './custom.ts';
import type { OperationName } from './definable.ts';
import { BINARY, mapTable, SYMMETRIC, sumLastAxis } from './derivatives.ts';
import type { Recorded } from './recorded.ts';

/** @param needed which inputs need a cotangent */
type Pullback = (cotangent: Tensor, recorded: Recorded, needed: readonly boolean[]) => readonly (Tensor | undefined)[];

/** Sums g over the axes along which `shape` was broadcast. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  const more = g.shape.length - shape.length;
  const dropped = more === 0 ? g : sum(g, indicesUpTo(more), {});
  const axes = indicesUpTo(shape.length).filter((axis) => shape[axis] === 1 && dropped.shape[axis] !== 1);
  return axes.length === 0 ? dropped : sum(dropped, axes, { keepAxes: true });
}

const indicesUpTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

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
        ? matmul(b, g, { transposeA: transposeB, transposeB: true })
        : matmul(g, b, { transposeB: !transposeB });
    const right = (): Tensor =>
      transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, g, { transposeA: !transposeA });
    return [needed[0] ? left() : undefined, needed[1] ? right() : undefined];
  },
  // y = xWᵀ + b
  affine: (g, { inputs: [x, W, b] }, needed) => [
    needed[0] ? matmul(g, W) : undefined,
    needed[1] ? matmul(g, x, { transposeA: true }) : undefined,
    needed[2] ? unbroadcast(g, b.shape) : undefined,
  ],
  slice: (g, { inputs: [{ shape }], attributes }) => [
    pad(g, readAttribute<readonly number[]>(attributes, 'starts'), shape),
  ],
  pad: (g, { inputs: [{ shape }], attributes }) => [
    slice(g, readAttribute<readonly number[]>(attributes, 'starts'), shape),
  ],
  concat: (g, { inputs, attributes }, needed) => {
    const axis = axisOf(attributes);
    let start = 0;
    return inputs.map(({ shape }, index) => {
      const starts = shape.map((_, at) => (at === axis ? start : 0));
      start += shape[axis];
      return needed[index] ? slice(g, starts, shape) : undefined;
    });
  },
  gather: (g, { inputs: [x], attributes }) => [
    scatterAdd(g, indicesOf(attributes), x.shape[axisOf(attributes)], axisOf(attributes)),
  ],
  scatterAdd: (g, { attributes }) => [gather(g, indicesOf(attributes), axisOf(attributes))],
  broadcast: (g, { inputs: [x] }) => [unbroadcast(g, x.shape)],
  // The cotangent of a sum is repeated along the summed axes.
  sum: (g, { inputs: [{ shape }], attributes }) => {
    const axes = readAttribute<readonly number[]>(attributes, 'axes');
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    return [broadcast(reshape(g, kept), shape)];
  },
  reshape: (g, { inputs: [x] }) => [reshape(g, x.shape)],
  transpose: (g, { attributes }) => {
    const permutation = readAttribute<readonly number[]>(attributes, 'permutation');
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [transpose(g, inverse)];
  },
  // x̄ = g − softmax(x)·Σ g
  logSoftmax: (g, { output }) => [subtract(g, multiply(exp(output), sumLastAxis(g)))],
  // Solutions and parametrisations bring their own rules.
  custom: (g, { attributes, inputs, selection }, needed) => {
    const { name = 'a custom operation', pullback, isFollowed } = attributes as CustomOperation;
    if (!isFollowed) refuseFollowed(name, inputs);
    return pullback(g, needed, selection, inputs);
  },
};

export function hasPullback(operation: string): operation is OperationName {
  return Object.hasOwn(PULLBACKS, operation);
}
