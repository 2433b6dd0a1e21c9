/** `--augment`: how training varies images. */
import type { TrainOptions } from '../index.ts';
import { formatValue, InputError } from './io.ts';
import type { Rows } from './model-settings.ts';
import type { Arguments } from './options.ts';

export const AUGMENT_OPTION = {
  augment: {
    value: '<what>',
    description:
      'images: vary those of training in every epoch: crop=<pixels> moves them, flip mirrors half of them; crop=4,flip does both',
    fallback: 'none',
  },
};

type Augmentation = NonNullable<TrainOptions['augmentation']>;

/**
 * @param rows undefined before the data say them
 * @throws InputError where it is not understood, or the data are no images
 */
export function readAugmentation({ options: { augment } }: Arguments, rows?: Rows): Augmentation | undefined {
  if (augment === undefined) return undefined;
  let found: Augmentation = {};
  for (const entry of augment.split(',')) {
    const part = readEntry(entry.trim());
    if (!part || Object.keys(part).some((name) => name in found)) {
      throw new InputError(
        `--augment: it is ${formatValue(augment)}; it must be crop=<pixels>, flip, or both with a comma between`,
      );
    }
    found = { ...found, ...part };
  }
  if (rows) checkImages(found, rows);
  return found;
}

function readEntry(entry: string): Augmentation | undefined {
  if (entry === 'flip') return { flip: true };
  const crop = Number(entry.match(/^crop=(\d+)$/)?.[1]);
  return Number.isSafeInteger(crop) && crop > 0 ? { crop } : undefined;
}

function checkImages({ crop = 0 }: Augmentation, { shape = [] }: Rows): void {
  if (shape.length !== 3) throw new InputError('--augment: it is for images, and these data are no images');
  const [, height, width] = shape;
  if (crop < Math.min(height, width)) return;
  throw new InputError(
    `--augment: crop is ${crop}; it must be below ${Math.min(height, width)}, for images of ${height} × ${width}`,
  );
}
