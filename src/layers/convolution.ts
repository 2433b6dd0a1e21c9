import { BOOLEAN, COUNT, INDEX } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { activate, checkActivation, type LayerActivation } from './activate.ts';
import { correlate } from './image-convolution.ts';
import { countWindows, type Extents, readExtents, readImages, takingImages } from './image-options.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

/** Options of `convolution`. */
export interface ConvolutionOptions {
  /** Channels of the images that go in. */
  inputChannels: number;
  /** Channels of the images that come out. */
  channels: number;
  /** Rows and columns of the images that go in. */
  size: readonly [rows: number, columns: number];
  /** Rows and columns of a kernel: one number for both, or two. Default 3. */
  kernel?: Extents;
  /** How far apart the places are at which the kernel is put. Default 1. */
  stride?: Extents;
  /** Rows and columns of zeros on each side of the image. Default 0. */
  padding?: Extents;
  /** Whether a number is added to each channel. Default true. */
  bias?: boolean;
  /** Applied to each output, with its default parameters. Default none. */
  activation?: LayerActivation;
}

const OPTIONS: Checks<ConvolutionOptions> = {
  inputChannels: 0,
  channels: COUNT,
  size: 0,
  kernel: 0,
  stride: 0,
  padding: 0,
  bias: BOOLEAN,
  activation: 0,
};

/**
 * The layer activation(K ⋆ x + b) on images, with the conventions of `Conv2d` of PyTorch: kernels are not flipped, and
 * images that come out have ⌊(size + 2·padding − kernel)/stride⌋ + 1 rows and columns.
 *
 * K is [channels, inputChannels, rows, columns] and b [channels]; both start uniform on ±1/√(inputChannels·rows·columns),
 * with the rows and columns of a kernel.
 * @throws RangeError where an option is wrong, or the kernel is larger than the image with its padding
 */
export function convolution(options: ConvolutionOptions): Layer {
  const {
    inputChannels,
    channels,
    size,
    kernel = 3,
    stride: s = 1,
    padding: p = 0,
    bias = true,
    activation = 'none',
  } = readOptions('convolution', options, OPTIONS, 'inputChannels', 'channels', 'size');
  const shape = readImages('convolution', 'inputChannels', inputChannels, size);
  const window = readExtents('convolution: kernel', kernel, COUNT);
  const stride = readExtents('convolution: stride', s, COUNT);
  const padding = readExtents('convolution: padding', p, INDEX);
  checkActivation('convolution', activation);
  const windows = { size: [shape[1], shape[2]] as const, window, stride, padding };
  const counts = countWindows('convolution', 'kernel', windows);
  const outputs = checkWidth('convolution', 'channels · size with padding', channels * counts[0] * counts[1]);
  const fanIn = inputChannels * window[0] * window[1];
  const kernels = uniformParameter('K', [channels, inputChannels, ...window], fanIn);
  return {
    kind: 'convolution',
    inputs: inputChannels * shape[1] * shape[2],
    outputs,
    ...takingImages('convolution', shape),
    outputShape: [channels, ...counts],
    options: { inputChannels, channels, size: windows.size, kernel: window, stride, padding, bias, activation },
    parameters: bias ? [kernels, uniformParameter('b', [channels], fanIn)] : [kernels],
    forward: (x, [K, b]) => activate(correlate(x, K, b, { ...windows, counts }), activation),
  };
}
