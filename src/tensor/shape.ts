/** Shapes: sizes, broadcasting by NumPy's rule, and strides. The rank is at most 4. */
import { createArgumentError, isListLike } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import type { OperandLayout } from '../backends/kernels.ts';

/** The extents of a tensor along its axes; [] for a single number. */
export type Shape = readonly number[];
type Four = readonly [number, number, number, number];

const MAXIMUM_RANK = 4;

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** @throws RangeError unless every extent is a positive integer and the rank is at most 4 */
export function checkShape(name: string, shape: Shape): void {
  if (!isListLike(shape)) throw createArgumentError(`${name}: shape`, shape, 'a list of positive integers');
  if (shape.length > MAXIMUM_RANK) {
    throw new RangeError(
      `${name}: the shape ${describeValue(shape)} has rank ${shape.length}; at most ${MAXIMUM_RANK} is allowed`,
    );
  }
  for (const extent of Array.from(shape)) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new RangeError(
        `${name}: the shape ${describeValue(shape)} has an extent ${describeValue(extent)}; each must be a positive integer`,
      );
    }
  }
}

/** The shape that a and b broadcast to. @throws RangeError that names the operation if they do not broadcast */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const extentA = a[axis - rank + a.length] ?? 1;
    const extentB = b[axis - rank + b.length] ?? 1;
    if (extentA !== extentB && extentA !== 1 && extentB !== 1) {
      throw new RangeError(
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast (axis ${axis}: ${extentA} and ${extentB})`,
      );
    }
    return Math.max(extentA, extentB);
  });
}

export function padToFour(shape: Shape): Four {
  const padded = [1, 1, 1, 1];
  shape.forEach((extent, axis) => {
    padded[axis + MAXIMUM_RANK - shape.length] = extent;
  });
  return padded as unknown as Four;
}

/** Row-major strides of `shape`, with 0 for an axis of extent 1 that is repeated to fill `target`. */
export function broadcastLayout(shape: Shape, target: Shape): OperandLayout {
  const from = padToFour(shape);
  const to = padToFour(target);
  const strides = [0, 0, 0, 0];
  let stride = 1;
  for (let axis = MAXIMUM_RANK - 1; axis >= 0; axis--) {
    strides[axis] = from[axis] === 1 && to[axis] !== 1 ? 0 : stride;
    stride *= from[axis];
  }
  return { offset: 0, strides: strides as unknown as Four };
}

/** The layout that reads `shape` with its axes in the order `permutation`. */
export function permutedLayout(shape: Shape, permutation: readonly number[]): OperandLayout {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const permuted = padToFour(permutation.map((axis) => strides[axis]));
  return {
    offset: 0,
    strides: permuted.map((stride, axis) => (axis < MAXIMUM_RANK - shape.length ? 0 : stride)) as unknown as Four,
  };
}

/** The layout that reads `shape` from `starts` on, with unchanged strides. */
export function slicedLayout(shape: Shape, starts: readonly number[]): OperandLayout {
  const { strides } = broadcastLayout(shape, shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis + MAXIMUM_RANK - shape.length], 0);
  return { offset, strides };
}

/** Turns axes into sorted indices: negative axes count from the end, and no axes mean all of them. */
export function normaliseAxes(operation: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  if (typeof axes !== 'number' && !isListLike(axes)) {
    throw createArgumentError(`${operation}: axes`, axes, 'an integer or a list of integers');
  }
  const given = typeof axes === 'number' ? [axes] : axes;
  if (given.length > MAXIMUM_RANK)
    throw createArgumentError(`${operation}: axes`, axes, `at most ${MAXIMUM_RANK} integers`);
  const list = Array.from(given).map((axis) => {
    const isWhole = Number.isInteger(axis); // excludes values that cannot be added to
    const index = isWhole && axis < 0 ? axis + rank : axis;
    if (!isWhole || index < 0 || index >= rank) {
      throw new RangeError(
        `${operation}: axis ${describeValue(axis)} is not in a tensor of rank ${rank} (allowed: ${-rank} to ${rank - 1})`,
      );
    }
    return index;
  });
  return [...new Set(list)].sort((a, b) => a - b);
}
