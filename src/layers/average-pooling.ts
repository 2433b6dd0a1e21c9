import { COUNT, INDEX } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { countWindows, type Extents, readExtents, readImages, takingImages } from './image-options.ts';
import type { Layer } from './layer.ts';
import { applyPooling, poolingMatrices } from './pooling-matrix.ts';

/** Options of `averagePooling`. */
export interface AveragePoolingOptions {
  /** Channels of the images. */
  channels: number;
  /** Rows and columns of the images that go in. */
  size: readonly [rows: number, columns: number];
  /** Rows and columns of a window: one number for both, or two. */
  window: Extents;
  /** How far apart windows are. Default: `window`. */
  stride?: Extents;
  /** Rows and columns of zeros on each side, at most half a window. Zeros count in the mean. Default 0. */
  padding?: Extents;
}

const OPTIONS: Checks<AveragePoolingOptions> = { channels: 0, size: 0, window: 0, stride: 0, padding: 0 };

/**
 * The layer whose numbers are the means of windows, channel by channel, as `AvgPool2d` of PyTorch computes them. Images
 * that come out have ⌊(size + 2·padding − window)/stride⌋ + 1 rows and columns; a remainder is left out.
 * @throws RangeError where an option is wrong, or a window is larger than the image with its padding
 */
export function averagePooling(options: AveragePoolingOptions): Layer {
  const { shape, output, given, ...windows } = readPooling('averagePooling', options);
  const [channels, rows, columns] = shape;
  const matrices = poolingMatrices(windows, [output[1], output[2]]);
  return {
    kind: 'averagePooling',
    inputs: channels * rows * columns,
    outputs: channels * output[1] * output[2],
    ...takingImages('averagePooling', shape),
    outputShape: output,
    options: given,
    parameters: [],
    forward: (x) => applyPooling(x, matrices),
  };
}

/** Reads the options of a layer that moves a window over each channel. */
export function readPooling(layer: string, options: AveragePoolingOptions) {
  const {
    channels,
    size,
    window: w,
    stride: s = w,
    padding: p = 0,
  } = readOptions(layer, options, OPTIONS, 'channels', 'size', 'window');
  const shape = readImages(layer, 'channels', channels, size);
  const window = readExtents(`${layer}: window`, w, COUNT);
  const stride = readExtents(`${layer}: stride`, s, COUNT);
  const padding = readExtents(`${layer}: padding`, p, INDEX);
  for (const axis of [0, 1]) {
    if (2 * padding[axis] <= window[axis]) continue;
    throw new RangeError(
      `${layer}: padding is ${padding[axis]}; it must be at most half of the window, ${window[axis]}`,
    );
  }
  const windows = { size: [shape[1], shape[2]] as const, window, stride, padding };
  const output = [channels, ...countWindows(layer, 'window', windows)] as const;
  return { ...windows, shape, output, given: { channels, ...windows } };
}
