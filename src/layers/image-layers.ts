import { activation } from './activation.ts';
import { averagePooling } from './average-pooling.ts';
import { batchNorm } from './batch-norm.ts';
import { convolution } from './convolution.ts';
import type { LayerMaker } from './description.ts';
import { flatten } from './flatten.ts';
import { maximumPooling } from './maximum-pooling.ts';
import { monotoneConvolution } from './monotone-convolution.ts';
import { residualFrom } from './residual.ts';

/**
 * The makers of the layers for images, by kind: `modelFrom(checkpoint, engine, { layers: imageLayers })` loads a model
 * that has some of them.
 */
export const imageLayers: Readonly<Record<string, LayerMaker>> = {
  activation,
  averagePooling,
  batchNorm,
  convolution,
  flatten,
  maximumPooling,
  monotoneConvolution,
  residual: residualFrom,
};
