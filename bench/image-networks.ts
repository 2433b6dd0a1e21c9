/** Three networks for the images of each data set, with about as many parameters each. */
import {
  convolution,
  convolutionNetwork,
  dense,
  type ImageShape,
  type Model,
  maximumPooling,
  monotone,
  sequential,
} from '../src/index.ts';

interface ImageSet {
  readonly title: string;
  readonly shape: ImageShape;
  /** Channels of the monotone convolution, and of the first of the plain ones. */
  readonly channels: number;
  /** Channels of the second plain convolution. */
  readonly secondChannels: number;
  /** Units of the dense monotone layer. */
  readonly width: number;
}

// The channels are so few that all runs take half an hour on two cores.
export const IMAGE_SETS = {
  fashion: { title: 'Fashion-MNIST', shape: [1, 28, 28], channels: 8, secondChannels: 30, width: 21 },
  cifar: { title: 'CIFAR', shape: [3, 32, 32], channels: 12, secondChannels: 44, width: 11 },
} as const satisfies Record<string, ImageSet>;
export type ImageSetName = keyof typeof IMAGE_SETS;

const CLASSES = 10;
/** The relative residual at which solves stop. */
export const TOLERANCE = 1e-2;
/** Of Adam: the rate of Winston & Kolter. */
export const RATE = 1e-3;

export const IMAGE_NETWORKS: Readonly<Record<string, (set: ImageSet) => Model>> = {
  'monotone convolution': ({ shape, channels }) =>
    convolutionNetwork({ shape, outputs: CLASSES, channels, window: 2, tolerance: TOLERANCE }),
  'dense monotone': ({ shape, width }) =>
    sequential(
      monotone({ inputs: shape[0] * shape[1] * shape[2], width, tolerance: TOLERANCE }),
      dense({ inputs: width, outputs: CLASSES }),
    ),
  'plain convolutions': plainConvolutions,
};

/** Two convolutions with relu, each with the greatest of windows of 2 × 2 after it, and a dense layer. */
function plainConvolutions({ shape: [inputChannels, rows, columns], channels, secondChannels }: ImageSet): Model {
  const [size, half, quarter] = [1, 2, 4].map((part) => [rows / part, columns / part] as const);
  const common = { padding: 1, activation: 'relu' } as const;
  return sequential(
    convolution({ inputChannels, channels, size, ...common }),
    maximumPooling({ channels, size, window: 2 }),
    convolution({ inputChannels: channels, channels: secondChannels, size: half, ...common }),
    maximumPooling({ channels: secondChannels, size: half, window: 2 }),
    dense({ inputs: secondChannels * quarter[0] * quarter[1], outputs: CLASSES }),
  );
}

export function countParameters(model: Model): number {
  const shapes = model.layers.flatMap(({ parameters }) => parameters.map(({ shape }) => shape));
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
