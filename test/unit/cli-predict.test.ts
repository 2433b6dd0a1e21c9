import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { type Engine, loadCheckpoint, modelFrom, open, saveCheckpoint } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { gzipped, imageFiles, writeCSV, writeIDX } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('predict');
let engine: Engine;
const path = (name: string): string => join(folder, name);
const predict = (...argv: string[]) => run(['predict', ...argv, '--backend', 'cpu']);
const train = (...more: string[]) =>
  run(['train', '--backend', 'cpu', '--width', '8', '--batch', '8', '--rate', '3e-2', ...more]);

/** The same numbers from the library, without the command. */
async function probabilitiesOf(
  checkpoint: string,
  inputs: ArrayLike<number>,
  parameters: 'best' | 'latest' = 'latest',
): Promise<number[]> {
  const model = modelFrom(loadCheckpoint(readFileSync(path(checkpoint))), engine, { parameters });
  return Array.from((await model.predict(inputs)).probabilities);
}

/** The pixels after a header of 16 bytes. */
const testPixels = (): number[] =>
  Array.from(readFileSync(path('images/t10k-images-idx3-ubyte')).subarray(16), (byte) => byte / 255);

const cells = (out: string): string[][] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
  writeFileSync(path('flowers.csv'), writeCSV(flowers()));
  mkdirSync(path('images'));
  for (const { name, bytes } of imageFiles(24, 4, 4)) writeFileSync(path(`images/${name}`), bytes);
  const more = ['--epochs', '4', '--checkpoint'];
  await Promise.all([
    train('--data', path('flowers.csv'), '--target', 'species', ...more, path('table')),
    train('--data', path('images'), ...more, path('pictures')),
    train('--batch', '500', '--epochs', '1', '--checkpoint', path('digits')),
  ]);
});

afterAll(() => engine.close());

