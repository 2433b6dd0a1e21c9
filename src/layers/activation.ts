import { COUNT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { activate, checkActivation, type LayerActivation } from './activate.ts';
import { readImages, takingImages } from './image-options.ts';
import { checkWidth, type Layer } from './layer.ts';

/** Options of `activation`: for plain rows `inputs`, for images `channels` and `size`. */
export interface ActivationOptions {
  /** Width of a plain row. */
  inputs?: number;
  /** Channels of images. */
  channels?: number;
  /** Rows and columns of images. */
  size?: readonly [rows: number, columns: number];
  /** Applied to each number, with its default parameters. */
  activation: LayerActivation;
}

const OPTIONS: Checks<ActivationOptions> = { inputs: COUNT, channels: 0, size: 0, activation: 0 };

/**
 * The layer that applies an activation to each number, for where no layer before it does: after the sum of a `residual`,
 * as the networks of He et al. (2016) have it.
 * @throws RangeError where an option is wrong
 */
export function activation(options: ActivationOptions): Layer {
  const { inputs, channels, size, activation } = readOptions('activation', options, OPTIONS, 'activation');
  if ((inputs === undefined) === (channels === undefined && size === undefined)) {
    throw new RangeError('activation: inputs is for plain rows, channels and size are for images; give one of the two');
  }
  checkActivation('activation', activation);
  const shape = inputs === undefined ? readImages('activation', 'channels', channels as number, size ?? []) : undefined;
  const width = shape ? shape[0] * shape[1] * shape[2] : checkWidth('activation', 'inputs', inputs as number);
  const own = shape ? { channels, size: [shape[1], shape[2]] } : { inputs };
  return {
    kind: 'activation',
    inputs: width,
    outputs: width,
    ...(shape && takingImages('activation', shape)),
    outputShape: shape,
    options: { ...own, activation },
    parameters: [],
    forward: (x) => activate(x, activation),
  };
}
