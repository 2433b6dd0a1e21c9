/** The networks for images of Winston & Kolter (2020), in their sizes. */
import { COUNT, createArgumentError, isList } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { averagePooling } from './average-pooling.ts';
import { dense } from './dense.ts';
import type { ImageShape } from './layer.ts';
import { type MonotoneConvolutionOptions, monotoneConvolution } from './monotone-convolution.ts';
import { type Model, sequential } from './sequential.ts';

/** Options of `convolutionNetwork`. */
export interface ConvolutionNetworkOptions
  extends Pick<
    MonotoneConvolutionOptions,
    'kernel' | 'activation' | 'margin' | 'tolerance' | 'solver' | 'linearSolver' | 'step'
  > {
  /** Channels, rows and columns of the images that go in. */
  shape: ImageShape;
  /** Number of classes or targets. */
  outputs: number;
  /**
   * Channels of the convolution. Default, for images of at least 24 rows and columns: 54 for grey ones and 81 for others,
   * as the authors have for MNIST and CIFAR-10; and 16 for smaller ones.
   */
  channels?: number;
  /** Rows and columns of the windows whose means are taken. Default 4, as the authors have; 2 for smaller images. */
  window?: number;
}

/** Images of at least so many rows and columns get the sizes of the authors. */
const LARGE = 24;

/**
 * A monotone convolution, means of windows, and a dense layer: the "single" networks of Winston & Kolter (2020, appendix
 * D). `convolutionNetwork({ shape: [1, 28, 28], outputs: 10 })` is theirs for MNIST, with [3, 32, 32] that for CIFAR-10,
 * and with [1, 8, 8] one that learns the digits in less than a minute.
 * @throws RangeError where an option is wrong
 */
export function convolutionNetwork(options: ConvolutionNetworkOptions): Model {
  const all = { shape: 0, outputs: COUNT, channels: 0, window: 0, ...SOLVES } as const;
  const { shape, outputs, channels, window, ...solve } = readOptions(
    'convolutionNetwork',
    options,
    all,
    'shape',
    'outputs',
  );
  if (!isList(shape) || shape.length !== 3) {
    throw createArgumentError('convolutionNetwork: shape', shape, 'a list of three: channels, rows and columns');
  }
  for (const [axis, extent] of shape.entries()) COUNT(`convolutionNetwork: shape[${axis}]`, extent);
  const [inputChannels, rows, columns] = shape;
  const own = channels ?? chooseChannels(shape);
  const ownWindow = window ?? (isLarge(shape) ? 4 : Math.min(2, rows, columns));
  const size = [rows, columns] as const;
  const convolution = monotoneConvolution({ inputChannels, channels: own, size, ...solve });
  const means = averagePooling({ channels: own, size, window: ownWindow });
  return sequential(convolution, means, dense({ inputs: means.outputs, outputs }));
}

function isLarge([, rows, columns]: ImageShape): boolean {
  return Math.min(rows, columns) >= LARGE;
}

/** The channels of the convolution by default. */
export function chooseChannels(shape: ImageShape): number {
  if (!isLarge(shape)) return 16;
  return shape[0] === 1 ? 54 : 81;
}

const SOLVES = { kernel: 0, activation: 0, margin: 0, tolerance: 0, solver: 0, linearSolver: 0, step: 0 } as const;
