/** Reads the images that `--data` names: a folder of IDX files, or the binary files of CIFAR. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findBatches } from '../data/cifar-dataset.ts';
import {
  cifarFromFiles,
  type ImageDataset,
  imageFileNames,
  imagesFromFiles,
  type Limits,
  type NamedFile,
} from '../data/index.ts';
import { readBytes } from './files.ts';
import { InputError } from './io.ts';
import { type Arguments, readChoice } from './options.ts';
import { refuseOptions } from './table-options.ts';

/** Whether the name is that of a binary file, as CIFAR has them, such as data_batch_1.bin. */
export function isBinaryName(path: string): boolean {
  return /\.bin(\.gz)?$/i.test(path);
}

/** What the options say of images. */
interface ImageChoice {
  /** Whether each channel is scaled to mean 0 and deviation 1. */
  readonly standardise: boolean | undefined;
  /** The share to test on, where no file is for that. */
  readonly heldOut: number | undefined;
  readonly seed: number;
  readonly limits: Partial<Limits>;
}

/**
 * @throws InputError where a share is to be held out, and the files have a test part; or labels are chosen, and there is
 *   no choice
 */
export async function readImageFiles(
  path: string,
  isFolder: boolean,
  given: Arguments,
  { standardise, heldOut, seed, limits }: ImageChoice,
): Promise<ImageDataset> {
  const names = isFolder ? await readdir(path) : [basename(path)];
  const folder = isFolder ? path : join(path, '..');
  const read = (chosen: readonly string[]): Promise<NamedFile[]> =>
    Promise.all(
      chosen.map(async (name) => {
        const file = isFolder ? join(folder, name) : path;
        return { name, bytes: await readBytes(`--data ${file}`, file) };
      }),
    );
  const options = { name: basename(join(path)), standardise, limits };
  const { train, test } = isFolder ? findBatches(names) : { train: names, test: [] };
  const isCIFAR = train.length > 0;
  if (heldOut !== undefined && !(isCIFAR && test.length === 0)) {
    throw new InputError('--held-out: the files have a test part already');
  }
  if (!isCIFAR) {
    refuseOptions(given, ['target'], 'it is for a CSV or a .npz file or files of CIFAR-100, and these are IDX files');
    return imagesFromFiles(await read(Object.values(imageFileNames(names))), options);
  }
  const labels = readChoice(given, 'target', ['fine', 'coarse']);
  const dataset = await cifarFromFiles(await read([...train, ...test]), { ...options, heldOut, seed, labels });
  if (dataset.test.count > 0) return dataset;
  throw new InputError(`--data ${path}: no class has so many images that one can be held out; --held-out is the share`);
}
