import { BOOLEAN, COUNT, createArgumentCheck, INDEX, isListOf, LIST, OBJECT, TEXT, TEXTS } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { channelStandardisationOf, standardiseChannels } from './channels.ts';
import type { Dataset } from './dataset.ts';
import { type IDXArray, readArray } from './idx.ts';
import { interleaved, layoutOf, toPlanes, withoutSingleChannel } from './image-shape.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import type { ImagePreparation } from './preparation.ts';
import type { Samples } from './samples.ts';
import type { Source } from './source.ts';

/** The value of a white pixel in a file of bytes. */
const WHITE = 255;

/** Labelled images. Each row of `inputs` is one image, one plane of pixels for each channel, in [0, 1]. */
export interface LabelledImages extends Samples {
  /** The shape of one image: [channels, rows, columns], or [pixels] where the file does not say rows and columns. */
  readonly shape: readonly number[];
}

/** Options of `readImages` and `readLabels`. */
export interface ImageOptions extends LimitOptions {
  /** The number of classes; labels must be below it. Default: the limit on classes. */
  classes?: number;
}

const IMAGE_OPTIONS: Checks<ImageOptions> = { ...LIMIT_OPTIONS, classes: COUNT };

/**
 * Reads images and their labels from two IDX files, plain or .gz, as in MNIST and Fashion-MNIST.
 *
 * @param images count × height × width (× channels) of uint8, or count × pixels
 * @param labels count of integers from 0
 * @throws DataError where a file is broken, the numbers of labels and images differ, or a label is outside the classes
 */
export async function readImages(images: Source, labels: Source, given?: ImageOptions): Promise<LabelledImages> {
  const options = readOptions('readImages', given, IMAGE_OPTIONS);
  return readLabelled({ name: 'images', bytes: images }, { name: 'labels', bytes: labels }, options);
}

/** With `classNames`, the number of names is the number of classes. */
type LabelOptions = ImageOptions & Pick<ImageFileOptions, 'classNames'>;

async function readLabelled(images: NamedFile, labels: NamedFile, options: LabelOptions): Promise<LabelledImages> {
  const { inputs, count, features, shape } = await prefixErrors(images.name, readPixels(images.bytes, options));
  const classOf = await prefixErrors(labels.name, readCheckedLabels(labels.bytes, count, options));
  return { inputs, labels: classOf, count, features, shape };
}

/**
 * Reads images without labels. Pixels are divided by the greatest value that they can have.
 * @param planes whether the channels of count × height × width × channels are brought into planes, rather than left side
 *   by side as in models of the past
 */
export async function readPixels(
  source: Source,
  options: LimitOptions = {},
  greatest = WHITE,
  planes = true,
): Promise<Omit<LabelledImages, 'labels'>> {
  const { type, shape: extents, values } = await readArray(source, options);
  const [count, ...shape] = extents;
  if (type !== 'uint8' || shape.length === 0) {
    throw new DataError(`it holds ${extents.join(' × ')} ${type}; images must be count × height × width of uint8`);
  }
  if (values.length === 0) throw new DataError(`it holds ${extents.join(' × ')} pixels: no image`);
  checkLimit(limitsOf(options), 'rows', count, `there are ${count} images`);
  const inputs = new Float32Array(values.length);
  for (let index = 0; index < values.length; index++) inputs[index] = values[index] / greatest;
  const features = values.length / count;
  if (shape.length === 3 && !planes) return { inputs, count, features, shape };
  const layout = shape.length === 3 ? interleaved(shape) : layoutOf(shape);
  return { inputs: toPlanes(inputs, layout), count, features, shape: layout.shape };
}

/** Reads the labels of `count` images from an IDX file, plain or .gz, that holds one integer per image. */
export async function readLabels(source: Source, count: number, options?: ImageOptions): Promise<Int32Array> {
  INDEX('readLabels: count', count);
  return readCheckedLabels(source, count, readOptions('readLabels', options, IMAGE_OPTIONS));
}

async function readCheckedLabels(source: Source, count: number, options: LabelOptions): Promise<Int32Array> {
  return checkLabels(await readArray(source, options), count, options);
}

