/**
 * The shape of images as rows of numbers: [channels, rows, columns], one plane of pixels after the other, as
 * convolutions read them.
 */
import { isListOf } from '../arguments/check.ts';

/** How the numbers of one row in a file become planes. */
export interface ImageLayout {
  /** [channels, rows, columns]; [numbers] where a row is no image. */
  readonly shape: readonly number[];
  /** Whether the file holds the channels of a pixel side by side, so that the numbers must change places. */
  readonly isInterleaved: boolean;
}

/**
 * Understands the extents of one row: rows × columns, or with channels. Of three extents the first or the last, whichever
 * is shorter, are the channels; the last where they are equal.
 */
export function layoutOf(extents: readonly number[]): ImageLayout {
  if (extents.length === 2) return { shape: [1, ...extents], isInterleaved: false };
  if (extents.length !== 3) return { shape: [product(extents)], isInterleaved: false };
  return extents[0] < extents[2] ? { shape: extents, isInterleaved: false } : interleaved(extents);
}

/** The layout of rows × columns × channels. */
export function interleaved([rows, columns, channels]: readonly number[]): ImageLayout {
  return { shape: [channels, rows, columns], isInterleaved: channels > 1 };
}

/** Brings the numbers of all rows into planes. */
export function toPlanes<Numbers extends Float32Array | Float64Array>(
  values: Numbers,
  { shape, isInterleaved }: ImageLayout,
): Numbers {
  if (!isInterleaved) return values;
  const [channels, rows, columns] = shape;
  const pixels = rows * columns;
  const planes = values.slice() as Numbers;
  for (let start = 0; start < values.length; start += channels * pixels) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = start + channel * pixels;
      for (let pixel = 0; pixel < pixels; pixel++) planes[plane + pixel] = values[start + pixel * channels + channel];
    }
  }
  return planes;
}

/** The shape of images as a preparation and a data set state it: without the channel where there is only one. */
export function withoutSingleChannel(shape: readonly number[]): readonly number[] {
  if (shape.length !== 3) return shape;
  if (shape[0] === 1) return shape.slice(1);
  return shape[2] === 1 ? shape.slice(0, 2) : shape;
}

/** Whether the value is a shape of rows of `features` numbers. */
export function isShapeOf(value: unknown, features: number): boolean {
  return isListOf<number>(value, (extent) => Number.isInteger(extent) && extent > 0) && product(value) === features;
}

function product(extents: readonly number[]): number {
  return extents.reduce((size, extent) => size * extent, 1);
}
