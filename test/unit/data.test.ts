import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Dataset, digits, parseDigits, type Samples, splitSamples, subset } from '../../src/data/index.ts';

const lines = ['rows-1-900', 'rows-901-1797']
  .map((name) => readFileSync(new URL(`../../src/data/digits/${name}.csv`, import.meta.url), 'utf8'))
  .join('')
  .trimEnd()
  .split('\n');
const none = { train: [], test: [] };

/** A valid row with `cell` in place of the value at `column`. */
function rowWith(column: number, cell: string): string {
  const cells = lines[0].split(',');
  cells[column] = cell;
  return cells.join(',');
}

describe('digits', () => {
  let data: Dataset;
  beforeAll(async () => {
    data = await digits();
  });

  test('has the sizes of its split, and shapes to match', () => {
    expect([data.train.count, data.test.count]).toEqual([1437, 360]);
    expect(data.classes).toBe(10);
    expect(data.featureShape).toEqual([8, 8]);
    for (const part of [data.train, data.test]) {
      expect(part.features).toBe(64);
      expect(part.inputs).toHaveLength(part.count * 64);
      expect(part.labels).toHaveLength(part.count);
    }
  });

  test('has the row that the file and the split say', () => {
    const split = JSON.parse(readFileSync(new URL('../../src/data/digits/split.json', import.meta.url), 'utf8'));
    for (const [part, place] of [
      ['train', 0],
      ['train', 1436],
      ['test', 359],
    ] as const) {
      const cells = lines[split[part][place]].split(',').map(Number);
      expect(data[part].labels[place]).toBe(cells[0]);
      const row = data[part].inputs.subarray(place * 64, (place + 1) * 64);
      expect([...row].map((pixel) => pixel * 16)).toEqual(cells.slice(1));
    }
  });

  test('has every class in both parts and pixels from 0 to 1', () => {
    for (const part of [data.train, data.test]) {
      expect(new Set(part.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
      expect(part.inputs.reduce((a, b) => Math.min(a, b))).toBe(0);
      expect(part.inputs.reduce((a, b) => Math.max(a, b))).toBe(1);
    }
  });
});

describe('parseDigits reports an error and its place', () => {
  const table = (row: string) => [lines[0], row, lines[2]].join('\n');

  test.each([
    ['too few values', table('1,2,3'), 'line 2 has 3 values; it must have 65'],
    ['too many values', table(`${lines[0]},0`), 'line 2 has 66 values; it must have 65'],
    ['an empty file', '', 'line 1 has 1 value; it must have 65'],
    ['a blank line inside', table(''), 'line 2 has 1 value; it must have 65'],
    ['a label too great', table(rowWith(0, '10')), 'line 2: label is "10"; it must be an integer from 0 to 9'],
    ['a pixel too great', table(rowWith(64, '17')), 'line 2: pixel 64 is "17"; it must be an integer from 0 to 16'],
    ['a negative pixel', table(rowWith(1, '-1')), 'line 2: pixel 1 is "-1"'],
    ['a fraction', table(rowWith(1, '0.5')), 'line 2: pixel 1 is "0.5"'],
    ['an empty cell', table(rowWith(1, '')), 'line 2: pixel 1 is ""'],
    ['a word', table(rowWith(1, 'NaN')), 'line 2: pixel 1 is "NaN"'],
  ])('%s', (_, text, message) => {
    expect(() => parseDigits(text, none)).toThrow(message);
  });

  test('a file cut inside a row', () => {
    const cut = lines.join('\n').slice(0, 1000);
    expect(() => parseDigits(cut, none)).toThrow(/line \d+ has \d+ values; .* the file may be cut short/);
  });

  test('a file cut between rows', () => {
    const cut = lines.slice(0, 1700).join('\n');
    expect(() => parseDigits(cut, none, 1797)).toThrow('has 1700 rows; it must have 1797 (the file is cut short)');
  });

  test.each([
    ['beyond the end', { train: [3], test: [] }, 'split.train[0] is 3; it must be an integer from 0 to 2'],
    ['negative', { train: [], test: [0, -1] }, 'split.test[1] is -1'],
    ['in both parts', { train: [0, 1], test: [1] }, 'split.test[0] is 1, which split.train[1] is too'],
    ['twice in a part', { train: [2, 2], test: [] }, 'split.train[1] is 2, which split.train[0] is too'],
  ])('a split index %s', (_, split, message) => {
    expect(() => parseDigits(lines.slice(0, 3).join('\n'), split)).toThrow(message);
  });

  test('Windows line ends and a blank last line are fine', () => {
    const data = parseDigits(`${lines.slice(0, 3).join('\r\n')}\r\n\r\n`, { train: [2, 0], test: [1] });
    expect([...data.train.labels, ...data.test.labels]).toEqual([2, 0, 1]);
  });
});

describe('subset and splitSamples', () => {
  const samples: Samples = {
    inputs: Float32Array.from({ length: 20 }, (_, i) => i),
    labels: Int32Array.from({ length: 10 }, (_, i) => i),
    count: 10,
    features: 2,
  };

  test('subset copies the rows in the given order', () => {
    const part = subset(samples, [9, 0, 9]);
    expect([...part.labels]).toEqual([9, 0, 9]);
    expect([...part.inputs]).toEqual([18, 19, 0, 1, 18, 19]);
    part.inputs[2] = -1;
    expect(samples.inputs[0]).toBe(0);
  });

  test('subset refuses indices that are not rows', () => {
    expect(() => subset(samples, [0, 10])).toThrow('indices[1] is 10; it must be an integer from 0 to 9');
    expect(() => subset(samples, [0.5])).toThrow('indices[0] is 0.5');
  });

  test('splitSamples uses every row once, keeps rows whole, and is reproducible', () => {
    const [first, second] = splitSamples(samples, 0.7, 11);
    expect([first.count, second.count]).toEqual([7, 3]);
    expect([...first.labels, ...second.labels].sort((a, b) => a - b)).toEqual([...samples.labels]);
    first.labels.forEach((label, row) => {
      expect([...first.inputs.subarray(2 * row, 2 * row + 2)]).toEqual([2 * label, 2 * label + 1]);
    });
    expect(splitSamples(samples, 0.7, 11)).toEqual([first, second]);
    expect(splitSamples(samples, 0.7, 12)).not.toEqual([first, second]);
  });

  test('splitSamples accepts both extremes and nothing beyond', () => {
    expect(splitSamples(samples, 1, 0)[1].count).toBe(0);
    expect(splitSamples(samples, 0, 0)[0].count).toBe(0);
    expect(() => splitSamples(samples, 1.5, 0)).toThrow('fraction is 1.5; it must be a number from 0 to 1');
    expect(() => splitSamples(samples, Number.NaN, 0)).toThrow('fraction is NaN');
  });
});
