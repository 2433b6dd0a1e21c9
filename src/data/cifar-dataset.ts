/** Data sets of the binary files of CIFAR: which files are which, and the names of the classes. */
import { createArgumentError, createNumberCheck, INDEX, TEXTS } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import {
  CIFAR_OPTIONS,
  type CIFARKind,
  type CIFAROptions,
  type CIFARRecords,
  countCIFARClasses,
  decodeRecords,
  splitRecords,
} from './cifar.ts';
import {
  checkFiles,
  createImageDataset,
  IMAGE_FILE_OPTIONS,
  type ImageDataset,
  type ImageFileOptions,
  type LabelledImages,
  listFiles,
  type NamedFile,
  prefixErrors,
  withoutCompressedTwins,
} from './images.ts';
import { DataError } from './limits.ts';
import { splitSamples } from './samples.ts';
import { readBytes } from './source.ts';

const PATTERNS = {
  train: /(^|[\\/_-])((data|train)_batch(_\d+)?|train)\.bin(\.gz)?$/i,
  test: /(^|[\\/_-])test(_batch)?\.bin(\.gz)?$/i,
};

/** The files of a data set of CIFAR, by name. */
export interface CIFARFileNames {
  /** The batches of the training part, in their order. */
  readonly train: readonly string[];
  /** The batches of the test part; none where rows of the training part are held out. */
  readonly test: readonly string[];
}

/**
 * Finds the files of CIFAR among the names: data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train.bin and
 * test.bin. Names may have a prefix and end in .gz. If a file exists both plain and as .gz, the plain one is taken.
 *
 * @throws DataError that lists the given names where none is of the training part
 */
export function cifarFileNames(names: readonly string[]): CIFARFileNames {
  TEXTS('cifarFileNames: names', names);
  const { train, test } = findBatches(names);
  if (train.length > 0) return { train, test };
  throw new DataError(
    `no training part of CIFAR: data_batch_1.bin, … or train.bin (or the same with .gz) not found; ${listFiles(names)}`,
  );
}

/** The files of both parts, which may be absent. */
export function findBatches(names: readonly string[]): CIFARFileNames {
  const find = (pattern: RegExp): string[] =>
    withoutCompressedTwins(names.filter((name) => pattern.test(name))).sort((a, b) =>
      a.localeCompare(b, 'en', { numeric: true }),
    );
  return { train: find(PATTERNS.train), test: find(PATTERNS.test) };
}

/** Options of `cifarFromFiles`. */
export interface CIFARFileOptions extends CIFAROptions, ImageFileOptions {
  /**
   * Share of the images that is held out as the test part, in (0, 1), where no file is that part; of each class about
   * the same share. Default 0.2.
   */
  heldOut?: number;
  /** Seed for the choice of these images, an integer from 0. Default 0. */
  seed?: number;
}

const OPTIONS: Checks<CIFARFileOptions> = {
  ...IMAGE_FILE_OPTIONS,
  ...CIFAR_OPTIONS,
  heldOut: createNumberCheck('a number in (0, 1)', (value) => value > 0 && value < 1),
  seed: INDEX,
};

const CIFAR_10 = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

/**
 * Reads a data set of CIFAR-10 or CIFAR-100 from its binary files, which are found by their names as in
 * `cifarFileNames`; a single file may have any name. Class names are those of CIFAR-10, or numbers, unless
 * `classNames` gives them.
 *
 * @throws DataError that names the file in which something is wrong
 */
export async function cifarFromFiles(files: readonly NamedFile[], given?: CIFARFileOptions): Promise<ImageDataset> {
  const options = readOptions('cifarFromFiles', given, OPTIONS);
  checkFiles('cifarFromFiles', files);
  const names = files.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new DataError(`${twice} is there twice; keep one, or give them different names`);
  const found = files.length === 1 ? { train: names, test: [] } : cifarFileNames(names);
  const read = async (batches: readonly string[]): Promise<CIFARRecords[]> => {
    const given = batches.map((name) => files.find((file) => file.name === name) as NamedFile);
    return Promise.all(given.map((file) => prefixErrors(file.name, readRecords(file, options))));
  };
  const [train, test] = [await read(found.train), await read(found.test)];
  const kind = checkSameKind([...train, ...test]);
  const { heldOut = 0.2, seed = 0, name = kind, standardise, labels } = options;
  const classes = countCIFARClasses(kind, labels);
  const classNames = options.classNames ?? nameClasses(kind, classes);
  if (classes > 0 && classNames.length !== classes) {
    throw createArgumentError('cifarFromFiles: classNames', classNames, `a list of ${classes} names`);
  }
  const all = decodeRecords(train, options);
  const parts = test.length > 0 ? [all, decodeRecords(test, options)] : holdOut(all, heldOut, seed);
  return createImageDataset({ train: parts[0], test: parts[1], name, standardise, classNames });
}

async function readRecords({ name, bytes }: NamedFile, options: CIFAROptions): Promise<CIFARRecords> {
  return { ...splitRecords(await readBytes(bytes, options), options.kind), name };
}

function checkSameKind(files: readonly CIFARRecords[]): CIFARKind {
  const [first] = files;
  const other = files.find(({ kind }) => kind !== first.kind);
  if (other)
    throw new DataError(`${first.name} is of ${first.kind}, ${other.name} of ${other.kind}; keep one data set`);
  return first.kind;
}

function nameClasses(kind: CIFARKind, classes: number): readonly string[] {
  return kind === 'CIFAR-10' ? CIFAR_10 : Array.from({ length: classes }, (_, label) => String(label));
}

function holdOut(images: LabelledImages, heldOut: number, seed: number): readonly LabelledImages[] {
  return splitSamples(images, 1 - heldOut, seed, { stratified: true }).map((part) => ({
    ...part,
    shape: images.shape,
  }));
}
