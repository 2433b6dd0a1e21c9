import { describe, expect, test } from 'vitest';
import {
  cifarFileNames,
  cifarFromFiles,
  DataError,
  preparationFrom,
  preparedFor,
  readCIFAR,
} from '../../src/data/index.ts';
import { cifarFile, gzipped, writeIDX } from '../support/files.ts';

const ten = cifarFile([[3], [0], [9]]);
const hundred = cifarFile([
  [19, 99],
  [0, 5],
]);

describe('readCIFAR', () => {
  test('reads planes of red, green and blue, plain or .gz', async () => {
    for (const source of [ten, gzipped(ten), new Blob([ten.slice()])]) {
      const { inputs, labels, count, features, shape } = await readCIFAR(source);
      expect([count, features, shape, [...labels]]).toEqual([3, 3072, [3, 32, 32], [3, 0, 9]]);
      const second = ten.subarray(3073 + 1, 2 * 3073);
      expect(inputs.slice(3072, 6144)).toEqual(Float32Array.from(second, (byte) => byte / 255));
    }
  });

  test('reads the fine or the coarse labels of CIFAR-100', async () => {
    expect([...(await readCIFAR(hundred)).labels]).toEqual([99, 5]);
    const { labels, inputs } = await readCIFAR(hundred, { labels: 'coarse' });
    expect([...labels]).toEqual([19, 0]);
    expect(inputs[0]).toBe(Math.fround(hundred[2] / 255));
    await expect(readCIFAR(ten, { labels: 'coarse' })).rejects.toThrow('CIFAR-10 has no coarse labels');
  });

  test.each([
    ['nothing', new Uint8Array(), {}, 'the file is empty: no image'],
    [
      'a file cut short',
      ten.subarray(0, -1),
      {},
      'the file has 9218 bytes; it must have whole images of 3073 bytes (CIFAR-10) or 3074 bytes (CIFAR-100): it is no file of CIFAR, or it is cut short after 2 images of CIFAR-10 and 3072 bytes',
    ],
    ['the other kind', ten, { kind: 'CIFAR-100' }, '9219 bytes; it must have whole images of 3074 bytes (CIFAR-100)'],
    ['a wrong label', cifarFile([[3], [10]]), {}, 'the label of image 1 is 10; it must be from 0 to 9'],
    ['a wrong coarse label', cifarFile([[20, 99]]), {}, 'the coarse label of image 0 is 20; it must be from 0 to 19'],
    ['a wrong fine label', cifarFile([[1, 100]]), {}, 'the fine label of image 0 is 100; it must be from 0 to 99'],
    ['too many images', ten, { limits: { rows: 2 } }, 'there are 3 images; at most 2 are read: raise limits.rows'],
    ['too many numbers', ten, { limits: { values: 6144 } }, 'raise limits.values'],
    ['too many bytes', ten, { limits: { bytes: 9218 } }, 'raise limits.bytes'],
  ] as const)('refuses %s', async (_, bytes, options, message) => {
    await expect(readCIFAR(bytes, options)).rejects.toThrow(message);
    await expect(readCIFAR(bytes, options)).rejects.toThrow(DataError);
  });

  test('asks for the kind where the bytes fit both', async () => {
    const both = new Uint8Array(3073 * 3074);
    await expect(readCIFAR(both)).rejects.toThrow('the option kind says which');
    expect((await readCIFAR(both, { kind: 'CIFAR-100' })).count).toBe(3073);
  });
});

