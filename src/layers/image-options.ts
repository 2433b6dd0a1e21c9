/** Options that the layers for images have in common. */
import { type Check, COUNT, createArgumentError, isList } from '../arguments/check.ts';
import { formatShape } from '../tensor/shape.ts';
import { checkWidth, type ImageShape, type Layer } from './layer.ts';

/** One number for rows and columns, or one for rows and one for columns. */
export type Extents = number | readonly [rows: number, columns: number];

/** @throws RangeError where it is neither, or a number does not satisfy the check */
export function readExtents(place: string, given: Extents, check: Check): readonly [number, number] {
  if (!isList(given)) {
    check(place, given);
    return [given, given];
  }
  const list = given as readonly number[];
  if (list.length !== 2)
    throw createArgumentError(place, given, 'a number, or a list of two: for rows and for columns');
  for (const [index, each] of list.entries()) check(`${place}[${index}]`, each);
  return [list[0], list[1]];
}

/** Reads the images of a layer from its options. @param name of the option with the number of channels */
export function readImages(layer: string, name: string, channels: number, size: readonly number[]): ImageShape {
  COUNT(`${layer}: ${name}`, channels);
  if (!isList(size) || size.length !== 2) {
    throw createArgumentError(`${layer}: size`, size, 'a list of two positive integers: rows and columns');
  }
  const [rows, columns] = size as readonly [number, number];
  COUNT(`${layer}: size[0]`, rows);
  COUNT(`${layer}: size[1]`, columns);
  checkWidth(layer, `${name} · size`, channels * rows * columns);
  return [channels, rows, columns];
}

/** The options of a layer that takes plain rows or images. */
interface RowsOrImages {
  readonly inputs?: number | undefined;
  readonly channels?: number | undefined;
  readonly size?: readonly [rows: number, columns: number] | undefined;
}

/**
 * Reads what a layer takes that gives as much: `inputs` for plain rows, or `channels` and `size` for images.
 * @returns the shape of the images, if it takes some, the options as a description has them, and the parts of the layer
 * @throws RangeError where neither or both are given, or one is wrong
 */
export function readRowsOrImages(layer: string, { inputs, channels, size }: RowsOrImages) {
  if ((inputs === undefined) === (channels === undefined && size === undefined)) {
    throw new RangeError(`${layer}: inputs is for plain rows, channels and size are for images; give one of the two`);
  }
  const shape = inputs === undefined ? readImages(layer, 'channels', channels as number, size ?? []) : undefined;
  const width = shape ? shape[0] * shape[1] * shape[2] : checkWidth(layer, 'inputs', inputs as number);
  return {
    shape,
    own: shape ? { channels, size: [shape[1], shape[2]] } : { inputs },
    ofLayer: { inputs: width, outputs: width, ...(shape && takingImages(layer, shape)), outputShape: shape },
  };
}

/** Windows that move over images. */
export interface Windows {
  /** Rows and columns of an image. */
  readonly size: readonly [number, number];
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  /** How many rows, and columns, are added on each side. */
  readonly padding: readonly [number, number];
}

/**
 * Rows and columns of the result: ⌊(size + 2·padding − window)/stride⌋ + 1.
 * @param name of the option with the window
 * @throws RangeError where the window is larger than the image with its padding
 */
export function countWindows(
  layer: string,
  name: string,
  { size, window, stride, padding }: Windows,
): readonly [number, number] {
  const counts = [0, 1].map((axis) => {
    const room = size[axis] + 2 * padding[axis] - window[axis];
    if (room >= 0) return Math.floor(room / stride[axis]) + 1;
    const [what, of] = [`${layer}: ${name}`, ['rows', 'columns'][axis]];
    throw new RangeError(
      `${what} has ${window[axis]} ${of}; it must have at most ${size[axis] + 2 * padding[axis]}, the size of an image with its padding`,
    );
  });
  return [counts[0], counts[1]];
}

/** The part of a layer for images that goes in, and that refuses a layer before it whose images have another shape. */
export function takingImages(kind: string, inputShape: ImageShape): Pick<Layer, 'inputShape' | 'checkBefore'> {
  return {
    inputShape,
    checkBefore({ kind: other, outputShape }) {
      if (!outputShape || `${outputShape}` === `${inputShape}`) return;
      throw new RangeError(
        `sequential: ${kind} takes images ${formatShape(inputShape)}, ${other} before it gives images ${formatShape(outputShape)}`,
      );
    },
  };
}
