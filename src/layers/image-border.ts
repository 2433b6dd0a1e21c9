/** Borders of zeros around the images of rows: added, and cut off again. */
import { gatherAlong } from '../tensor/move-kernels.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Images inside of larger ones. */
export interface Border {
  /** Rows and columns of the images inside. */
  readonly inner: readonly [number, number];
  readonly outer: readonly [number, number];
  /** How many rows and columns of the border come first. */
  readonly ring: number;
}

/** Adds the border: [batch, channels·inner] becomes [batch, channels·outer]. No tape follows it. */
export function padded(images: Tensor, { inner, outer, ring }: Border): Tensor {
  return moved(images, inner, outer, -ring);
}

/** Cuts the border off: [batch, channels·outer] becomes [batch, channels·inner]. No tape follows it. */
export function inside(images: Tensor, { inner, outer, ring }: Border): Tensor {
  return moved(images, outer, inner, ring);
}

/** The same as an operation that a tape follows. */
export function cutBorder(images: Tensor, border: Border): Tensor {
  return recordOperation('custom', [images], inside(images, border), {
    name: 'cutBorder',
    isSmooth: true,
    isRowwise: [true],
    lipschitz: 1,
    pullback: (v: Tensor) => [padded(v, border)],
    pushforward: ([change = images]: readonly (Tensor | undefined)[]) => inside(change, border),
  });
}

/** Takes rows and columns from `offset` on; those that are not there are zeros. */
function moved(
  images: Tensor,
  [rows, columns]: readonly [number, number],
  [newRows, newColumns]: readonly [number, number],
  offset: number,
): Tensor {
  const { context, size, shape } = images;
  const lines = size / (rows * columns); // batch·channels
  const high = gatherAlong(context.alias(images, [lines, rows, columns]), 1, newRows, { offset });
  const whole = gatherAlong(high, 2, newColumns, { offset });
  return context.alias(whole, [shape[0], (lines / shape[0]) * newRows * newColumns]);
}
