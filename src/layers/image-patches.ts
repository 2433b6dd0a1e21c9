/** Patches of images: for each tap of a kernel, the pixels that it meets, so that a correlation is a product. */
import { elementwiseLaidOut } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

type Pair = readonly [number, number];

/** How a kernel meets images. */
export interface Meeting {
  /** Rows and columns of the images. */
  readonly size: Pair;
  /** Rows and columns of the kernel. */
  readonly window: Pair;
  readonly stride: Pair;
  /** How many rows and columns come before the image: of zeros, or, where negative, that are left out. */
  readonly before: Pair;
  /** How far apart the pixels of the image are put, with zeros between them. */
  readonly apart: Pair;
  /** Rows and columns of the result. */
  readonly counts: Pair;
}

/** A block of the taps of a kernel. */
export interface Taps {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** Images that have been spread out, from which the patches of blocks of taps are taken. */
export interface Patches {
  /** The number of places at which the kernel is put on a sample, and its columns: with some that are to be left out. */
  readonly places: number;
  readonly width: number;
  /** The blocks into which the taps are divided. */
  readonly blocks: readonly Taps[];
  /** [batch, channels·taps, places] */
  of(block: Taps): Tensor;
}

/** The numbers that a block of taps makes stay below this, so that no buffer is larger than any GPU binds. */
const MOST_NUMBERS = 2 ** 24;

/**
 * @param images [batch, channels·rows·columns]
 * @param perTap numbers of another result that each tap makes
 */
export function patchesOf(tracing: LoopContext, images: Tensor, meeting: Meeting, perTap: number): Patches {
  const { size, window, stride, counts } = meeting;
  const [batch] = images.shape;
  const lines = images.size / (size[0] * size[1]);
  const reach = ([0, 1] as const).map((axis) => (counts[axis] - 1) * stride[axis] + window[axis]);
  // With a stride of 1, the places of all rows follow one another in memory: those at the right end of a row, where the
  // kernel reaches into the next row, are left out afterwards. In the last row it reaches one row further.
  const isWide = stride[0] === 1 && stride[1] === 1;
  const spare = isWide && window[1] > 1 ? 1 : 0;
  const width = isWide ? reach[1] : counts[1];
  const places = counts[0] * width;
  const pitch = reach[1];
  const image = (reach[0] + spare) * pitch;
  const spreadOut = spread(tracing, images, meeting, [reach[0] + spare, pitch]);
  return {
    places,
    width,
    blocks: blocksOf(window, isWide, Math.max(lines * places, perTap)),
    of({ row, rows, column, columns }) {
      const { context } = images;
      const shape = [batch, (lines / batch) * rows * columns, places];
      if (image === places && rows * columns === 1) return context.alias(spreadOut, shape);
      const strides = isWide ? ([image, pitch, 1, 1] as const) : ([image, 1, stride[0] * pitch, stride[1]] as const);
      const extents = isWide ? [lines, rows, columns, places] : [lines, columns, ...counts];
      const layout = { offset: row * pitch + column, strides };
      return context.alias(elementwiseLaidOut('copy', [spreadOut], [layout], extents), shape);
    },
  };
}

/** @param numbers that one tap makes */
function blocksOf([rows, columns]: Pair, isWide: boolean, numbers: number): Taps[] {
  const most = Math.max(1, Math.floor(MOST_NUMBERS / numbers));
  const width = Math.min(columns, most);
  // Patches with a stride have an axis more for their places, and none is left for the rows of a block.
  const height = isWide && width === columns ? Math.min(rows, Math.max(1, Math.floor(most / columns))) : 1;
  const blocks: Taps[] = [];
  for (let row = 0; row < rows; row += height) {
    for (let column = 0; column < columns; column += width) {
      const [endRow, endColumn] = [Math.min(rows, row + height), Math.min(columns, column + width)];
      blocks.push({ row, rows: endRow - row, column, columns: endColumn - column });
    }
  }
  return blocks;
}

/** [lines, newRows, newColumns]: the images with zeros before, between and behind their pixels. */
function spread(
  tracing: LoopContext,
  images: Tensor,
  { size, before, apart }: Meeting,
  reach: readonly number[],
): Tensor {
  const lines = images.size / (size[0] * size[1]);
  let moved = images.context.alias(images, [lines, ...size]);
  for (const axis of [0, 1]) {
    const [length, first] = [reach[axis], before[axis]];
    if (apart[axis] > 1) {
      const values = Array.from({ length }, (_, at) =>
        (at - first) % apart[axis] === 0 ? (at - first) / apart[axis] : -1,
      );
      moved = gatherAlong(moved, axis + 1, length, { indices: tracing.constant({ kind: 'values', values }, [length]) });
    } else if (first !== 0 || length !== size[axis]) {
      moved = gatherAlong(moved, axis + 1, length, { offset: -first });
    }
  }
  return moved;
}