describe('equilibra predict CHECKPOINT FILE.csv', () => {
  test('prints line, class and probability, and the accuracy where the classes are there', async () => {
    const { code, out, error } = await predict(path('table'), path('flowers.csv'));
    expect(code).toBe(0);
    const [header, ...rows] = cells(out);
    expect(header).toEqual(['row', 'class', 'probability']);
    expect(rows.map(([line]) => Number(line))).toEqual(rows.map((_, row) => row + 2));
    const right = rows.filter(([, found], row) => found === `iris ${row % 3}`).length;
    expect(right).toBeGreaterThan(60);
    expect(error).toBe(`accuracy ${((100 * right) / 90).toFixed(2)} % (${right} of 90)\n`);
  });

  test('finds columns by name, in any order, with others between, and without the target', async () => {
    const [header, ...rows] = flowers(9);
    const reorder = (row: string[], first: string) => [first, ...row.slice(0, -1).reverse()];
    writeFileSync(path('new.csv'), writeCSV([reorder(header, 'note'), ...rows.map((row) => reorder(row, 'x'))]));
    writeFileSync(path('same.csv'), writeCSV(flowers(9)));
    const [fresh, same] = [
      await predict(path('table'), path('new.csv')),
      await predict(path('table'), path('same.csv')),
    ];
    expect(fresh.out).toBe(same.out);
    expect([fresh.error, same.error.slice(0, 9)]).toEqual(['', 'accuracy ']);
  });

  test('--probabilities has a column for each class; they add up to 1, and the class has the greatest', async () => {
    const { out } = await predict(path('table'), path('flowers.csv'), '--probabilities');
    const [header, ...rows] = cells(out);
    expect(header.slice(3)).toEqual([0, 1, 2].map((label) => `probability of iris ${label}`));
    for (const [, found, probability, ...each] of rows) {
      const numbers = each.map(Number);
      expect(numbers.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(Number(probability)).toBe(Math.max(...numbers));
      expect(header[3 + numbers.indexOf(Number(probability))]).toBe(`probability of ${found}`);
    }
  });

  test('does not depend on how many rows are solved at once, up to the tolerance', async () => {
    const given = [path('table'), path('flowers.csv'), '--probabilities'];
    const [whole, parts] = [cells((await predict(...given)).out), cells((await predict(...given, '--batch', '7')).out)];
    expect(parts).toHaveLength(91);
    for (const [row, [, , probability]] of whole.slice(1).entries()) {
      expect(Number(parts[row + 1][2])).toBeCloseTo(Number(probability), 3);
    }
  });

  test('--output writes a file in the place of standard output', async () => {
    const file = path('out.csv');
    const { out } = await predict(path('table'), path('flowers.csv'), '--output', file);
    expect(out).toBe('');
    expect(readFileSync(file, 'utf8')).toBe((await predict(path('table'), path('flowers.csv'))).out);
  });

  test('takes the best parameters where early stopping kept them', async () => {
    // Nothing can be learnt from these rows, so that memorising them harms the held-out rows.
    const generator = random(5);
    const numbers = Array.from({ length: 40 }, () => [generator.normal(), generator.normal(), generator.integer(2)]);
    writeFileSync(path('noise.csv'), writeCSV([['x', 'y', 'side'], ...numbers.map((row) => row.map(String))]));
    const given = ['--data', path('noise.csv'), '--target', 'side', '--standardise', 'no', '--epochs', '40'];
    const { out } = await train(...given, '--early-stopping', '3', '--checkpoint', path('best'));
    expect(out).toContain('\nstopped early; the parameters are those of epoch');
    const { out: rows } = await predict(path('best'), path('noise.csv'), '--probabilities');
    const found = cells(rows)
      .slice(1)
      .flatMap((row) => row.slice(3).map(Number));
    const inputs = numbers.flatMap((row) => row.slice(0, 2));
    const largestDifference = async (parameters: 'best' | 'latest'): Promise<number> => {
      const expected = await probabilitiesOf('best', inputs, parameters);
      return Math.max(...expected.map((probability, at) => Math.abs(probability - found[at])));
    };
    expect(await largestDifference('best')).toBeLessThan(1e-5);
    expect(await largestDifference('latest')).toBeGreaterThan(1e-3);
  });

  test('--target and --missing may differ from training', async () => {
    const [header, ...rows] = flowers(6);
    const renamed = [[...header.slice(0, -1), 'truth'], ['', ...rows[0].slice(1)], ...rows.slice(1)];
    writeFileSync(path('gaps.csv'), writeCSV(renamed));
    const given = [path('table'), path('gaps.csv'), '--target', 'truth', '--missing'];
    const [filled, dropped] = [await predict(...given, 'mean'), await predict(...given, 'drop')];
    expect(cells(filled.out).map(([line]) => line)).toEqual(['row', '2', '3', '4', '5', '6', '7']);
    expect(cells(dropped.out).map(([line]) => line)).toEqual(['row', '3', '4', '5', '6', '7']);
    expect(dropped.error).toMatch(/^accuracy .* of 5\)\n$/);
  });

  test('quotes names of classes where necessary', async () => {
    writeFileSync(
      path('names.csv'),
      writeCSV([['x', 'y'], ...'12345678'.split('').map((x, at) => [x, at % 2 ? 'a,"b"' : 'c'])]),
    );
    await train('--data', path('names.csv'), '--target', 'y', '--epochs', '1', '--checkpoint', path('names'));
    const { out } = await predict(path('names'), path('names.csv'), '--probabilities');
    expect(out).toMatch(/^row,class,probability,"probability of a,""b""",probability of c\n/);
  });
});

