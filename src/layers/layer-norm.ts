import { POSITIVE } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { checkWidth, constantParameter, type Layer } from './layer.ts';

/** Options of the layer `layerNorm`. */
export interface LayerNormLayerOptions {
  /** Width of a row. */
  inputs: number;
  /** Is added to the variance; > 0. Default 1e-5. */
  epsilon?: number;
}

const OPTIONS: Checks<LayerNormLayerOptions> = { inputs: 0, epsilon: POSITIVE };

/**
 * The layer gain·(x − mean)/√(variance + ε) + bias for each row (Ba, Kiros and Hinton 2016); gain starts at 1, bias
 * at 0.
 */
export function layerNorm(options: LayerNormLayerOptions): Layer {
  const { inputs, epsilon = 1e-5 } = readOptions('layerNorm', options, OPTIONS);
  checkWidth('layerNorm', 'inputs', inputs);
  return {
    kind: 'layerNorm',
    inputs,
    outputs: inputs,
    options: { inputs, epsilon },
    parameters: [constantParameter('gain', [inputs], 1), constantParameter('bias', [inputs], 0)],
    forward: (x, [gain, bias]) => x.layerNorm({ gain, bias, epsilon }),
  };
}