function checkLabels({ type, shape, values }: IDXArray, count: number, options: LabelOptions): Int32Array {
  if (shape.length !== 1 || type.startsWith('float')) {
    throw new DataError(`it holds ${shape.join(' × ')} ${type}; it must hold one integer per image`);
  }
  if (values.length !== count) {
    throw new DataError(`there are ${values.length} for ${count} images; each image needs one label`);
  }
  const limits = limitsOf(options);
  const classes = options.classNames?.length ?? options.classes ?? limits.classes;
  const wrong = values.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) {
    const isLimit = !options.classNames && options.classes === undefined;
    const hint = isLimit ? ' (raise limits.classes where there are more)' : '';
    const reason = options.classNames ? `classNames names ${classes}` : `there are ${classes} classes`;
    throw new DataError(
      `the label of image ${wrong} is ${values[wrong]}; it must be from 0 to ${classes - 1}, as ${reason}${hint}`,
    );
  }
  return Int32Array.from(values);
}

/** A file with its name. For a file that was dropped on a page this is `{ name: file.name, bytes: file }`. */
export interface NamedFile {
  /** The name of the file, possibly with its path. */
  readonly name: string;
  /** The content of the file. */
  readonly bytes: Source;
}

/** Options of `imagesFromFiles`. */
export interface ImageFileOptions extends LimitOptions {
  /** The name of the data set. Default 'images'. */
  name?: string;
  /** The names of the classes. Default '0', '1', … up to the greatest label of the training part. */
  classNames?: readonly string[];
  /** Whether each channel is scaled to mean 0 and deviation 1 over the training part. Default false: pixels in [0, 1]. */
  standardise?: boolean;
}

const NAMES = /* @__PURE__ */ createArgumentCheck(
  'a list of at least one text',
  (value) => isListOf<string>(value, (each) => typeof each === 'string') && value.length > 0,
);

export const IMAGE_FILE_OPTIONS: Checks<ImageFileOptions> = {
  ...LIMIT_OPTIONS,
  name: TEXT,
  classNames: NAMES,
  standardise: BOOLEAN,
};

/** A data set of images, with the preparation for other images of the same kind. */
export interface ImageDataset extends Dataset {
  readonly classNames: readonly string[];
  readonly preparation: ImagePreparation;
}

