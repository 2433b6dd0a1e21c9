import { COUNT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { activate, checkActivation, type LayerActivation } from './activate.ts';
import { readRowsOrImages } from './image-options.ts';
import type { Layer } from './layer.ts';

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
  const { activation, ...rows } = readOptions('activation', options, OPTIONS, 'activation');
  const { own, ofLayer } = readRowsOrImages('activation', rows);
  checkActivation('activation', activation);
  return {
    kind: 'activation',
    ...ofLayer,
    options: { ...own, activation },
    parameters: [],
    forward: (x) => activate(x, activation),
  };
}
