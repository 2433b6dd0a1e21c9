/** The single-layer convolutional networks of Winston & Kolter, and images for them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFileNames, imagesFromFiles, type Samples } from '../src/data/index.ts';
import { random } from '../src/data/random.ts';
import { dense, type Model, type MonotoneConvolutionOptions, monotoneConvolution, sequential } from '../src/index.ts';

export const NETWORKS = {
  'MNIST single 54': { inputChannels: 1, channels: 54, size: [28, 28] },
  'CIFAR single 81': { inputChannels: 3, channels: 81, size: [32, 32] },
} as const;
export type NetworkName = keyof typeof NETWORKS;
export type Network = (typeof NETWORKS)[NetworkName];

export const CLASSES = 10;
/** The relative residual at which solves stop; the authors stop at a relative step of the same size. */
export const TOLERANCE = 1e-2;
/** Far below what float32 reaches, so that every sample takes all iterations. */
export const UNREACHABLE = 1e-30;
/** The authors' rate of Adam. */
export const RATE = 1e-3;

export function modelOf(
  { inputChannels, channels, size }: Network,
  more: Partial<MonotoneConvolutionOptions> = {},
): Model {
  const [rows, columns] = size;
  return sequential(
    monotoneConvolution({ inputChannels, channels, size, tolerance: TOLERANCE, ...more }),
    dense({ inputs: channels * rows * columns, outputs: CLASSES }),
  );
}

export function featuresOf({ inputChannels, size }: Network): number {
  return inputChannels * size[0] * size[1];
}

/**
 * Images of uniform numbers; in those of class c, all numbers of one tenth of the pixels are larger by ½, so that there
 * is something to learn.
 */
export function generatedSamples(network: Network, count: number, seed: number): Samples {
  const features = featuresOf(network);
  const generator = random(seed);
  const labels = Int32Array.from({ length: count }, (_, sample) => sample % CLASSES);
  const part = Math.floor(features / CLASSES);
  const inputs = Float32Array.from({ length: count * features }, (_, at) => {
    const isMarked = Math.floor((at % features) / part) === labels[Math.floor(at / features)];
    return (generator.uniform() + Number(isMarked) / 2) / 1.5;
  });
  return { inputs, labels, count, features };
}

/**
 * The training part of a folder with the four IDX files of MNIST or of Fashion-MNIST; generated images for a network
 * that does not take these.
 */
export async function samplesFor(network: Network, count: number, folder: string | undefined): Promise<Samples> {
  if (folder === undefined || network.inputChannels !== 1) return generatedSamples(network, count, 0);
  const names = Object.values(imageFileNames(await readdir(folder)));
  const files = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
  const { train } = await imagesFromFiles(files);
  if (train.features !== featuresOf(network)) {
    throw new RangeError(`--data: the images have ${train.features} numbers; they must have ${featuresOf(network)}`);
  }
  const { features } = train;
  return {
    inputs: Float32Array.from(train.inputs.subarray(0, count * features)),
    labels: Int32Array.from(train.labels.subarray(0, count)),
    count: Math.min(count, train.count),
    features,
  };
}
