import { createArgumentError, INDEX, isListLike, isObject, TEXT } from '../arguments/check.ts';
import type { ImageDataset } from './images.ts';
import { type Samples, subset } from './samples.ts';

/** Indices of the rows, from 0, in the training and the test part. */
export interface Split {
  /** The rows of the training part. */
  readonly train: readonly number[];
  /** The rows of the test part. */
  readonly test: readonly number[];
}

const rows = 1797;
const pixels = 64;
const brightest = 16;
const classes = 10;
const classNames = Array.from({ length: classes }, (_, digit) => String(digit));

/**
 * The 8 × 8 handwritten digits: 1437 training and 360 test samples of 64 pixels in [0, 1], 10 classes. The data are
 * separate files, which are loaded on the first call. Source: E. Alpaydin, C. Kaynak, "Optical Recognition of
 * Handwritten Digits", UCI Machine Learning Repository, 1998.
 */
export async function digits(): Promise<ImageDataset> {
  const [first, second, split] = await Promise.all([
    import('./digits/rows-1-900.csv'),
    import('./digits/rows-901-1797.csv'),
    import('./digits/split.json'),
  ]);
  return parseDigits(first.default + second.default, split.default, rows);
}

/**
 * Reads a table of digits without a header. Each row is a label from 0 to 9 and 64 integers from 0 to 16, separated by
 * commas.
 *
 * @param text the table; line ends may be LF or CRLF, and blank lines at the end are ignored
 * @param split the rows of the training and the test part, which must not overlap
 * @param expectedRows the number of rows that the table must have. Default: any number
 * @throws RangeError that names the line or the index, the value found there and what is allowed
 */
export function parseDigits(text: string, split: Split, expectedRows?: number): ImageDataset {
  TEXT('parseDigits: text', text);
  const isSplit = isObject(split) && isListLike(split.train) && isListLike(split.test);
  if (!isSplit) throw createArgumentError('parseDigits: split', split, '{ train, test } with lists of rows');
  if (expectedRows !== undefined) INDEX('parseDigits: expectedRows', expectedRows);
  const lines = text.trimEnd().split(/\r?\n/);
  const inputs = new Float32Array(lines.length * pixels);
  const labels = new Int32Array(lines.length);
  for (let row = 0; row < lines.length; row++) {
    const cells = parseRow(lines[row], row + 1, row === lines.length - 1);
    labels[row] = cells[0];
    for (let pixel = 0; pixel < pixels; pixel++) inputs[row * pixels + pixel] = cells[pixel + 1] / brightest;
  }
  if (expectedRows !== undefined && lines.length !== expectedRows) {
    throw new RangeError(
      `the table of digits has ${lines.length} rows; it must have ${expectedRows}${lines.length < expectedRows ? ' (the file is cut short)' : ''}`,
    );
  }
  checkSplit(split, lines.length);
  const all: Samples = { inputs, labels, count: lines.length, features: pixels, shape: [1, 8, 8] };
  return {
    name: 'digits',
    classes,
    featureShape: [8, 8],
    classNames,
    preparation: { kind: 'images', shape: [8, 8], greatest: brightest, classNames },
    train: subset(all, split.train),
    test: subset(all, split.test),
  };
}

function parseRow(line: string, lineNumber: number, last: boolean): number[] {
  const cells = line.split(',');
  if (cells.length !== pixels + 1) {
    const hint = last && cells.length < pixels + 1 ? ' (it is the last line: the file may be cut short)' : '';
    throw new RangeError(
      `line ${lineNumber} has ${cells.length} ${cells.length === 1 ? 'value' : 'values'}; it must have ${pixels + 1}, a label and ${pixels} pixels${hint}`,
    );
  }
  return cells.map((cell, column) => {
    const greatest = column === 0 ? classes - 1 : brightest;
    const value = /^\s*\d+\s*$/.test(cell) ? Number(cell) : Number.NaN;
    if (!(value <= greatest)) {
      const what = column === 0 ? 'label' : `pixel ${column}`;
      throw new RangeError(
        `line ${lineNumber}: ${what} is ${JSON.stringify(cell)}; it must be an integer from 0 to ${greatest}`,
      );
    }
    return value;
  });
}

function checkSplit(split: Split, count: number): void {
  const owner = new Map<number, string>();
  for (const part of ['train', 'test'] as const) {
    for (let position = 0; position < split[part].length; position++) {
      const index = split[part][position];
      const where = `split.${part}[${position}]`;
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw createArgumentError(where, index, `an integer from 0 to ${count - 1}`);
      }
      const before = owner.get(index);
      if (before !== undefined) {
        throw new RangeError(`${where} is ${index}, which ${before} is too; a row may be used only once`);
      }
      owner.set(index, where);
    }
  }
}