const ROLES = {
  trainImages: { name: 'train-images-idx3-ubyte', pattern: /train[-_.]images[-_.]idx[34][-_.]ubyte(\.gz)?$/i },
  trainLabels: { name: 'train-labels-idx1-ubyte', pattern: /train[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/i },
  testImages: { name: 't10k-images-idx3-ubyte', pattern: /(t10k|test)[-_.]images[-_.]idx[34][-_.]ubyte(\.gz)?$/i },
  testLabels: { name: 't10k-labels-idx1-ubyte', pattern: /(t10k|test)[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/i },
};

/**
 * The names of the four files of an MNIST-like data set.
 *
 * @useDeclaredType
 */
export type ImageFileNames = Readonly<Record<keyof typeof ROLES, string>>;

/**
 * Finds the four files of an MNIST-like data set among the names. Dots may replace dashes, `test` may replace `t10k`,
 * and names may have a prefix and end in .gz. If a file exists both plain and as .gz, the plain one is taken.
 *
 * @throws DataError that lists the missing files and the given names, or several names that match the same file
 */
export function imageFileNames(names: readonly string[]): ImageFileNames {
  TEXTS('imageFileNames: names', names);
  return findFiles(names, ['trainImages', 'trainLabels', 'testImages', 'testLabels']);
}

/** Like `imageFileNames`, but only for the test part, whose labels may be absent. */
export function testFileNames(
  names: readonly string[],
): Readonly<Record<'images', string>> & Readonly<Partial<Record<'labels', string>>> {
  TEXTS('testFileNames: names', names);
  const { testImages: images } = findFiles(names, ['testImages']);
  if (findMatches(names, ROLES.testLabels.pattern).length === 0) return { images };
  return { images, labels: findFiles(names, ['testLabels']).testLabels };
}

function findFiles<Role extends keyof typeof ROLES>(
  names: readonly string[],
  roles: readonly Role[],
): Readonly<Record<Role, string>> {
  const found = roles.map((role) => [role, findMatches(names, ROLES[role].pattern)] as const);
  const missing = found.filter(([, matches]) => matches.length === 0).map(([role]) => ROLES[role].name);
  if (missing.length > 0) {
    throw new DataError(`${missing.join(', ')} (or the same with .gz) not found; ${listFiles(names)}`);
  }
  for (const [role, matches] of found) {
    if (matches.length > 1) throw new DataError(`${matches.join(' and ')} could each be ${ROLES[role].name}; keep one`);
  }
  return Object.fromEntries(found.map(([role, [name]]) => [role, name])) as Record<Role, string>;
}

function findMatches(names: readonly string[], pattern: RegExp): string[] {
  return withoutCompressedTwins(names.filter((name) => pattern.test(name)));
}

/** Leaves out the .gz of a file that is there plain as well. */
export function withoutCompressedTwins(names: readonly string[]): string[] {
  return names.filter((name) => !(name.toLowerCase().endsWith('.gz') && names.includes(name.slice(0, -3))));
}

export function listFiles(names: readonly string[]): string {
  if (names.length === 0) return 'there are no files';
  const shown = names.slice(0, 10).join(', ');
  return `there ${names.length === 1 ? 'is' : 'are'} ${shown}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}

/**
 * Reads a data set in the format of MNIST or Fashion-MNIST from four IDX files, which are found among `files` by their
 * names as in `imageFileNames`.
 *
 * @throws DataError that names the file in which something is wrong
 */
export async function imagesFromFiles(files: readonly NamedFile[], given?: ImageFileOptions): Promise<ImageDataset> {
  const options = readOptions('imagesFromFiles', given, IMAGE_FILE_OPTIONS);
  checkFiles('imagesFromFiles', files);
  const names = imageFileNames(files.map(({ name }) => name));
  const file = (name: string): NamedFile => files.find((each) => each.name === name) as NamedFile;
  const part = (images: string, labels: string, classes?: number): Promise<LabelledImages> =>
    readLabelled(file(images), file(labels), { ...options, classes });
  const train = await part(names.trainImages, names.trainLabels);
  const classNames = options.classNames ?? numberClasses(train.labels);
  const test = await part(names.testImages, names.testLabels, classNames.length);
  const [own, other] = [train, test].map(({ shape }) => withoutSingleChannel(shape).join(' × '));
  if (own !== other) {
    throw new DataError(`the images of ${names.testImages} are ${other}, those of ${names.trainImages} ${own}`);
  }
  return createImageDataset({ train, test, ...options, classNames });
}

/** @throws RangeError unless it is a list of files with names */
export function checkFiles(what: string, files: readonly NamedFile[]): void {
  LIST(`${what}: files`, files);
  for (const [index, file] of files.entries()) {
    OBJECT(`${what}: files[${index}]`, file);
    TEXT(`${what}: files[${index}].name`, file.name);
  }
}

/** What makes a data set of images. */
interface ImageParts extends Pick<ImageFileOptions, 'name' | 'standardise'> {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly classNames: readonly string[];
}

/** The data set of these parts, whose images are standardised in place where that is asked for. */
export function createImageDataset({ train, test, classNames, name, standardise }: ImageParts): ImageDataset {
  const shape = withoutSingleChannel(train.shape);
  const standardisation = standardise ? channelStandardisationOf(train) : undefined;
  if (standardisation) {
    for (const { inputs, features } of [train, test]) standardiseChannels(inputs, features, standardisation);
  }
  const preparation: ImagePreparation = {
    kind: 'images',
    shape,
    greatest: WHITE,
    classNames,
    ...(shape.length === 3 && { planes: true }),
    ...(standardisation && { standardisation }),
  };
  const classes = classNames.length;
  return { name: name ?? 'images', classes, featureShape: shape, train, test, classNames, preparation };
}

function numberClasses(labels: Int32Array): string[] {
  return Array.from({ length: labels.reduce((a, b) => Math.max(a, b)) + 1 }, (_, label) => String(label));
}

/** Prefixes the message of a DataError with the name of the file. */
export async function prefixErrors<T>(name: string, reading: Promise<T>): Promise<T> {
  return reading.catch((error: unknown) => {
    throw error instanceof DataError ? new DataError(`${name}: ${error.message}`) : error;
  });
}
