/** Differentiable operations that take tensors apart and put them together. */
import { createArgumentError, isListLike, NUMBERS } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { elementwiseLaidOut } from './kernels.ts';
import { gatherAlong, segmentSum } from './move-kernels.ts';
import { recordOperation } from './operations.ts';
import { broadcastLayout, formatShape, normaliseAxes, type Shape, slicedLayout } from './shape.ts';
import type { Tensor } from './tensor.ts';

export function slice(x: Tensor, starts: readonly number[], given: Shape): Tensor {
  for (const [name, list] of Object.entries({ starts, sizes: given })) {
    if (isListLike(list) && list.length === x.shape.length) continue;
    throw new RangeError(
      `slice: ${name} is ${describeValue(list)}; it must hold one number for each axis of ${formatShape(x.shape)}`,
    );
  }
  const sizes = Array.from(given);
  for (const [axis, extent] of x.shape.entries()) {
    const [start, size] = [starts[axis], sizes[axis]];
    if (!Number.isInteger(start) || !Number.isInteger(size) || start < 0 || size < 1 || start + size > extent) {
      throw new RangeError(
        `slice: along axis ${axis} it starts at ${describeValue(start)} and takes ${describeValue(size)}; it must stay within 0 to ${extent} and take at least 1`,
      );
    }
  }
  return recordOperation('slice', [x], elementwiseLaidOut('copy', [x], [slicedLayout(x.shape, starts)], sizes), {
    starts,
  });
}

/** Surrounds x with zeros, so that its first number lies at `starts`: the cotangent of a slice. */
export function pad(x: Tensor, starts: readonly number[], shape: Shape): Tensor {
  const padded = starts.reduce(
    (block, start, axis) =>
      block.shape[axis] === shape[axis] ? block : gatherAlong(block, axis, shape[axis], { offset: -start }),
    x,
  );
  return recordOperation('pad', [x], padded === x ? x.context.alias(x, shape) : padded, { starts });
}

/** Repeats x along its axes of extent 1, and along new axes in front, until it has the shape. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  return recordOperation('broadcast', [x], elementwiseLaidOut('copy', [x], [broadcastLayout(x.shape, shape)], shape));
}

/** Concatenates tensors whose arguments have been checked; `concat.ts` has the public function. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new RangeError('concat: tensors is empty; give at least one tensor');
  const [first, ...others] = tensors;
  const [along] = normaliseAxes('concat', axis, first.shape.length);
  for (const [index, { shape }] of others.entries()) {
    const fits = shape.length === first.shape.length && shape.every((n, at) => at === along || n === first.shape[at]);
    if (fits) continue;
    throw new RangeError(
      `concat: tensor 0 has shape ${formatShape(first.shape)}, tensor ${index + 1} ${formatShape(shape)}; they may differ along axis ${along} only`,
    );
  }
  return recordOperation('concat', tensors, joinAlong(tensors, along), { axis: along });
}

/** Puts tensors one after the other along the axis with this index. */
function joinAlong([first, ...others]: readonly Tensor[], axis: number): Tensor {
  let output = first.context.alias(first, first.shape);
  for (const other of others) {
    const longer = gatherAlong(output, axis, output.shape[axis] + other.shape[axis], { more: other });
    output.dispose();
    output = longer;
  }
  return output;
}

export function gather(x: Tensor, indices: ArrayLike<number>, axis = 0): Tensor {
  if (x.shape.length === 0) throw new RangeError('gather: x is a scalar; it needs at least one axis');
  NUMBERS('gather: indices', indices);
  if (indices.length === 0) throw new RangeError('gather: indices is empty; give at least one');
  const [along] = normaliseAxes('gather', axis, x.shape.length);
  const count = x.shape[along];
  for (let at = 0; at < indices.length; at++) {
    if (Number.isInteger(indices[at]) && indices[at] >= 0 && indices[at] < count) continue;
    throw createArgumentError(`gather: indices[${at}]`, indices[at], `an integer from 0 to ${count - 1}`);
  }
  const places = x.context.upload(indices, [indices.length], x);
  const output = gatherAlong(x, along, indices.length, { indices: places });
  places.dispose();
  return recordOperation('gather', [x], output, { indices: Array.from(indices), axis: along });
}

/**
 * Row r of the result is the sum of the rows t of x with indices[t] = r, in ascending order: the cotangent of a
 * gather along the same axis.
 */
export function scatterAdd(x: Tensor, indices: readonly number[], rows: number, axis = 0): Tensor {
  const order = indices.map((_, at) => at).sort((s, t) => indices[s] - indices[t] || s - t);
  const starts = new Array<number>(rows + 1).fill(0);
  for (const index of indices) starts[index + 1] += 1;
  for (let row = 1; row < starts.length; row++) starts[row] += starts[row - 1];
  const [places, bounds] = [order, starts].map((values) => x.context.upload(values, [values.length], x));
  const output = segmentSum(x, axis, places, bounds);
  for (const uploaded of [places, bounds]) uploaded.dispose();
  return recordOperation('scatterAdd', [x], output, { indices, rows, axis });
}
