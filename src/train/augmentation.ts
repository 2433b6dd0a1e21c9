/** Random crops and flips of the images of a training step. */
import { isShapeOf } from '../data/image-shape.ts';
import type { Random } from '../data/random.ts';
import type { AnySamples } from '../data/samples.ts';
import type { Shared } from './evaluation-parts.ts';

/**
 * How training varies images, anew in every epoch. What happens to an image depends on the seed, the epoch and its row
 * alone: not on the batch, on the order of the rows, or on where training was resumed.
 */
export interface AugmentationOptions {
  /**
   * Pixels p, an integer from 1: the image gets a border of p zeros on each side, and a part of its own size is cut out
   * at random, each with the same probability. Zeros are black, or the mean where channels were standardised. Default: no
   * crop.
   */
  crop?: number;
  /** Whether half of the images, chosen at random, are mirrored from left to right. Default false. */
  flip?: boolean;
}

/** Returns the part with its images varied. @param rows the place of each sample in the training data */
export type Augment = (part: AnySamples, rows: ArrayLike<number>, random: Random, epoch: number) => AnySamples;

/** @throws RangeError where an option is out of range, nothing is varied, or the samples are no images */
export function createAugmentation(
  given: AugmentationOptions,
  samples: AnySamples,
  { COMMON_CHECKS, createArgumentError, readOptions }: Shared,
): { readonly augment: Augment; readonly configuration: AugmentationOptions } {
  const place = 'train: augmentation';
  const isFlag = (name: string, value: unknown): void => {
    if (typeof value !== 'boolean') throw createArgumentError(name, value, 'true or false');
  };
  const { crop, flip = false } = readOptions(place, given, { crop: COMMON_CHECKS.batch, flip: isFlag });
  const { shape = [], features } = samples;
  const [channels, height, width] = shape;
  if (shape.length !== 3) {
    throw new RangeError(`${place}: the samples have no shape [channels, rows, columns]; only images can be varied`);
  }
  if (!isShapeOf(shape, features)) {
    throw createArgumentError('train: data: shape', shape, `extents whose product is features, ${features}`);
  }
  if (crop === undefined && !flip) throw createArgumentError(place, given, '{ crop, flip } with at least one of them');
  if (crop !== undefined && crop >= Math.min(height, width)) {
    throw createArgumentError(
      `${place}: crop`,
      crop,
      `below ${Math.min(height, width)}, for images of ${height} × ${width}`,
    );
  }
  return {
    configuration: { crop, flip },
    augment(part, rows, random, epoch) {
      const inputs = new Float32Array(part.inputs.length);
      for (let row = 0; row < part.count; row++) {
        const own = random.fork(`augmentation of row ${rows[row]} in epoch ${epoch}`);
        // All numbers are drawn whatever the options, so that a flip is the same with and without crops.
        const [down, right, isMirrored] = [own.uniform(), own.uniform(), own.uniform() < 0.5];
        const offset = (share: number): number => (crop ? Math.floor(share * (2 * crop + 1)) - crop : 0);
        const moved = { down: offset(down), right: offset(right), isMirrored: flip && isMirrored };
        const start = row * part.features;
        for (let channel = 0; channel < channels; channel++) {
          copyMoved(part.inputs, inputs, start + channel * height * width, [height, width], moved);
        }
      }
      return { ...part, inputs };
    },
  };
}

interface Movement {
  /** Pixels by which the cut-out part lies below the image; negative above. */
  readonly down: number;
  readonly right: number;
  readonly isMirrored: boolean;
}

/** Copies one plane; pixels from outside are 0. */
function copyMoved(
  from: Float32Array,
  to: Float32Array,
  start: number,
  [height, width]: readonly [number, number],
  { down, right, isMirrored }: Movement,
): void {
  for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
    for (let x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
      const column = isMirrored ? width - 1 - x : x;
      to[start + y * width + column] = from[start + (y + down) * width + x + right];
    }
  }
}
