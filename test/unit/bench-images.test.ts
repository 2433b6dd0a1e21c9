/** `npm run images`: its options, its networks, one training of it, and its tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFiles, readFindings } from '../../bench/image-files.ts';
import { countParameters, IMAGE_NETWORKS, IMAGE_SETS } from '../../bench/image-networks.ts';
import { FASHION, readOptions } from '../../bench/image-options.ts';
import { type ImageFinding, isSameRun, planRuns } from '../../bench/image-runs.ts';
import { type ImageResults, imageTextOf } from '../../bench/image-table.ts';
import { memoryInUse, openTraining, testAccuracy, trainEpoch } from '../../bench/image-training.ts';
import { writeTables } from '../../bench/program-contestants.ts';
import { imagesFromFiles } from '../../src/data/index.ts';
import { adam, evaluate, open, train } from '../../src/index.ts';
import { cifarFile, imageFiles } from '../support/files.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('bench-images');
const path = (name: string): string => join(folder, name);
const log = () => {
  const notes: string[] = [];
  return { notes, failed: false, note: (text: string) => notes.push(text), failure: () => {} } as never;
};

describe('options', () => {
  test('by default everything is measured', () => {
    expect(readOptions([])).toEqual({
      folders: { fashion: FASHION, cifar: undefined },
      places: ['node', 'chrome'],
      sets: ['fashion', 'cifar'],
      seeds: 3,
      settings: { epochs: 5, batch: 128, threads: 2, rate: 1e-3, tolerance: 1e-2 },
      goesOn: false,
      output: 'bench/results/images.json',
    });
  });

  test('narrow it down', () => {
    expect(readOptions(['--only', 'chrome', '--data', 'x', '--continue'])).toMatchObject({
      ...{ places: ['chrome'], sets: ['fashion', 'cifar'], goesOn: true, folders: { cifar: 'x' } },
    });
    expect(readOptions(['--only=cifar', '--seeds', '2'])).toMatchObject({
      ...{ places: ['node', 'chrome'], sets: ['cifar'], seeds: 2 },
    });
    expect(readOptions(['--quick', '--epochs', '2'])).toMatchObject({
      ...{ seeds: 1, output: 'dist/bench/images.json', settings: { epochs: 2, images: 512 } },
    });
    expect(readOptions(['--help'])).toBeUndefined();
  });

  test.each([
    [['--only', 'firefox'], '--only: it is "firefox"; it must be one of node, chrome, fashion, cifar'],
    [['--epochs', '0'], '--epochs: it is "0"; it must be a positive integer'],
    [['cifar'], '"cifar": images takes options only'],
  ])('%j is refused', (argv, message) => {
    expect(() => readOptions(argv)).toThrow(message);
  });
});

test('the networks for the same images have about as many parameters', () => {
  for (const set of Object.values(IMAGE_SETS)) {
    const counts = Object.values(IMAGE_NETWORKS).map((make) => countParameters(make(set)));
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.05);
  }
});

test('the plan has every network once for each seed', () => {
  const runs = planRuns(['node', 'chrome'], ['cifar'], (where) => (where === 'node' ? 2 : 1));
  expect(runs.length).toBe(3 * Object.keys(IMAGE_NETWORKS).length);
  for (const run of runs) expect(runs.filter((other) => isSameRun(run, other))).toEqual([run]);
  expect(runs[3]).toEqual({ where: 'node', set: 'cifar', network: 'monotone convolution', seed: 1 });
});

describe('files', () => {
  const find = (folders: object, given = log()) => findFiles({ folders, sets: ['fashion', 'cifar'] }, given);

  test('are found by their names, and a data set without a folder is noted', async () => {
    mkdirSync(path('cifar'));
    for (const name of ['data_batch_2.bin', 'data_batch_1.bin', 'test_batch.bin', 'readme.html']) {
      writeFileSync(path(`cifar/${name}`), cifarFile([[1]]));
    }
    mkdirSync(path('fashion'));
    for (const { name, bytes } of imageFiles(2, 28, 2)) writeFileSync(path(`fashion/${name}`), bytes);
    const found = await find({ fashion: path('fashion'), cifar: path('cifar') });
    expect(found.cifar).toEqual({
      folder: path('cifar'),
      names: ['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'],
    });
    expect(found.fashion?.names.length).toBe(4);
    const own = log();
    expect(Object.keys(await find({ fashion: path('fashion') }, own))).toEqual(['fashion']);
    expect((own as { notes: string[] }).notes).toEqual(['CIFAR was not measured: no --data was given.']);
  });

  test('a folder without them is refused in one line', async () => {
    mkdirSync(path('empty'));
    await expect(find({ cifar: path('empty'), fashion: path('fashion') })).rejects.toThrow(
      `--data ${path('empty')}: it has no data_batch_1.bin, … and test_batch.bin`,
    );
    await expect(find({ fashion: path('nowhere') })).rejects.toThrow(/^--fashion .*nowhere: ENOENT/);
  });
});

test('a training waits after each epoch, and is otherwise that of train', async () => {
  const files = imageFiles(40, 28, 4);
  for (const { name, bytes } of files) writeFileSync(path(name), bytes);
  const network = 'dense monotone';
  const settings = { epochs: 2, batch: 16, seed: 1 };
  const described = await openTraining({
    ...{ set: 'fashion', network, ...settings, threads: 1 },
    images: 32,
    files: files.map(({ name }) => ({ name, address: path(name) })),
  });
  const engine = await open({ backend: 'wasm', threads: 1 });
  const model = IMAGE_NETWORKS[network](IMAGE_SETS.fashion);
  const data = await imagesFromFiles(files, { standardise: true });
  const part = { inputs: data.train.inputs.subarray(0, 32 * 784), labels: data.train.labels.subarray(0, 32) };
  const { epochs } = await train(
    engine,
    model,
    { ...part, count: 32, features: 784 },
    { ...settings, optimiser: adam({ rate: 1e-3 }) },
  );
  expect(described).toEqual({ parameters: countParameters(model), images: [32, data.test.count] });
  for (const { loss, iterationsForward } of epochs) {
    expect(await trainEpoch()).toMatchObject({ loss, iterationsForward, seconds: expect.any(Number) });
  }
  expect(await testAccuracy()).toBe((await evaluate(model, data.test)).accuracy);
  await expect(trainEpoch()).rejects.toThrow('all 2 epochs are done');
  const { bytes, residentBytes } = await memoryInUse();
  expect(residentBytes).toBeGreaterThan(bytes);
  engine.close();
});

describe('results', () => {
  const settings = { epochs: 2, batch: 128, threads: 2, rate: 1e-3, tolerance: 1e-2 };
  const findingOf = (seed: number, network: string, more: Partial<ImageFinding> = {}): ImageFinding => ({
    ...{ where: 'node', version: 'Node 20.0.0', set: 'cifar', seed, network, parameters: 1234, threads: 2 },
    ...{ images: [10000, 2000], bytes: 3e6 + seed, residentBytes: 5e8 + 1e7 * seed },
    epochs: [1, 2].map((epoch) => ({
      ...{ loss: 1, accuracy: 0.1 * epoch + 0.01 * seed, seconds: 4 * epoch + seed, processorSeconds: 9 },
      ...{ iterationsForward: network === 'plain convolutions' ? 0 : 3, iterationsBackward: 4, others: 0.25 * seed },
    })),
    ...more,
  });
  const results: ImageResults = {
    ...{ date: '2030-01-02T03:04:05.678Z', equilibra: '1.2.3', node: '20.0.0' },
    ...{ processor: { name: 'Acme', cores: 2 }, settings, notes: ['no figures of Chrome'] },
    findings: [
      findingOf(0, 'monotone convolution'),
      findingOf(1, 'monotone convolution'),
      findingOf(0, 'plain convolutions'),
      findingOf(0, 'dense monotone', { where: 'chrome', version: 'Chromium 1', residentBytes: undefined }),
    ],
  };

  test('the tables tell accuracies over the seeds, times and memory', () => {
    const text = imageTextOf(results);
    expect(text).toContain('## CIFAR');
    expect(text).not.toContain('## Fashion-MNIST');
    expect(text).toContain('10000 images, and 2000 to test on.');
    expect(text).toMatch(
      /\| monotone convolution +\| Node +\| 2 +\| 1234 +\| 10\.5 \(10\.0–11\.0\) \| 20\.5 \(20\.0–21\.0\) \|/,
    );
    expect(text).toMatch(/\| monotone convolution +\| Node +\| 2 +\| 6\.5 +\| 9\.0 +\| 3\.0 \/ 4\.0 +\| 3 +\| 510 +\|/);
    expect(text).toMatch(/\| plain convolutions +\| Node +\| 2 +\| 6\.0 +\| 9\.0 +\| – +\|/);
    expect(text).toMatch(/\| dense monotone +\| Chromium 1 .* 3 +\| – +\|/);
    expect(text).toContain('During 2 of 8 epochs other programs had more than 10 % of the processors, 25 % at most');
    expect(text).toContain('no figures of Chrome');
  });

  test('a run goes on with findings of the same settings alone', async () => {
    const output = path('results/images.json');
    expect(await readFindings({ output, settings })).toEqual([]);
    await writeTables(output, results, imageTextOf(results));
    expect(await readFindings({ output, settings })).toEqual(JSON.parse(JSON.stringify(results.findings)));
    const other = { ...settings, images: 512 };
    await expect(readFindings({ output, settings: other })).rejects.toThrow(
      `--continue: ${output} has images undefined, and this run 512; they must be the same`,
    );
  });
});
