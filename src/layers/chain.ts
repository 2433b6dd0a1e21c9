/** Layers one after the other: whether the rows of each fit the next. */
import { type ImageShape, LAYER, type Layer } from './layer.ts';

/**
 * @param place of the layers, for error messages
 * @throws RangeError where the widths of two neighbours differ, or both have shapes and these differ
 */
export function checkChain(place: string, layers: readonly Layer[]): void {
  for (const [index, layer] of layers.entries()) {
    LAYER(`${place}: layer ${index}`, layer);
    const before = layers[index - 1];
    if (!before) continue;
    const [takes, gives] = [layer.inputShape, shapeBehind(layers.slice(0, index))].map(asImages);
    if (before.outputs === layer.inputs && (!takes || !gives || takes === gives)) continue;
    throw new RangeError(
      `${place}: layer ${index} (${layer.kind}) takes ${layer.inputs} inputs${takes}, layer ${index - 1} (${before.kind}) gives ${before.outputs} outputs${gives}`,
    );
  }
}

/** The images that come out of the last layer. @param shape of those that go into the first */
export function shapeBehind(layers: readonly Layer[], shape?: ImageShape): ImageShape | undefined {
  return layers.reduce((before, layer) => layer.outputShape ?? (layer.keepsShape ? before : undefined), shape);
}

/** Such as ` = 54 × 28 × 28`; empty where there is no shape. */
export function asImages(shape: ImageShape | undefined): string {
  return shape ? ` = ${shape.join(' × ')}` : '';
}
