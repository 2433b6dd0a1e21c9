import { createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { affine } from '../tensor/operations.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

export const ACTIVATIONS = [
  'none',
  'relu',
  'tanh',
  'sigmoid',
  'leakyRelu',
  'elu',
  'softplus',
  'softsign',
  'arctan',
] as const;

/** Options of `dense`. */
export interface DenseOptions {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width of a row that comes out. */
  outputs: number;
  /** Applied to each output, with its default parameters. Default none. */
  activation?: (typeof ACTIVATIONS)[number];
}

const OPTIONS: Checks<DenseOptions> = { inputs: 0, outputs: 0, activation: 0 };

/** The layer y = activation(Wx + b): W [outputs, inputs] and b [outputs] both start uniform on ±1/√inputs. */
export function dense(options: DenseOptions): Layer {
  const { inputs, outputs, activation = 'none' } = readOptions('dense', options, OPTIONS);
  checkWidth('dense', 'inputs', inputs);
  checkWidth('dense', 'outputs', outputs);
  if (!ACTIVATIONS.includes(activation)) {
    throw createArgumentError('dense: activation', activation, `one of ${ACTIVATIONS.join(', ')}`);
  }
  return {
    kind: 'dense',
    inputs,
    outputs,
    options: { inputs, outputs, activation },
    parameters: [uniformParameter('W', [outputs, inputs], inputs), uniformParameter('b', [outputs], inputs)],
    forward(x, [W, b]) {
      const y = affine(x, W, b);
      return activation === 'none' ? y : y[activation]();
    },
  };
}
