import { type Checks, readOptions } from '../arguments/options.ts';
import { readImages, takingImages } from './image-options.ts';
import type { Layer } from './layer.ts';

/** Options of `flatten`. */
export interface FlattenOptions {
  /** Channels of the images. */
  channels: number;
  /** Rows and columns of the images. */
  size: readonly [rows: number, columns: number];
}

const OPTIONS: Checks<FlattenOptions> = { channels: 0, size: 0 };

/**
 * The layer that makes a plain row of images: channel, row, column. No number changes or moves, since a row of images is
 * stored like that; but no layer after it sees images any more.
 */
export function flatten(options: FlattenOptions): Layer {
  const { channels, size } = readOptions('flatten', options, OPTIONS, 'channels', 'size');
  const shape = readImages('flatten', 'channels', channels, size);
  const width = channels * shape[1] * shape[2];
  return {
    kind: 'flatten',
    inputs: width,
    outputs: width,
    ...takingImages('flatten', shape),
    options: { channels, size: [shape[1], shape[2]] },
    parameters: [],
    forward: (x) => x,
  };
}