describe('equilibra predict CHECKPOINT with images', () => {
  test('takes the test part of a folder, as training did', async () => {
    const { out, error } = await predict(path('pictures'), path('images'), '--probabilities');
    const rows = cells(out).slice(1);
    expect(rows.map(([number]) => Number(number))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const expected = await probabilitiesOf('pictures', testPixels());
    const found = rows.flatMap((row) => row.slice(3).map(Number));
    for (const [at, probability] of expected.entries()) expect(found[at]).toBeCloseTo(probability, 5);
    const right = rows.filter(([, name], row) => name === String(row % 4)).length;
    expect(error).toContain(`(${right} of 8)`);
  });

  test('takes one file, plain or .gz, and its labels where they are named', async () => {
    const whole = await predict(path('pictures'), path('images'));
    const images = path('images/t10k-images-idx3-ubyte');
    writeFileSync(path('some.gz'), gzipped(readFileSync(images)));
    expect(await predict(path('pictures'), path('some.gz'))).toMatchObject({ code: 0, out: whole.out, error: '' });
    const labels = path('images/t10k-labels-idx1-ubyte');
    expect(await predict(path('pictures'), images, '--labels', labels)).toEqual(whole);
  });

  test('a folder may hold the test images alone', async () => {
    mkdirSync(path('alone'));
    const name = 't10k-images-idx3-ubyte';
    writeFileSync(path(`alone/${name}`), readFileSync(path(`images/${name}`)));
    const { out } = await predict(path('pictures'), path('images'));
    expect(await predict(path('pictures'), path('alone'))).toMatchObject({ code: 0, out, error: '' });
  });

  test('without DATA a model of the bundled digits classifies those held out', async () => {
    const { code, out, error } = await predict(path('digits'));
    expect([code, cells(out).length]).toEqual([0, 361]);
    const trained = await train('--batch', '500', '--epochs', '1');
    expect(error).toBe(`${trained.out.match(/accuracy .*\)/)?.[0]}\n`);
  });
});

describe('equilibra predict --report', () => {
  test('states how good the model is on a table, and shows the mistakes with their lines', async () => {
    const file = path('table.html');
    const given = [path('table'), path('flowers.csv'), '--report', file];
    const { out, error } = await predict(...given);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<title>table on ');
    expect(text).toContain(`<b>${error.match(/[\d.]+/)?.[0]}\u00a0%</b>`);
    expect(text).not.toContain('<script');
    const wrong = cells(out).filter(([line, found]) => line !== 'row' && found !== `iris ${(Number(line) - 2) % 3}`);
    const section = text.slice(text.indexOf('id="mistakes"'), text.indexOf('id="run"'));
    const shown = [...section.matchAll(/<tr><th scope="row" class="number">(\d+)<\/th>/g)].map(([, line]) => line);
    expect(wrong.length).toBeGreaterThan(0);
    expect(shown.sort()).toEqual(wrong.map(([line]) => line).sort());
  });

  test('shows images', async () => {
    const file = path('digits.html');
    const { error } = await predict(path('digits'), '--report', file);
    const [, right, count] = error.match(/\((\d+) of (\d+)\)/) ?? [];
    const shown = readFileSync(file, 'utf8').match(/<img src="data:image\/png;base64,/g)?.length;
    expect(shown).toBe(Math.min(40, Number(count) - Number(right)));
  });

  test('needs the classes', async () => {
    const images = path('images/t10k-images-idx3-ubyte');
    const { code, out, error } = await predict(path('pictures'), images, '--report', path('none.html'));
    expect([code, out]).toEqual([2, '']);
    expect(error).toMatch(/^equilibra: --report: the classes of [^\n]* are not known[^\n]*\n$/);
  });
});

describe('errors are one line on standard error, with exit code 2', () => {
  beforeAll(async () => {
    const [header, ...rows] = flowers(3);
    const changed = (place: number, text: string) =>
      writeCSV([header, rows[0].map((cell, at) => (at === place ? text : cell))]);
    writeFileSync(path('column.csv'), writeCSV([header.slice(1), ...rows.map((row) => row.slice(1))]));
    writeFileSync(path('category.csv'), changed(3, 'east'));
    writeFileSync(path('class.csv'), changed(5, 'rose'));
    writeFileSync(path('gap.csv'), changed(0, ''));
    writeFileSync(path('large'), writeIDX('uint8', [1, 5, 5], new Array(25).fill(0)));
    const model = modelFrom(loadCheckpoint(readFileSync(path('table'))), engine);
    writeFileSync(path('bare'), await saveCheckpoint(model));
    const { extras } = loadCheckpoint(readFileSync(path('pictures')));
    writeFileSync(path('mixed'), await saveCheckpoint(model, { extras }));
    const bytes = readFileSync(path('table'));
    bytes[bytes.length - 50] ^= 1;
    writeFileSync(path('damaged'), bytes);
  });

  test.each([
    ['no checkpoint', [], 'CHECKPOINT is missing: equilibra predict CHECKPOINT [DATA]'],
    ['no such checkpoint', ['nothing'], 'nothing: there is no such file or folder'],
    ['a table for a checkpoint', ['flowers.csv', 'flowers.csv'], 'they do not start as a checkpoint does'],
    ['a damaged checkpoint', ['damaged', 'flowers.csv'], 'damaged: checkpoint: it is damaged'],
    ['a checkpoint without preparation', ['bare', 'flowers.csv'], 'it does not say how data are made ready'],
    ['a preparation of another model', ['mixed', 'images'], 'its model takes 6 numbers and gives 3 classes'],
    ['too many arguments', ['table', 'flowers.csv', 'images'], 'predict takes one checkpoint and one DATA'],
    ['no data', ['table'], 'learned from flowers.csv; name what to predict'],
    ['no such data', ['table', 'no.csv'], 'no.csv: there is no such file or folder'],
    ['a column missing', ['table', 'column.csv'], 'column.csv: there is no column "sepal"'],
    ['a new category', ['table', 'category.csv'], 'line 2, column "<script>garden</script>": "east" is not a known'],
    ['a new class', ['table', 'class.csv'], 'line 2, column "species": "rose" is not a known class'],
    ['a missing value', ['table', 'gap.csv'], 'line 2, column "sepal": the value is missing'],
    ['images for a table', ['table', 'images/t10k-images-idx3-ubyte'], 'it is an IDX file; the model reads CSV files'],
    ['a folder for a table', ['table', 'images'], 'images: it is a folder; the model reads CSV files'],
    ['a table for images', ['pictures', 'flowers.csv'], 'flowers.csv: the file is not IDX'],
    ['images of another size', ['pictures', 'large'], 'the images are 5 × 5; the model reads images of 4 × 4'],
    ['labels for images', ['pictures', 'images/t10k-labels-idx1-ubyte'], 'images must be count × height × width'],
    ['a folder without images', ['pictures', '.'], 't10k-images-idx3-ubyte (or the same with .gz) not found'],
  ])('%s', async (_, names, message) => {
    const { code, out, error } = await predict(...names.map(path));
    expect(error).toContain(message);
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect([code, out]).toEqual([2, '']);
  });

  test.each([
    ['a target for images', ['pictures', 'images'], ['--target', 'x'], '--target: '],
    ['labels for a table', ['table', 'flowers.csv'], ['--labels', 'x'], '--labels: '],
    ['labels for a folder', ['pictures', 'images'], ['--labels', 'x'], '--labels: it goes with one file of images'],
    ['a target that is not there', ['table', 'flowers.csv'], ['--target', 'x'], 'has no column "x"; it has sepal,'],
    ['an unknown rule', ['table', 'flowers.csv'], ['--missing', 'x'], '--missing: it is "x"; it must be one of'],
    ['a batch of 0', ['table', 'flowers.csv'], ['--batch', '0'], '--batch: it is "0"; it must be a positive integer'],
    ['an output nowhere', ['table', 'flowers.csv'], ['--output', 'no/where.csv'], 'there is no folder no'],
    ['a limit', ['table', 'flowers.csv'], ['--limits', 'rows=10'], 'raise limits.rows'],
    ['an unknown option', ['table', 'flowers.csv'], ['--rows', '3'], '--rows: predict has no such option'],
  ])('%s', async (_, names, options, message) => {
    const { code, out, error } = await predict(...names.map(path), ...options);
    expect(error).toContain(message);
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect([code, out]).toEqual([2, '']);
  });
});
