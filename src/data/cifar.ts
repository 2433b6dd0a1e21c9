/** The binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3072 pixels. */
import { createArgumentCheck } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { isIDX } from './idx.ts';
import type { LabelledImages } from './images.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import { readBytes, type Source } from './source.ts';

/** Red, green and blue planes of 32 × 32 pixels. */
export const CIFAR_SHAPE = [3, 32, 32] as const;
const PIXELS = 3 * 32 * 32;
const WHITE = 255;

/** The label bytes of a record, in their order, and the number of classes of each. */
const LABELS: Readonly<Record<CIFARKind, readonly LabelByte[]>> = {
  'CIFAR-10': [{ name: 'fine', classes: 10 }],
  'CIFAR-100': [
    { name: 'coarse', classes: 20 },
    { name: 'fine', classes: 100 },
  ],
};

interface LabelByte {
  readonly name: 'fine' | 'coarse';
  readonly classes: number;
}

/** Which of the two data sets a file belongs to. */
export type CIFARKind = 'CIFAR-10' | 'CIFAR-100';

const KINDS = Object.keys(LABELS) as CIFARKind[];

/** Options of `readCIFAR`. */
export interface CIFAROptions extends LimitOptions {
  /** Which data set the file belongs to. Default: the one whose records fill the file. */
  kind?: CIFARKind;
  /** For CIFAR-100: the 100 fine or the 20 coarse classes. Default fine. */
  labels?: 'fine' | 'coarse';
}

export const CIFAR_OPTIONS: Checks<CIFAROptions> = {
  ...LIMIT_OPTIONS,
  kind: createArgumentCheck(KINDS.join(' or '), (value) => KINDS.includes(value as CIFARKind)),
  labels: createArgumentCheck('fine or coarse', (value) => value === 'fine' || value === 'coarse'),
};

/** The records of one file, before they become numbers. */
export interface CIFARRecords {
  /** The name of the file, for errors. */
  readonly name?: string;
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly kind: CIFARKind;
}

/**
 * Reads the images and labels of one binary file of CIFAR-10 or CIFAR-100, plain or .gz (A. Krizhevsky, "Learning
 * Multiple Layers of Features from Tiny Images", 2009). A row has three planes of 32 × 32 pixels in [0, 1]: red, green,
 * blue.
 *
 * @throws DataError where the file is cut short, is not of this format, exceeds a limit, or has a label outside the
 *   classes
 */
export async function readCIFAR(source: Source, given?: CIFAROptions): Promise<LabelledImages> {
  const options = readOptions('readCIFAR', given, CIFAR_OPTIONS);
  return decodeRecords([splitRecords(await readBytes(source, options), options.kind)], options);
}

const recordBytes = (kind: CIFARKind): number => LABELS[kind].length + PIXELS;

/** @throws DataError unless the bytes are whole records of one kind */
export function splitRecords(bytes: Uint8Array, given?: CIFARKind): CIFARRecords {
  if (bytes.length === 0) throw new DataError('the file is empty: no image');
  const fitting = (given ? [given] : KINDS).filter((kind) => bytes.length % recordBytes(kind) === 0);
  if (fitting.length === 1) return { bytes, kind: fitting[0], count: bytes.length / recordBytes(fitting[0]) };
  if (fitting.length > 1) {
    throw new DataError(
      `${bytes.length} bytes are whole images of CIFAR-10 and of CIFAR-100; the option kind says which`,
    );
  }
  const kinds = given ? [given] : KINDS;
  const needed = kinds.map((kind) => `${recordBytes(kind)} bytes (${kind})`).join(' or ');
  const size = recordBytes(kinds[0]);
  throw new DataError(
    `the file has ${bytes.length} bytes; it must have whole images of ${needed}: it is no file of CIFAR, or it is cut short ` +
      `after ${Math.floor(bytes.length / size)} images of ${kinds[0]} and ${bytes.length % size} bytes`,
  );
}

/**
 * Turns the records of files into images, in their order.
 * @throws DataError that names the file where a label is outside the classes; or where a limit is exceeded
 */
export function decodeRecords(
  files: readonly CIFARRecords[],
  { labels: wanted = 'fine', ...options }: Pick<CIFAROptions, 'labels' | 'limits'>,
): LabelledImages {
  const count = files.reduce((sum, file) => sum + file.count, 0);
  const limits = limitsOf(options);
  checkLimit(limits, 'rows', count, `there are ${count} images`);
  checkLimit(limits, 'values', count * PIXELS, `there are ${count} images of ${PIXELS} numbers`);
  const inputs = new Float32Array(count * PIXELS);
  const labels = new Int32Array(count);
  let image = 0;
  for (const { name, bytes, kind, count: own } of files) {
    const place = name === undefined ? '' : `${name}: `;
    const known = LABELS[kind];
    const used = known.findIndex((label) => label.name === wanted);
    if (used < 0) throw new DataError(`${place}${kind} has no ${wanted} labels; CIFAR-100 has them`);
    for (let record = 0; record < own; record++, image++) {
      const start = record * recordBytes(kind);
      checkLabels(place, bytes, start, record, known);
      labels[image] = bytes[start + used];
      const pixels = start + known.length;
      for (let at = 0; at < PIXELS; at++) inputs[image * PIXELS + at] = bytes[pixels + at] / WHITE;
    }
  }
  return { inputs, labels, count, features: PIXELS, shape: CIFAR_SHAPE };
}

/** All labels of a record are checked: a wrong one, used or not, says that the file is of another format. */
function checkLabels(
  place: string,
  bytes: Uint8Array,
  start: number,
  record: number,
  known: readonly LabelByte[],
): void {
  for (const [at, { name, classes }] of known.entries()) {
    if (bytes[start + at] < classes) continue;
    const which = known.length > 1 ? `${name} label` : 'label';
    throw new DataError(
      `${place}the ${which} of image ${record} is ${bytes[start + at]}; it must be from 0 to ${classes - 1}`,
    );
  }
}

/** Whether the bytes are whole records, and no IDX file that happens to be as long. */
export function isCIFAR(bytes: Uint8Array): boolean {
  return bytes.length > 0 && KINDS.some((kind) => bytes.length % recordBytes(kind) === 0) && !isIDX(bytes);
}

/** The images of a file for a model of so many classes; with their labels where the file has labels of so many. */
export function readForClasses(
  bytes: Uint8Array,
  classes: number,
  options: LimitOptions,
): Omit<LabelledImages, 'labels'> & Partial<Pick<LabelledImages, 'labels'>> {
  const fits = KINDS.filter((kind) => bytes.length % recordBytes(kind) === 0);
  const kind = fits.find((each) => LABELS[each].some((known) => known.classes === classes)) ?? fits[0];
  const found = LABELS[kind].find((known) => known.classes === classes);
  const { labels, ...images } = decodeRecords([splitRecords(bytes, kind)], { ...options, labels: found?.name });
  return found ? { ...images, labels } : images;
}

/** The number of classes that these labels of a data set have. */
export function countCIFARClasses(kind: CIFARKind, labels: CIFAROptions['labels'] = 'fine'): number {
  return LABELS[kind].find(({ name }) => name === labels)?.classes ?? 0;
}
