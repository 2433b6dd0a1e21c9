import { averagePooling } from './average-pooling.ts';
import { convolution } from './convolution.ts';
import type { LayerMaker } from './description.ts';
import { flatten } from './flatten.ts';
import { monotoneConvolution } from './monotone-convolution.ts';

/**
 * The makers of the layers for images, by kind: `modelFrom(checkpoint, engine, { layers: imageLayers })` loads a model
 * that has some of them.
 */
export const imageLayers: Readonly<Record<string, LayerMaker>> = {
  averagePooling,
  convolution,
  flatten,
  monotoneConvolution,
};
