/** Kernels that move numbers without computing with them. No tape follows them. */
import type { MoveOperation } from '../backends/kernels.ts';
import { formatShape, type Shape, sameShape, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * Moves rows of x along an axis: row indices[j] to place j, or row j + offset if there are no indices. Rows that x
 * does not have are zeros. Rows of `more` follow those of x, as if both were one tensor.
 */
export function gatherAlong(
  x: Tensor,
  axis: number,
  length: number,
  { indices, offset = 0, more }: { indices?: Tensor; offset?: number; more?: Tensor },
): Tensor {
  const shape = x.shape.map((extent, index) => (index === axis ? length : extent));
  const call = { ...moveCall('gather', x, axis), others: more?.shape[axis] ?? 0, length, offset };
  return x.context.call(call, [x, indices, more], shape);
}

/**
 * Takes the rows of x, [count, …], at the indices: [k, …]. An index outside of x yields a row of zeros.
 * @param indices [k], integers on the device: the traced Program does not depend on them
 */
export function gatherRows(x: Tensor, indices: Tensor): Tensor {
  checkIndices('gatherRows', x, indices);
  return gatherAlong(x, 0, indices.size, { indices });
}

/**
 * Replaces row indices[j] of `store`, [count, …], by row j of `rows`, [k, …]. An index outside of the store is
 * ignored. If an index occurs twice, either row may win.
 * @param indices [k], integers on the device: the traced Program does not depend on them
 */
export function scatterRows(store: Tensor, rows: Tensor, indices: Tensor): Tensor {
  checkIndices('scatterRows', store, indices);
  const needed = [indices.size, ...store.shape.slice(1)];
  if (!sameShape(rows.shape, needed)) {
    throw new RangeError(`scatterRows: rows has shape ${formatShape(rows.shape)}; it must have ${formatShape(needed)}`);
  }
  return scatterAlong(store, 0, rows, indices);
}

/** The same along another axis: place indices[j] of that axis gets what `rows` has at place j. */
export function scatterAlong(store: Tensor, axis: number, rows: Tensor, indices: Tensor): Tensor {
  const call = { ...moveCall('scatter', store, axis), others: indices.size };
  return store.context.call(call, [store, indices, rows], store.shape);
}

/**
 * Sums rows of x along an axis: row r of the result is Σ x[order[t]] over starts[r] ≤ t < starts[r + 1].
 * @param order integers, as many as x has along the axis
 * @param starts [length + 1], integers
 */
export function segmentSum(x: Tensor, axis: number, order: Tensor, starts: Tensor): Tensor {
  const length = starts.size - 1;
  const call = { ...moveCall('segmentSum', x, axis), length };
  const shape = x.shape.map((extent, index) => (index === axis ? length : extent));
  return x.context.call(call, [x, order, starts], shape);
}

function moveCall(operation: MoveOperation, { shape }: Tensor, axis: number) {
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const extent = shape[axis];
  return { kernel: 'move' as const, operation, outer, inner, extent, others: 0, length: extent, offset: 0 };
}

function checkIndices(name: string, { shape }: Tensor, indices: Tensor): void {
  if (shape.length === 0) throw new RangeError(`${name}: the tensor is a scalar; it needs at least one axis`);
  if (indices.shape.length !== 1) {
    throw new RangeError(`${name}: indices has shape ${formatShape(indices.shape)}; it must have one axis`);
  }
}

/** Puts the numbers of two tensors one after the other. */
export function joinEndToEnd(first: Tensor, second: Tensor): Tensor {
  return joinNumbers(first, second, first.size + second.size);
}

/** Puts the numbers of y behind those of x, and zeros behind both, up to `size` numbers. */
export function joinNumbers(x: Tensor, y: Tensor, size: number): Tensor {
  const flat = (tensor: Tensor): Tensor => tensor.context.alias(tensor, [tensor.size]);
  return gatherAlong(flat(x), 0, size, { more: flat(y) });
}

/** Takes as many numbers of x as the shape holds, from `offset` on. */
export function takePart(x: Tensor, offset: number, shape: Shape): Tensor {
  return x.context.alias(gatherAlong(x, 0, sizeOf(shape), { offset }), shape);
}

/** Appends columns of zeros until the number of columns is a multiple of 4. */
export function padColumns(matrix: Tensor): Tensor {
  const columns = Math.ceil(matrix.shape[1] / 4) * 4;
  return columns === matrix.shape[1] ? matrix : gatherAlong(matrix, 1, columns, {});
}
