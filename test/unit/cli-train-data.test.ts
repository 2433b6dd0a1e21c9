import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../fixtures/cli/run.ts';
import { gzipped, imageFiles, writeCSV, writeIDX } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('data');

beforeAll(() => {
  writeFileSync(join(folder, 'flowers.csv'), writeCSV(flowers(), { lineEnd: '\r\n' }));
  writeFileSync(join(folder, 'ragged.csv'), 'x,y\n1,a\n2\n3,b\n');
  writeFileSync(join(folder, 'missing.csv'), 'x,y\n1,a\n?,b\n3,b\n4,a\n6,b\n7,a\n');
  writeFileSync(join(folder, 'numbers.csv'), 'label,0,1\n0,1,2\n1,5,7\n0,1,3\n1,6,8\n');
  mkdirSync(join(folder, 'images'));
  mkdirSync(join(folder, 'broken'));
  for (const [index, { name, bytes }] of imageFiles(60, 4, 4).entries()) {
    writeFileSync(join(folder, 'images', index % 2 ? `${name}.gz` : name), index % 2 ? gzipped(bytes) : bytes);
    writeFileSync(join(folder, 'broken', name), index === 0 ? bytes.subarray(0, -5) : bytes);
  }
});

const path = (name: string): string => join(folder, name);
const train = (...more: string[]) => run(['train', '--backend', 'cpu', '--width', '8', '--epochs', '10', ...more]);

function accuracy(out: string): number {
  return Number(out.match(/^test accuracy ([\d.]+) %/m)?.[1]);
}

