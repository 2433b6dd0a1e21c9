import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DataError,
  imageFileNames,
  imagesFromFiles,
  parseIDX,
  preparedFor,
  readIDX,
  readImages,
} from '../../src/data/index.ts';
import { type ElementType, gzipped, imageFiles, writeIDX } from '../support/files.ts';

const images = writeIDX('uint8', [3, 2, 2], [0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8]);
const labels = writeIDX('uint8', [3], [2, 0, 1]);

describe('readIDX', () => {
  const elements: Record<ElementType, fc.Arbitrary<number>> = {
    uint8: fc.integer({ min: 0, max: 255 }),
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    float32: fc.float({ noNaN: true }),
    float64: fc.double({ noNaN: true }),
  };

  test.each(Object.keys(elements) as ElementType[])('restores what was written: %s, any shape, plain or .gz', (type) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
          fc.record({
            shape: fc.constant(shape),
            values: fc.array(elements[type], {
              minLength: shape.reduce((a, b) => a * b, 1),
              maxLength: shape.reduce((a, b) => a * b, 1),
            }),
          }),
        ),
        fc.boolean(),
        async ({ shape, values }, compressed) => {
          const bytes = writeIDX(type, shape, values);
          const array = await readIDX(compressed ? gzipped(bytes) : bytes);
          expect([array.type, array.shape, [...array.values]]).toEqual([type, shape, values]);
        },
      ),
      { numRuns: 50 },
    ),
  );

  test('takes an ArrayBuffer, a Blob, a Response, and bytes in the middle of others', async () => {
    const around = new Uint8Array(labels.length + 7);
    around.set(labels, 5);
    const inside = around.subarray(5, 5 + labels.length);
    for (const source of [labels.slice().buffer, new Blob([labels.slice()]), new Response(labels.slice()), inside]) {
      expect([...(await readIDX(source)).values]).toEqual([2, 0, 1]);
    }
    await expect(readIDX(new Response('', { status: 404, statusText: 'Not Found' }))).rejects.toThrow('404 Not Found');
    await expect(readIDX('text' as unknown as Uint8Array)).rejects.toThrow('source is string; it must be a Uint8Array');
  });

  test.each([
    ['nothing', new Uint8Array(), 'the file has 0 bytes; an IDX file has at least 8'],
    ['a wrong magic number', Uint8Array.from([0, 0, 7, 1, 0, 0, 0, 0]), 'begins with the bytes 00 00 07 01'],
    ['rank 0', Uint8Array.from([0, 0, 8, 0, 1]), 'and a rank from 1'],
    ['a web page', new TextEncoder().encode('<!doctype html>'), 'it looks like a web page'],
    ['a header cut short', images.subarray(0, 12), 'the IDX header of rank 3 takes 16 bytes; the file has 12'],
    ['a payload cut short', images.subarray(0, -1), '12 bytes after the header; there are 11, 1 are missing'],
    ['bytes to spare', Uint8Array.from([...labels, 0]), 'there are 4, 1 are too many'],
    [
      'a header larger than any file',
      Uint8Array.from([0, 0, 14, 4, ...new Array<number>(16).fill(255)]),
      'raise limits.values',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIDX(bytes)).toThrow(message);
    expect(() => parseIDX(bytes)).toThrow(DataError);
  });

  test('refuses any file that is cut short, and never reads beyond it', () => {
    for (let length = 0; length < images.length; length++) {
      expect(() => parseIDX(images.subarray(0, length))).toThrow(DataError);
    }
  });
});

describe('limits', () => {
  test('of the bytes of a file, wherever it comes from', async () => {
    for (const source of [labels, new Blob([labels.slice()]), new Response(labels.slice())]) {
      await expect(readIDX(source, { limits: { bytes: 10 } })).rejects.toThrow(
        /the file has (11|more than 10) bytes; at most 10 are read: raise limits.bytes/,
      );
    }
  });

  test('a .gz bomb is stopped long before it has unfolded', async () => {
    const bomb = gzipped(new Uint8Array(64 * 2 ** 20));
    expect(bomb.length).toBeLessThan(2 ** 17);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readIDX(bomb, { limits: { decompressedBytes: 2 ** 20 } })).rejects.toThrow(
      'the .gz file holds more than 1048576 bytes; at most 1048576 are read: raise limits.decompressedBytes',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(48 * 2 ** 20);
  });

  test.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, -9)],
    ['cut in the header', (bytes: Uint8Array) => bytes.subarray(0, 4)],
    ['damaged', (bytes: Uint8Array) => bytes.map((byte, index) => (index > 12 ? byte ^ 0x5a : byte))],
  ])('a .gz file that is %s is refused', async (_, broken) => {
    await expect(readIDX(broken(gzipped(images)))).rejects.toThrow('the .gz file is broken or cut short');
  });

  test('that do not exist or are not numbers are refused', async () => {
    await expect(readIDX(labels, { limits: { bites: 3 } as object })).rejects.toThrow('limits.bites is not a limit');
    await expect(readIDX(labels, { limits: { bytes: -1 } })).rejects.toThrow('limits.bytes is -1');
  });
});

