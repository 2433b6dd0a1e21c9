/** Layers one after the other: whether the rows of each fit the next. */
import { formatShape } from '../tensor/shape.ts';
import { type ImageShape, LAYER, type Layer } from './layer.ts';

/**
 * @param place of the layers, for error messages
 * @throws RangeError where the widths of two neighbours differ, or both have shapes and these differ
 */
export function checkChain(place: string, layers: readonly Layer[]): void {
  for (const [index, layer] of layers.entries()) {
    LAYER(`${place}: layer ${index}`, layer);
    const before = layers[index - 1];
    if (before && !fits(before, layer)) {
      throw new RangeError(
        `${place}: layer ${index} (${layer.kind}) takes ${formatWidth(layer.inputs, layer.inputShape)} inputs, layer ${index - 1} (${before.kind}) gives ${formatWidth(before.outputs, before.outputShape)} outputs`,
      );
    }
  }
}

function fits({ outputs, outputShape }: Layer, { inputs, inputShape }: Layer): boolean {
  return outputs === inputs && (!outputShape || !inputShape || `${outputShape}` === `${inputShape}`);
}

/** Such as `12 = [3, 2, 2]`. */
export function formatWidth(width: number, shape: ImageShape | undefined): string {
  return shape ? `${width} = ${formatShape(shape)}` : `${width}`;
}