describe('equilibra train --data FILE.csv', () => {
  const data = () => ['--data', path('flowers.csv'), '--target', 'species'];

  test('learns the classes of a column, from numbers and categories', async () => {
    const { code, out, error } = await train(...data(), '--batch', '8', '--held-out', '0.3', '--rate', '3e-2');
    expect(error).toBe('');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('data     flowers.csv: 63 training, 27 held-out');
    expect(lines[1]).toBe('task     classification: "species" holds texts');
    expect(lines[2]).toBe(
      'features 6, standardised: sepal, petal, stem, <script>garden</script> (2 categories), planet (1 category)',
    );
    expect(lines[3]).toBe('constant planet=earth: nothing to learn from these');
    expect(lines[4]).toBe('model    monotone 6 → 8, dense 8 → 3: 211 parameters');
    expect(accuracy(out)).toBeGreaterThan(95);
  });

  test('holds out the same rows for the same seed, others for another', async () => {
    const report = async (seed: string, name: string) => {
      await train(...data(), '--seed', seed, '--epochs', '1', '--report', path(name));
      return readFileSync(path(name), 'utf8').match(/id="mistakes">.*?<\/section>/s)?.[0];
    };
    const [first, again, other] = [
      await report('1', 'a.html'),
      await report('1', 'b.html'),
      await report('2', 'c.html'),
    ];
    expect(first).toContain('<tbody>');
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('leaves out columns and takes features as they are', async () => {
    const { out } = await train(...data(), '--ignore', 'planet,<script>garden</script>', '--standardise', 'no');
    expect(out).toContain('\nfeatures 3, not standardised: sepal, petal, stem\n');
    expect(out).not.toContain('constant');
  });

  test('keeps line ends and control characters in names from the terminal', async () => {
    writeFileSync(path('names.csv'), 'x,"a\n\u001b[2Jb",y\n1,2,a\n2,3,b\n4,3,a\n5,6,b\n');
    const given = ['--data', path('names.csv'), '--epochs', '1'];
    expect((await train(...given, '--target', 'y')).out).toContain('\nfeatures 2, standardised: x, a [2Jb\n');
    expect((await train(...given, '--target', 'z')).error).toContain('The columns are x, a [2Jb, y\n');
  });

  test('fills or drops missing values on request', async () => {
    const given = ['--data', path('missing.csv'), '--target', 'y', '--epochs', '1'];
    expect((await train(...given, '--missing', 'drop')).out).toContain('dropped  1 row with a missing value\n');
    expect((await train(...given, '--missing', 'mean')).out).toMatch(/^data {5}missing.csv: 4 training, 2 held-out/);
  });

  test('needs an option where it is unclear whether the first line is a header', async () => {
    const given = ['--data', path('numbers.csv'), '--target', 'label', '--epochs', '1', '--held-out', '0.5'];
    expect((await train(...given)).error).toContain('line 1 could be a header or data: "label" stands above');
    expect((await train(...given, '--header', 'yes')).out).toContain('features 2, standardised: 0, 1\n');
  });
});

describe('equilibra train --data FOLDER', () => {
  test('learns from IDX files, plain or compressed', async () => {
    const { code, out, error } = await train('--data', path('images'), '--batch', '8');
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('data     images: 60 training, 20 held-out\nmodel    monotone 16 → 8, dense 8 → 4:');
    expect(accuracy(out)).toBeGreaterThan(95);
  });
});

describe('equilibra train --report', () => {
  test('writes one file about the whole run', async () => {
    const file = path('report.html');
    const { out } = await train(
      '--data',
      path('flowers.csv'),
      '--target',
      'species',
      '--epochs',
      '2',
      '--report',
      file,
    );
    expect(out).toMatch(/s in all\nreport {3}.*report\.html\n$/);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<title>Training on flowers.csv</title>');
    expect(text).toContain(`<b>${accuracy(out).toFixed(2)}\u00a0%</b>`);
    expect(text).toContain('&#60;script&#62;garden');
    expect(text).not.toContain('<script');
    for (const fact of [
      'monotone 6 → 8, dense 8 → 3',
      'plain JavaScript loops in float64',
      '<dt>optimiser</dt><dd>adam</dd><dt>rate</dt><dd>0.01</dd>',
    ]) {
      expect(text).toContain(fact);
    }
    expect(text.match(/<path class="curve [^"]*" d="M[^"]*L/g)).toHaveLength(7);
  });

  test('shows the misclassified images', async () => {
    const file = path('digits.html');
    const { out } = await train('--epochs', '1', '--report', file);
    const [, right, count] = out.match(/\((\d+) of (\d+)\)/) ?? [];
    const shown = readFileSync(file, 'utf8').match(/<img src="data:image\/png;base64,/g)?.length;
    expect(shown).toBe(Math.min(40, Number(count) - Number(right)));
  });
});

describe('errors are one line on standard error, with exit code 2', () => {
  const csv = (name: string, ...more: string[]) => ['--data', path(name), ...more];
  test.each([
    ['no such file', () => csv('nothing.csv'), 'nothing.csv: there is no such file or folder'],
    [
      'no target',
      () => csv('flowers.csv'),
      '--target is missing: the column of the classes, or of the numbers to predict; the columns are sepal,',
    ],
    ['a target misspelt', () => csv('flowers.csv', '--target', 'specie'), 'Did you mean "species"?'],
    ['a ragged table', () => csv('ragged.csv', '--target', 'y'), 'ragged.csv: line 3 has 1 cell; it must have 2'],
    ['missing values', () => csv('missing.csv', '--target', 'y'), 'line 3, column "x": the value is missing ("?")'],
    ['a folder without IDX files', () => csv('.'), '(or the same with .gz) not found; there are'],
    [
      'an IDX file cut short',
      () => csv('broken'),
      'train-images-idx3-ubyte: the IDX header tells of an array of 60 × 4 × 4',
    ],
    ['one IDX file', () => csv('images/train-images-idx3-ubyte'), 'name the folder of the four IDX files'],
    ['a target for images', () => csv('images', '--target', 'y'), '--target: it is for a CSV or a .npz file'],
    [
      'a share for the digits',
      () => ['--held-out', '0.5'],
      '--held-out: the bundled digits are divided and scaled already',
    ],
    ['a share of 1', () => csv('flowers.csv', '--target', 'species', '--held-out', '1'), '--held-out: it is "1"'],
    ['a limit', () => csv('flowers.csv', '--target', 'species', '--limits', 'rows=10'), 'raise limits.rows'],
    ['an unknown limit', () => csv('flowers.csv', '--limits', 'row=10'), '--limits: "row=10" must be a name'],
    ['a broken list', () => csv('flowers.csv', '--target', 'species', '--ignore', '"a'), '--ignore: it is "\\"a"'],
    ['a report nowhere', () => ['--report', path('no/where.html')], 'there is no folder'],
    ['a report in place of a folder', () => ['--report', folder], 'it is a folder; name a file'],
  ])('%s', async (_, given, message) => {
    const { code, out, error } = await train(...given());
    expect(error).toContain(message);
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect([code, out]).toEqual([2, '']);
  });

  test('a class with a single row cannot be held out', async () => {
    writeFileSync(path('single.csv'), 'x,y\n1,a\n2,b\n');
    const { error } = await train('--data', path('single.csv'), '--target', 'y');
    expect(error).toContain('every class has one row, so none can be held out');
  });

  test('labels outside the range of classes', async () => {
    const other = path('labels');
    mkdirSync(other);
    for (const { name, bytes } of imageFiles(8, 4, 4)) writeFileSync(join(other, name), bytes);
    writeFileSync(join(other, 't10k-labels-idx1-ubyte'), writeIDX('uint8', [3], [0, 1, 9]));
    const { code, error } = await train('--data', other);
    expect(error).toContain('t10k-labels-idx1-ubyte: the label of image 2 is 9; it must be from 0 to 3');
    expect(code).toBe(2);
  });
});
