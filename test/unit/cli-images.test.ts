/** `equilibra train --model convolution`, `--augment`, and files of CIFAR on the command line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS, readSettings, toOptions } from '../../demo/train/settings.ts';
import { checkTrainingMemory } from '../../src/cli/memory-check.ts';
import { convolutionNetwork, loadCheckpoint } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { cifarFile, gzipped, imageFiles, writeCSV } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('images');
const path = (name: string): string => join(folder, name);
const QUICK = ['--backend', 'wasm', '--batch', '8', '--tolerance', '1e-3'];
const CONVOLUTION = [...QUICK, '--model', 'convolution', '--channels', '2'];
const train = (...more: string[]) => run(['train', ...CONVOLUTION, '--epochs', '1', ...more]);
const idx = () => ['--data', path('idx')];
const stored = (name: string) => loadCheckpoint(readFileSync(path(name)));
const optionsOf = (name: string) => (stored(name).extras as { options: Record<string, string> }).options;
const labels = (count: number) => Array.from({ length: count }, (_, image) => [image % 10]);

beforeAll(async () => {
  for (const name of ['idx', 'cifar', 'no-test']) mkdirSync(path(name));
  for (const { name, bytes } of imageFiles(24, 6, 4)) writeFileSync(path(`idx/${name}`), bytes);
  writeFileSync(path('cifar/data_batch_1.bin'), cifarFile(labels(10)));
  writeFileSync(path('cifar/data_batch_2.bin.gz'), gzipped(cifarFile(labels(10))));
  writeFileSync(path('cifar/test_batch.bin'), cifarFile(labels(10)));
  writeFileSync(path('no-test/train.bin'), cifarFile(labels(20)));
  writeFileSync(path('flowers.csv'), writeCSV(flowers(12)));
  const made = await Promise.all([
    train(...idx(), '--epochs', '2', '--kernel', '5', '--augment', 'crop=1,flip', '--checkpoint', path('run')),
    train(...idx(), '--checkpoint', path('plain')),
    train('--data', path('cifar'), '--standardise', 'yes', '--checkpoint', path('colour')),
  ]);
  expect(made.map(({ code, error }) => [code, error])).toEqual(Array(3).fill([0, '']));
});

describe('--model convolution', () => {
  test('trains convolutionNetwork with the options, which the checkpoint stores', () => {
    const { layers, training } = stored('run');
    const own = convolutionNetwork({
      shape: [1, 6, 6],
      outputs: 4,
      channels: 2,
      kernel: 5,
      tolerance: 1e-3,
      solver: 'auto',
    });
    expect(layers.map(({ kind }) => kind)).toEqual(own.layers.map(({ kind }) => kind));
    expect(layers[0].options).toMatchObject({
      channels: 2,
      kernel: 5,
      size: [6, 6],
      inputChannels: 1,
      tolerance: 1e-3,
    });
    expect(training?.configuration.augmentation).toEqual({ crop: 1, flip: true });
    expect(optionsOf('run')).toMatchObject({
      model: 'convolution',
      channels: '2',
      kernel: '5',
      augment: 'crop=1,flip',
    });
    expect(optionsOf('run')).not.toHaveProperty('width');
  });

  test('has as many channels as the network for the images, and stores their number', async () => {
    const { code, out } = await run([
      'train',
      ...QUICK,
      ...idx(),
      '--model',
      'convolution',
      '--epochs',
      '1',
      '--checkpoint',
      path('default'),
    ]);
    expect([code, optionsOf('default').channels]).toEqual([0, '16']);
    expect(out).toMatch(/^model {4}monotoneConvolution 36 → 576, averagePooling 576 → 144, dense 144 → 4: /m);
  });

  test('stores exactly the options of the web app, so that each goes on with the checkpoints of the other', async () => {
    const settings = { ...DEFAULTS, model: 'convolution', channels: 2, epochs: 1, batch: 8, backend: 'wasm' } as const;
    const decay = ['--schedule', 'stepDecay', '--decay-factor', '0.1', '--decay-every', '15'];
    expect((await train(...idx(), ...decay, '--checkpoint', path('page'))).code).toBe(0);
    expect(optionsOf('page')).toEqual(toOptions(settings, 'classification'));
    expect(readSettings(optionsOf('page'))).toMatchObject({ model: 'convolution', channels: 2 });
  });

  test('goes on from a checkpoint as if it had not ended, and predicts with it', async () => {
    const more = ['--kernel', '5', '--augment', 'crop=1,flip', '--epochs', '4'];
    expect((await train(...idx(), ...more, '--checkpoint', path('whole'))).code).toBe(0);
    const again = await run([
      'train',
      ...idx(),
      '--resume',
      path('run'),
      '--epochs',
      '4',
      '--checkpoint',
      path('again'),
    ]);
    expect([again.code, again.error]).toEqual([0, '']);
    expect(stored('again').parameters).toEqual(stored('whole').parameters);
    const predicted = await run(['predict', path('again'), path('idx'), '--backend', 'wasm']);
    const right = again.out.match(/^test .*(accuracy .*)/m)?.[1];
    expect([predicted.code, predicted.error]).toEqual([0, `${right}\n`]);
  });

  test.each([
    [['--width', '5'], '--width: it is for --model monotone; this is convolution'],
    [['--warm-start', 'step'], '--warm-start: it is for --model monotone; this is convolution'],
    [['--kernel', '4'], '--kernel: it is "4"; it must be an odd positive integer'],
    [['--channels', '0'], '--channels: it is "0"; it must be a positive integer'],
    [['--channels', '100000'], /--channels: it is 100000; training would take about .* at most about \d+ fits/],
    [['--kernel', '9999'], /--channels: it is 2; .* no value fits/],
    [['--model', 'dense'], '--model: it is "dense"; it must be one of monotone, contractive, convolution'],
    [['--model', 'monotone', '--channels', '3'], '--channels: it is for --model convolution; this is monotone'],
    [['--augment', 'crop=6'], '--augment: crop is 6; it must be below 6, for images of 6 × 6'],
    [
      ['--augment', 'rotate'],
      '--augment: it is "rotate"; it must be crop=<pixels>, flip, or both with a comma between',
    ],
    [['--augment', 'flip,flip'], '--augment: it is "flip,flip"'],
    [['--augment', 'crop=0'], '--augment: it is "crop=0"'],
  ] as const)('%j is refused', async (more, message) => {
    const { code, error } = await train(...idx(), ...more);
    expect([code, error]).toEqual([2, expect.stringMatching(message instanceof RegExp ? message : /./)]);
    if (typeof message === 'string') expect(error).toContain(message);
  });

  test('rows that are no images are refused in one line', async () => {
    const table = ['--data', path('flowers.csv'), '--target', 'species', '--epochs', '1'];
    const { code, error } = await train(...table);
    expect([code, error.trimEnd().split('\n').length]).toEqual([2, 1]);
    expect(error).toMatch(/--model: it is "convolution", which takes images, but these are rows of \d+ numbers/);
    const varied = await run(['train', ...QUICK, ...table, '--augment', 'flip']);
    expect([varied.code, varied.error]).toEqual([2, expect.stringContaining('--augment: it is for images')]);
  });

  test('a resumed run may name what goes without saying, and no other model', async () => {
    const resume = (name: string, ...more: string[]) => run(['train', ...idx(), '--resume', path(name), ...more]);
    expect((await resume('plain', '--kernel', '3', '--model', 'convolution')).code).toBe(0);
    const other = await resume('plain', '--model', 'monotone');
    expect(other.error).toContain('--model: it is "monotone"; ');
    expect(other.error).toContain('was trained with "convolution"');
  });
});

describe('files of CIFAR', () => {
  test('a folder is read, with its channels standardised where asked for', async () => {
    expect(optionsOf('colour')).toMatchObject({ standardise: 'yes', channels: '2' });
    const { preparation } = stored('colour').extras as { preparation: { standardisation?: unknown; shape: number[] } };
    expect([preparation.shape, Boolean(preparation.standardisation)]).toEqual([[3, 32, 32], true]);
    const resumed = await run(['train', '--data', path('cifar'), '--resume', path('colour')]);
    expect([resumed.code, resumed.error]).toEqual([0, '']);
    expect(resumed.out).toContain('20 training, 10 held-out');
  });

  test('predict reads the test part of the folder, or one file, with their classes', async () => {
    for (const source of ['cifar', 'cifar/test_batch.bin']) {
      const { code, out, error } = await run(['predict', path('colour'), path(source), '--backend', 'wasm']);
      expect([code, out.split('\n').length, error]).toEqual([0, 12, expect.stringContaining(' of 10)')]);
    }
    const none = await run(['predict', path('colour'), path('no-test')]);
    expect([none.code, none.error]).toEqual([
      2,
      expect.stringContaining('it has no test part, such as test_batch.bin'),
    ]);
  });

  test('of CIFAR-100 have fine or coarse labels, as --target says', async () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, image) => [image % 20, (7 * image) % 100]);
    mkdirSync(path('hundred'));
    writeFileSync(path('hundred/train.bin'), cifarFile(pairs(24)));
    writeFileSync(path('hundred/test.bin'), cifarFile(pairs(8)));
    const hundred = ['--data', path('hundred')];
    for (const [target, classes] of [
      ['coarse', 20],
      ['fine', 100],
      [undefined, 100],
    ] as const) {
      const more = target ? ['--target', target] : [];
      expect((await train(...hundred, ...more, '--checkpoint', path('of-hundred'))).error).toBe('');
      expect(stored('of-hundred').layers[2].options).toMatchObject({ outputs: classes });
      expect(optionsOf('of-hundred').target).toBe(target);
      const { code, error } = await run(['predict', path('of-hundred'), path('hundred'), '--backend', 'wasm']);
      expect([code, error]).toEqual([0, expect.stringContaining(' of 8)')]);
    }
    expect((await train(...hundred, '--target', 'coarse', '--checkpoint', path('coarse'))).code).toBe(0);
    const resumed = await run(['train', ...hundred, '--resume', path('coarse'), '--epochs', '2']);
    expect([resumed.code, resumed.error]).toEqual([0, '']);
  });

  test.each([
    [['--data', 'hundred', '--target', 'superclass'], '--target: it is "superclass"; it must be one of fine, coarse'],
    [['--data', 'cifar', '--target', 'coarse'], 'CIFAR-10 has no coarse labels; CIFAR-100 has them'],
    [
      ['--data', 'idx', '--target', 'fine'],
      '--target: it is for a CSV or a .npz file or files of CIFAR-100, and these are IDX files',
    ],
    [['--target', 'fine'], '--target: it is for a CSV or a .npz file or files of CIFAR-100, which --data must name'],
  ])('%j is refused', async (given, message) => {
    const [option, ...more] = given;
    const data = option === '--data' ? [option, path(more[0]), ...more.slice(1)] : given;
    const { code, error } = await train(...data);
    expect([code, error.trimEnd().split('\n').length, error]).toEqual([2, 1, expect.stringContaining(message)]);
  });

  test('without a test part, a share of the images is held out; a file alone is read too', async () => {
    for (const source of ['no-test', 'no-test/train.bin']) {
      const { code, out } = await run([
        'train',
        ...QUICK,
        '--width',
        '3',
        '--epochs',
        '1',
        '--data',
        path(source),
        '--held-out',
        '0.5',
      ]);
      expect([code, out]).toEqual([0, expect.stringContaining('10 training, 10 held-out')]);
    }
    writeFileSync(path('few.bin'), cifarFile(labels(3)));
    const few = await train('--data', path('few.bin'));
    expect([few.code, few.error]).toEqual([
      2,
      expect.stringContaining('few.bin: no class has so many images that one can be held out'),
    ]);
    const both = await train('--data', path('cifar'), '--held-out', '0.5');
    expect([both.code, both.error]).toEqual([
      2,
      expect.stringContaining('--held-out: the files have a test part already'),
    ]);
    const bundled = await train('--standardise', 'yes');
    expect([bundled.code, bundled.error]).toEqual([2, expect.stringContaining('--standardise: the bundled digits')]);
  });
});

test('the memory of a convolution is estimated from channels, images and batch', () => {
  const sizes = { shape: [3, 32, 32], channels: 81, kernel: 3, batch: 128, features: 3072, classes: 10 };
  const refusedWith = (changed: Partial<typeof sizes>): string => {
    try {
      checkTrainingMemory({ ...sizes, ...changed }, 'wasm', 8e9);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusedWith({})).toBe('');
  const many = refusedWith({ channels: 5000 });
  expect(many).toMatch(/^--channels: it is 5000; .* WebAssembly may hold 4.3 GB: at most about \d+ fits$/);
  expect(refusedWith({ channels: Number(many.match(/about (\d+) fits/)?.[1]) })).toBe('');
  expect(refusedWith({ batch: 5000 })).toMatch(/^--batch: it is 5000; /);
});
