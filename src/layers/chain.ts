/** Layers one after the other: whether the rows of each fit the next. */
import { formatShape } from '../tensor/shape.ts';
import { type ImageShape, LAYER, type Layer } from './layer.ts';

/**
 * @param place of the layers, for error messages
 * @returns the images that come out of the last layer, if its rows are images
 * @throws RangeError where the widths of two neighbours differ, or both have shapes and these differ
 */
export function checkChain(place: string, layers: readonly Layer[]): ImageShape | undefined {
  let shape: ImageShape | undefined;
  for (const [index, layer] of layers.entries()) {
    LAYER(`${place}: layer ${index}`, layer);
    const { kind, inputs, inputShape, outputShape, keepsShape } = layer;
    const before = layers[index - 1];
    if (before && (before.outputs !== inputs || (shape && inputShape && `${shape}` !== `${inputShape}`))) {
      throw new RangeError(
        `${place}: layer ${index} (${kind}) takes ${formatWidth(inputs, inputShape)} inputs, layer ${index - 1} (${before.kind}) gives ${formatWidth(before.outputs, shape)} outputs`,
      );
    }
    shape = outputShape ?? (keepsShape ? (inputShape ?? shape) : undefined);
  }
  return shape;
}

/** Such as `12 = [3, 2, 2]`. */
export function formatWidth(width: number, shape: ImageShape | undefined): string {
  return shape ? `${width} = ${formatShape(shape)}` : `${width}`;
}
