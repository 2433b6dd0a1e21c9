import { type Checks, readOptions } from '../arguments/options.ts';
import { checkRate } from '../tensor/normalise.ts';
import { checkWidth, type Layer } from './layer.ts';

/** Options of the layer `dropout`. */
export interface DropoutLayerOptions {
  /** Width of a row. */
  inputs: number;
  /** Probability with which a step of training sets a number to 0, from 0 to below 1. Default 0.5. */
  rate?: number;
}

const OPTIONS: Checks<DropoutLayerOptions> = { inputs: 0, rate: 0 };

/**
 * A layer that, in training, sets each number to 0 with probability `rate` and divides the others by 1 − rate
 * (Srivastava et al. 2014). Outside of training it changes nothing. What it drops depends only on the seed of the
 * training, the step and the layer.
 */
export function dropout(options: DropoutLayerOptions): Layer {
  const { inputs, rate = 0.5 } = readOptions('dropout', options, OPTIONS);
  checkWidth('dropout', 'inputs', inputs);
  checkRate('dropout', rate);
  return {
    kind: 'dropout',
    inputs,
    outputs: inputs,
    options: { inputs, rate },
    parameters: [],
    forward: (x, _, { training }) =>
      training && rate > 0 ? x.dropout(rate, { seed: training.random.integer(2 ** 32) }) : x,
  };
}