describe('readImages', () => {
  test('brings the channels of a pixel into planes', async () => {
    const colours = writeIDX('uint8', [1, 1, 2, 3], [10, 20, 30, 40, 50, 60]);
    const { inputs, shape } = await readImages(colours, writeIDX('uint8', [1], [0]));
    expect(shape).toEqual([3, 1, 2]);
    expect([...inputs].map((x) => Math.round(255 * x))).toEqual([10, 40, 20, 50, 30, 60]);
  });

  test('states the pixels alone where the file has no rows and columns', async () => {
    const flat = writeIDX('uint8', [3, 4], images.subarray(16));
    expect((await readImages(flat, labels)).shape).toEqual([4]);
  });

  test('scales the pixels by 1/255 and keeps the shape', async () => {
    const data = await readImages(gzipped(images), labels);
    expect([data.count, data.features, data.shape]).toEqual([3, 4, [1, 2, 2]]);
    expect([...data.inputs.subarray(0, 4)]).toEqual([0, 0.2, 0.4, 1].map(Math.fround));
    expect([...data.labels]).toEqual([2, 0, 1]);
  });

  test.each([
    ['too few labels', images, writeIDX('uint8', [2], [0, 1]), {}, 'labels: there are 2 for 3 images'],
    [
      'a label beyond the classes',
      images,
      labels,
      { classes: 2 },
      'labels: the label of image 0 is 2; it must be from 0 to 1',
    ],
    ['a negative label', images, writeIDX('int8', [3], [0, -1, 0]), {}, 'the label of image 1 is -1'],
    ['labels in the place of images', labels, labels, {}, 'images: it holds 3 uint8; images must be'],
    ['images in the place of labels', images, images, {}, 'labels: it holds 3 × 2 × 2 uint8; it must hold one integer'],
    ['no images', writeIDX('uint8', [0, 2, 2], []), labels, {}, 'images: it holds 0 × 2 × 2 pixels: no image'],
    ['more images than allowed', images, labels, { limits: { rows: 2 } }, 'there are 3 images; at most 2'],
  ])('refuses %s', async (_, first, second, options, message) => {
    await expect(readImages(first, second, options)).rejects.toThrow(message);
  });
});

describe('imagesFromFiles', () => {
  test('finds the four files among others, plain or compressed, whatever their order', async () => {
    const files = imageFiles(9, 3, 3).map((file, index) =>
      index % 2 ? { name: `${file.name}.gz`, bytes: gzipped(file.bytes) } : file,
    );
    const data = await imagesFromFiles([{ name: 'README', bytes: new Uint8Array(3) }, ...files.reverse()]);
    expect([data.train.count, data.test.count, data.classes, data.featureShape]).toEqual([9, 3, 3, [3, 3]]);
    expect(data.classNames).toEqual(['0', '1', '2']);
    expect(JSON.parse(JSON.stringify(data.preparation))).toEqual({
      kind: 'images',
      shape: [3, 3],
      greatest: 255,
      classNames: ['0', '1', '2'],
    });
    expect([...data.train.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  test.each([
    [
      'dots',
      ['train-images.idx3-ubyte', 'train-labels.idx1-ubyte', 't10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte'],
    ],
    [
      'a prefix and "test"',
      ['train-images', 'train-labels', 'test-images', 'test-labels'].map(
        (name) => `emnist-letters-${name}-idx${name.includes('images') ? 3 : 1}-ubyte.gz`,
      ),
    ],
  ])('knows names with %s', (_, names) => {
    expect(Object.values(imageFileNames(names))).toEqual(names);
  });

  test('prefers the plain file to the compressed one', () => {
    const names = imageFiles(3, 2, 3).map(({ name }) => name);
    expect(Object.values(imageFileNames([...names.map((name) => `${name}.gz`), ...names]))).toEqual(names);
  });

  test('names the expected files and those present, or the competing ones', () => {
    expect(() => imageFileNames(['train-images-idx3-ubyte', 'notes.txt'])).toThrow(
      'train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or the same with .gz) not found; there are train-images-idx3-ubyte, notes.txt',
    );
    expect(() => imageFileNames([])).toThrow('there are no files');
    const names = imageFiles(3, 2, 3).map(({ name }) => name);
    expect(() => imageFileNames([...names, `fashion-${names[0]}`])).toThrow(
      'train-images-idx3-ubyte and fashion-train-images-idx3-ubyte could each be train-images-idx3-ubyte; keep one',
    );
  });

  test('a model of the past, which read colours in the order of the file, still gets them so', async () => {
    const colours = writeIDX('uint8', [1, 1, 2, 3], [10, 20, 30, 40, 50, 60]);
    const old = { kind: 'images', shape: [1, 2, 3], greatest: 255, classNames: ['a', 'b'] } as const;
    const { inputs } = await preparedFor(old, colours);
    expect([...inputs].map((x) => Math.round(255 * x))).toEqual([10, 20, 30, 40, 50, 60]);
  });

  test('names the faulty file', async () => {
    const files = imageFiles(6, 2, 2);
    const withFile = (index: number, bytes: Uint8Array) =>
      imagesFromFiles(files.map((file, at) => (at === index ? { ...file, bytes } : file)));
    await expect(withFile(2, files[2].bytes.subarray(0, 20))).rejects.toThrow('t10k-images-idx3-ubyte: the IDX header');
    await expect(withFile(3, writeIDX('uint8', [2], [0, 5]))).rejects.toThrow(
      't10k-labels-idx1-ubyte: the label of image 1 is 5; it must be from 0 to 1',
    );
    await expect(withFile(2, writeIDX('uint8', [2, 1, 4], [1, 2, 3, 4, 5, 6, 7, 8]))).rejects.toThrow(
      'the images of t10k-images-idx3-ubyte are 1 × 4, those of train-images-idx3-ubyte 2 × 2',
    );
  });
});
