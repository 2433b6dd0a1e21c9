import { checkWidth, constantParameter, type Layer } from './layer.ts';

export interface LayerNormLayerOptions {
  inputs: number;
  /** Added to the variance, > 0. Default 1e-5. */
  epsilon?: number;
}

/** gain·(x − mean)/√(variance + ε) + bias for each row (Ba, Kiros and Hinton 2016); gain starts at 1, bias at 0. */
export function layerNorm({ inputs, epsilon = 1e-5 }: LayerNormLayerOptions): Layer {
  checkWidth('layerNorm', 'inputs', inputs);
  if (!(epsilon > 0 && Number.isFinite(epsilon))) {
    throw new RangeError(`layerNorm: epsilon is ${epsilon}; it must be a finite number > 0`);
  }
  return {
    kind: 'layerNorm',
    inputs,
    outputs: inputs,
    options: { inputs, epsilon },
    parameters: [constantParameter('gain', [inputs], 1), constantParameter('bias', [inputs], 0)],
    forward: (x, [gain, bias]) => x.layerNorm({ gain, bias, epsilon }),
  };
}
