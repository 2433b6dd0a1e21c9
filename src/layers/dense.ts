import { type Checks, readOptions } from '../arguments/options.ts';
import { affine } from '../tensor/operations.ts';
import { activate, checkActivation, type LayerActivation } from './activate.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

/** Options of `dense`. */
export interface DenseOptions {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width of a row that comes out. */
  outputs: number;
  /** Applied to each output, with its default parameters. Default none. */
  activation?: LayerActivation;
}

const OPTIONS: Checks<DenseOptions> = { inputs: 0, outputs: 0, activation: 0 };

/** The layer y = activation(Wx + b): W [outputs, inputs] and b [outputs] both start uniform on ±1/√inputs. */
export function dense(options: DenseOptions): Layer {
  const { inputs, outputs, activation = 'none' } = readOptions('dense', options, OPTIONS);
  checkWidth('dense', 'inputs', inputs);
  checkWidth('dense', 'outputs', outputs);
  checkActivation('dense', activation);
  return {
    kind: 'dense',
    inputs,
    outputs,
    options: { inputs, outputs, activation },
    parameters: [uniformParameter('W', [outputs, inputs], inputs), uniformParameter('b', [outputs], inputs)],
    forward: (x, [W, b]) => activate(affine(x, W, b), activation),
  };
}