describe('cifarFromFiles', () => {
  const labels = Array.from({ length: 20 }, (_, image) => [image % 10]);
  const batches = [
    { name: 'cifar/data_batch_10.bin', bytes: cifarFile([[4]]) },
    { name: 'cifar/data_batch_2.bin.gz', bytes: gzipped(cifarFile([[7], [8]])) },
    { name: 'cifar/test_batch.bin', bytes: ten },
    { name: 'cifar/batches.meta.txt', bytes: new TextEncoder().encode('cat\n') },
  ];

  test('puts the batches in the order of their numbers', async () => {
    const dataset = await cifarFromFiles(batches);
    expect([...dataset.train.labels]).toEqual([7, 8, 4]);
    expect([...dataset.test.labels]).toEqual([3, 0, 9]);
    expect([dataset.name, dataset.classes, dataset.featureShape]).toEqual(['CIFAR-10', 10, [3, 32, 32]]);
    expect(dataset.classNames.slice(0, 2)).toEqual(['airplane', 'automobile']);
    expect(dataset.train.shape).toEqual([3, 32, 32]);
  });

  test('knows the names of both data sets, and prefers a plain file to a compressed one', () => {
    const names = ['data_batch_1.bin', 'data_batch_1.bin.gz', 'test_batch.bin.gz', 'readme.html', 'constrain.bin'];
    expect(cifarFileNames(names)).toEqual({ train: ['data_batch_1.bin'], test: ['test_batch.bin.gz'] });
    expect(cifarFileNames(['a/train.bin', 'a/test.bin'])).toEqual({ train: ['a/train.bin'], test: ['a/test.bin'] });
    expect(() => cifarFileNames(['test_batch.bin', 'x.txt'])).toThrow(
      'no training part of CIFAR: data_batch_1.bin, … or train.bin (or the same with .gz) not found; there are test_batch.bin, x.txt',
    );
  });

  test('holds out a share of each class where no file is the test part', async () => {
    const [one] = [{ name: 'photos.bin', bytes: cifarFile(labels) }];
    const { train, test: held } = await cifarFromFiles([one], { heldOut: 0.5, seed: 3 });
    expect([...held.labels].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([train.count, train.shape, held.shape]).toEqual([10, [3, 32, 32], [3, 32, 32]]);
    const again = await cifarFromFiles([one], { heldOut: 0.5, seed: 4 });
    expect(again.train.inputs).not.toEqual(train.inputs);
  });

  test('standardises each channel by the training part, and stores how', async () => {
    const [train, other] = [cifarFile(labels), cifarFile([[2], [5]])];
    const files = [
      { name: 'train.bin', bytes: train },
      { name: 'test.bin', bytes: other },
    ];
    const dataset = await cifarFromFiles(files, { standardise: true });
    const plain = await cifarFromFiles(files);
    for (const channel of [0, 1, 2]) {
      const own = (inputs: Float32Array): number[] =>
        [...inputs].filter((_, at) => Math.floor(at / 1024) % 3 === channel);
      const mean = (numbers: number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
      const [scaled, pixels] = [own(dataset.train.inputs), own(plain.train.inputs)];
      expect(mean(scaled)).toBeCloseTo(0, 5);
      expect(mean(scaled.map((x) => x * x))).toBeCloseTo(1, 5);
      expect(dataset.preparation.standardisation?.mean[channel]).toBeCloseTo(mean(pixels), 6);
    }
    const stored = preparationFrom(JSON.parse(JSON.stringify(dataset.preparation)));
    const prepared = await preparedFor(stored, gzipped(other));
    expect(prepared.inputs).toEqual(dataset.test.inputs);
    expect([prepared.shape, [...(prepared.labels ?? [])]]).toEqual([
      [3, 32, 32],
      [2, 5],
    ]);
    const broken = { ...stored, standardisation: { mean: [0], deviation: [1], constant: [] } };
    expect(() => preparationFrom(broken)).toThrow('standardisation.mean is [0]; it must be 3 numbers in range');
  });

  test('names the file in which something is wrong', async () => {
    const replaced = (index: number, bytes: Uint8Array) =>
      cifarFromFiles(batches.map((file, at) => (at === index ? { ...file, bytes } : file)));
    await expect(replaced(0, cifarFile([[10]]))).rejects.toThrow('cifar/data_batch_10.bin: the label of image 0 is 10');
    await expect(replaced(2, ten.subarray(1))).rejects.toThrow('cifar/test_batch.bin: the file has 9218 bytes');
    await expect(replaced(2, hundred)).rejects.toThrow(
      'cifar/data_batch_2.bin.gz is of CIFAR-10, cifar/test_batch.bin of CIFAR-100; keep one data set',
    );
    await expect(cifarFromFiles([...batches, batches[2]])).rejects.toThrow('cifar/test_batch.bin is there twice');
    await expect(cifarFromFiles([])).rejects.toThrow('there are no files');
    await expect(cifarFromFiles(batches, { classNames: ['a', 'b'] })).rejects.toThrow('a list of 10 names');
  });
});

describe('other images for a model that learned from CIFAR', () => {
  const prepare = async (bytes: Uint8Array, classNames?: string[]) => {
    const { preparation } = await cifarFromFiles([{ name: 'x.bin', bytes: ten }]);
    return preparedFor({ ...preparation, ...(classNames && { classNames }) }, bytes);
  };

  test('an IDX file of colours gets the same planes, even where it is as long as whole records', async () => {
    // 20 images take 20 · 3073 bytes, with a header of 20 bytes.
    const pixels = Uint8Array.from({ length: 20 * 3072 }, (_, at) => (at * 7) % 256);
    const { inputs, count, labels } = await prepare(writeIDX('uint8', [20, 32, 32, 3], pixels));
    expect([count, labels]).toEqual([20, undefined]);
    expect([inputs[1], inputs[1024]]).toEqual([pixels[3] / 255, pixels[1] / 255].map(Math.fround));
  });

  test('labels are taken where the file has those of as many classes', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, label) => String(label));
    expect([...((await prepare(hundred, names(20))).labels ?? [])]).toEqual([19, 0]);
    expect([...((await prepare(hundred, names(100))).labels ?? [])]).toEqual([99, 5]);
    expect((await prepare(ten, names(3))).labels).toBeUndefined();
  });

  test('images of another shape are refused', async () => {
    const grey = writeIDX('uint8', [1, 32, 32], new Uint8Array(1024));
    await expect(prepare(grey)).rejects.toThrow('the images are 32 × 32; the model reads images of 3 × 32 × 32');
  });
});
