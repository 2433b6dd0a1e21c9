import { type Checks, readOptions } from '../arguments/options.ts';
import { checkRate } from '../tensor/normalise.ts';
import { checkWidth, type Layer } from './layer.ts';

export interface DropoutLayerOptions {
  inputs: number;
  /** Share of the numbers that a step of training sets to 0, from 0 to below 1. Default 0.5. */
  rate?: number;
}

const OPTIONS: Checks<DropoutLayerOptions> = { inputs: 0, rate: 0 };

/**
 * In training each number is 0 with probability `rate` and else divided by 1 − rate (Srivastava et al. 2014); otherwise
 * what comes in goes out. What is dropped depends on the seed of the training, the step and the layer alone.
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
