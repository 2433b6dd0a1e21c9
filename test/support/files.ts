/** Writes files for the readers of data. */
import { gzipSync } from 'node:zlib';

const CODES = { uint8: 8, int8: 9, int16: 11, int32: 12, float32: 13, float64: 14 } as const;

export type ElementType = keyof typeof CODES;

const SETTERS = {
  uint8: [1, 'setUint8'],
  int8: [1, 'setInt8'],
  int16: [2, 'setInt16'],
  int32: [4, 'setInt32'],
  float32: [4, 'setFloat32'],
  float64: [8, 'setFloat64'],
} as const;

/** An IDX file: two zero bytes, element type, rank, extents, elements; everything big-endian. */
export function writeIDX(type: ElementType, shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const [size, set] = SETTERS[type];
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + size * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, CODES[type], shape.length]);
  for (const [axis, extent] of shape.entries()) view.setUint32(4 + 4 * axis, extent);
  for (let index = 0; index < values.length; index++) view[set](start + size * index, values[index]);
  return bytes;
}

export function gzipped(bytes: Uint8Array | string): Uint8Array {
  return gzipSync(bytes);
}

interface CSVStyle {
  readonly separator?: string;
  readonly lineEnd?: string;
  /** Quotes every cell, instead of only those that need it. */
  readonly quoteAll?: boolean;
}

/** A CSV file according to RFC 4180. */
export function writeCSV(records: readonly (readonly string[])[], style: CSVStyle = {}): string {
  const { separator = ',', lineEnd = '\n', quoteAll = false } = style;
  const cell = (text: string): string =>
    quoteAll || /[",;\t\r\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return records.map((record) => record.map(cell).join(separator) + lineEnd).join('');
}

/**
 * Four IDX files like MNIST's: `count` training and a third as many test images, each bright in the row of its class.
 */
export function imageFiles(count: number, side: number, classes: number): { name: string; bytes: Uint8Array }[] {
  const part = (prefix: string, images: number): { name: string; bytes: Uint8Array }[] => {
    const labels = Array.from({ length: images }, (_, image) => image % classes);
    const pixels = labels.flatMap((label, image) =>
      Array.from({ length: side * side }, (_, pixel) =>
        Math.floor(pixel / side) === label ? 255 - ((image + pixel) % 50) : (7 * image + 3 * pixel) % 60,
      ),
    );
    return [
      { name: `${prefix}-images-idx3-ubyte`, bytes: writeIDX('uint8', [images, side, side], pixels) },
      { name: `${prefix}-labels-idx1-ubyte`, bytes: writeIDX('uint8', [images], labels) },
    ];
  };
  return [...part('train', count), ...part('t10k', Math.ceil(count / 3))];
}

/**
 * A binary file of CIFAR: records of label bytes and three planes of 32 × 32 pixels, each bright in the band of its class.
 * @param labels the label bytes of each record: one for CIFAR-10, two for CIFAR-100
 */
export function cifarFile(labels: readonly (readonly number[])[]): Uint8Array {
  const records = labels.map((own, image) => {
    const label = own[own.length - 1];
    const pixels = Array.from({ length: 3 * 1024 }, (_, at) => {
      const [plane, row] = [Math.floor(at / 1024), Math.floor((at % 1024) / 32)];
      return Math.floor(row / 3) === label % 10 ? 250 - 50 * plane - (image % 7) : (at + 13 * image) % 40;
    });
    return [...own, ...pixels];
  });
  return Uint8Array.from(records.flat());
}
