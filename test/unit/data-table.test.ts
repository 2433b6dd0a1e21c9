import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseTable,
  preparationFrom,
  preparedFor,
  preparedTable,
  splitSamples,
  standardisationOf,
  standardised,
  type TableDatasetOptions,
  tableDataset,
} from '../../src/data/index.ts';
import { imageFiles, writeCSV } from '../support/files.ts';
import { normals } from '../support/numbers.ts';

const flowers = parseTable(
  [
    'length,colour,origin,species',
    '1.5,red,1,setosa',
    '2.5, blue,2,setosa',
    '3.5,red,1,virginica',
    '4.5,green,2,virginica',
    '5.5,red,1,virginica',
    '6.5,blue,1,setosa',
  ].join('\n'),
);

const all: TableDatasetOptions = { target: 'species', heldOut: 0, standardise: false };

/** The rows of a part in the order of the table. */
function inOrder(
  { inputs, features }: { inputs: Float32Array; features: number },
  rows: readonly number[],
): number[][] {
  const placed = rows.map((row, at) => ({ row, values: [...inputs.subarray(at * features, (at + 1) * features)] }));
  return placed.sort((a, b) => a.row - b.row).map(({ values }) => values);
}

describe('tableDataset', () => {
  test('turns numbers into numbers, categories into features, and the target into classes', () => {
    const data = tableDataset(flowers, { ...all, categorical: ['origin'] });
    expect(data.featureNames).toEqual(['length', 'colour=blue', 'colour=green', 'colour=red', 'origin=1', 'origin=2']);
    expect(inOrder(data.train, data.rows.train).slice(0, 2)).toEqual([
      [1.5, 0, 0, 1, 1, 0],
      [2.5, 1, 0, 0, 0, 1],
    ]);
    expect([data.classes, data.classNames]).toEqual([2, ['setosa', 'virginica']]);
    expect([data.train.count, data.test.count, data.featureShape]).toEqual([6, 0, [6]]);
    data.rows.train.forEach((row, at) => {
      expect(data.classNames[data.train.labels[at]]).toBe(flowers.rows[row][3]);
    });
  });

  test('standardises by the training part alone', () => {
    const data = tableDataset(flowers, { target: 'species', ignore: ['colour', 'origin'], heldOut: 0.34 });
    const values = data.rows.train.map((row) => Number(flowers.rows[row][0]));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    expect(data.preparation.standardisation?.mean[0]).toBeCloseTo(mean, 12);
    expect(data.preparation.standardisation?.deviation[0]).toBeCloseTo(deviation, 12);
    expect([data.train.count, data.test.count]).toEqual([4, 2]);
    data.rows.test.forEach((row, at) => {
      expect(data.test.inputs[at]).toBeCloseTo((Number(flowers.rows[row][0]) - mean) / deviation, 5);
    });
  });

  test('keeps differences that a large offset would hide in float32', () => {
    const table = parseTable('time,class\n1600000000,a\n1600000001,b\n1600000002,a\n1600000003,b\n');
    const data = tableDataset(table, { target: 'class', heldOut: 0 });
    const deviation = Math.sqrt(1.25);
    const expected = [-1.5, -0.5, 0.5, 1.5].map((x) => [Math.fround(x / deviation)]);
    expect(inOrder(data.train, data.rows.train)).toEqual(expected);
  });

  test('puts each row into one part and every class into both, reproducibly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 12, maxLength: 40 }),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        fc.nat(),
        (classes, heldOut, seed) => {
          const counts = new Map(classes.map((name) => [name, classes.filter((each) => each === name).length]));
          fc.pre(counts.size === 3 && Math.min(...counts.values()) > 1);
          const table = parseTable(writeCSV([['x', 'y'], ...classes.map((name, row) => [String(row), name])]));
          const data = tableDataset(table, { target: 'y', heldOut, seed });
          expect([...data.rows.train, ...data.rows.test].sort((a, b) => a - b)).toEqual(classes.map((_, row) => row));
          for (const part of [data.train, data.test]) expect(new Set(part.labels).size).toBe(3);
          expect(Math.abs(data.test.count - heldOut * classes.length)).toBeLessThanOrEqual(counts.size);
          expect(tableDataset(table, { target: 'y', heldOut, seed })).toEqual(data);
        },
      ),
    );
  });

  test('orders integer classes as numbers, and treats 1, 1.0 and 01 as one', () => {
    const table = parseTable('x,y\n1,10\n2,9\n3,01\n4,1.0\n5,1\n');
    const data = tableDataset(table, { ...all, target: 'y' });
    expect(data.classNames).toEqual(['1', '9', '10']);
    expect(data.rows.train.map((row, at) => [row, data.train.labels[at]]).sort(([a], [b]) => a - b)).toEqual([
      [0, 2],
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
  });

  test('reports constant features, and gives them the deviation 1', () => {
    const table = parseTable('x,k,c,y\n1,0.1,only,a\n2,0.1,only,b\n3,0.1,only,a\n');
    const data = tableDataset(table, { target: 'y', heldOut: 0 });
    expect(data.constant).toEqual(['k', 'c=only']);
    expect(data.preparation.standardisation?.deviation.slice(1)).toEqual([1, 1]);
    expect(inOrder(data.train, data.rows.train).map((row) => row.slice(1))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  describe('missing values', () => {
    const table = parseTable('x,c,y\n1,u,a\nNA,v,b\n3,?,a\n5,u,b\n');

    test('are errors by default', () => {
      expect(() => tableDataset(table, { ...all, target: 'y' })).toThrow(
        'line 3, column "x": the value is missing ("NA"); the option missing says what to do',
      );
    });

    test('are replaced by the mean, and for categories by the share of each', () => {
      const data = tableDataset(table, { ...all, target: 'y', missing: 'mean' });
      expect(inOrder(data.train, data.rows.train)).toEqual([
        [1, 1, 0],
        [3, 0, 1],
        [3, Math.fround(2 / 3), Math.fround(1 / 3)],
        [5, 1, 0],
      ]);
      expect(data.dropped).toBe(0);
    });

    test('can have their rows left out', () => {
      const data = tableDataset(table, { ...all, target: 'y', missing: 'drop' });
      expect([...data.rows.train].sort()).toEqual([0, 3]);
      expect([data.dropped, data.train.features]).toEqual([2, 2]);
    });

    test('of the target are never filled', () => {
      const unlabelled = parseTable('x,y\n1,a\n2,\n3,b\n');
      expect(() => tableDataset(unlabelled, { ...all, target: 'y', missing: 'mean' })).toThrow(
        'line 3, column "y": the class is missing',
      );
      expect(tableDataset(unlabelled, { ...all, target: 'y', missing: 'drop' }).train.count).toBe(2);
    });

    test('do not count where their column is ignored', () => {
      expect(tableDataset(table, { ...all, target: 'y', missing: 'drop', ignore: ['x'] }).dropped).toBe(1);
    });
  });

  const options = (target: string, more: object = {}): TableDatasetOptions => ({ target, heldOut: 0, ...more });
  test.each([
    [
      'a target that is not there',
      'size,shape\n1,a\n',
      options('shap'),
      'there is no column "shap". Did you mean "shape"? The columns are size, shape',
    ],
    ['a target like none', 'size,shape\n1,a\n', options('zzzzz'), 'there is no column "zzzzz". The columns are'],
    [
      'an ignored column that is not there',
      'size,shape\n1,a\n',
      options('shape', { ignore: ['sise'] }),
      'Did you mean "size"?',
    ],
    ['an ignored target', 'x,y\n1,a\n', options('y', { ignore: ['y'] }), '"y" is the target and cannot be ignored'],
    ['a target alone', 'y\na\nb\n', options('y'), 'there is no column besides the target'],
    ['one class', 'x,y\n1,a\n2,a\n', options('y'), 'column "y": all rows are of the class a; at least two'],
    [
      'a measurement as target',
      'x,y\n1,2.5\n2,3\n',
      options('y'),
      'line 2, column "y": the class is 2.5; classes are texts or integers',
    ],
    [
      'too many classes',
      'x,y\n1,a\n2,b\n3,c\n',
      options('y', { limits: { classes: 2 } }),
      'column "y" has 3 classes; at most 2 are read: choose another target, or raise limits.classes',
    ],
    [
      'a text among numbers',
      'x,y\n1,a\n4O,b\n3,a\n',
      options('y'),
      'line 3, column "x": "4O" is not a number, as 2 of the 3 values are',
    ],
    ['a number with a unit', 'x;y\n1,5;a\n2 kg;b\n', options('y'), 'line 3, column "x": "2 kg" is not a number, as 1'],
    [
      'a number beyond float32',
      'x,y\n1,a\n1e39,b\n',
      options('y'),
      'line 3, column "x": "1e39" is too large for float32',
    ],
    [
      'nothing but missing values',
      'x,y\nNA,a\n,b\n',
      options('y', { missing: 'mean' }),
      'column "x": all values are missing',
    ],
    [
      'no row that is whole',
      'x,z,y\nNA,1,a\n2,,b\n',
      options('y', { missing: 'drop' }),
      'every row has a missing value',
    ],
    [
      'too many categories',
      'x,y\np,a\nq,b\nr,a\n',
      options('y', { limits: { categories: 2 } }),
      'column "x" has 3 different texts; at most 2 are read: leave it out by the option ignore, or raise limits.categories',
    ],
    [
      'too many features',
      'x,y\np,a\nq,b\nr,a\n',
      options('y', { limits: { columns: 2 } }),
      'the columns give 3 features; at most 2',
    ],
    [
      'a share that is none',
      'x,y\n1,a\n2,b\n',
      options('y', { heldOut: 1 }),
      'heldOut is 1; it must be a number from 0 to below 1',
    ],
  ])('refuses %s', (_, text, given, message) => {
    expect(() => tableDataset(parseTable(text), given)).toThrow(message);
  });
});

describe('preparedFor', () => {
  const data = tableDataset(flowers, { target: 'species', heldOut: 0.34, missing: 'mean' });
  const preparation = JSON.parse(JSON.stringify(data.preparation)) as typeof data.preparation;
  const lines = writeCSV([flowers.columns, ...flowers.rows])
    .trimEnd()
    .split('\n');

  test('prepares rows as in training, also after a round trip through JSON', async () => {
    const prepared = await preparedFor(preparation, lines.join('\n'));
    for (const [part, rows] of [
      [data.train, data.rows.train],
      [data.test, data.rows.test],
    ] as const) {
      rows.forEach((row, at) => {
        const features = prepared.features;
        expect(prepared.inputs.subarray(row * features, (row + 1) * features)).toEqual(
          part.inputs.subarray(at * features, (at + 1) * features),
        );
        expect(prepared.labels?.[row]).toBe(part.labels[at]);
      });
    }
    expect(prepared.lines).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('finds columns by name, in any order, with others beside them and without the target', async () => {
    const [row] = flowers.rows;
    const moved = writeCSV([
      ['note', 'origin', 'length', 'colour'],
      ['x', row[2], row[0], row[1]],
    ]);
    const prepared = await preparedFor(preparation, moved);
    const whole = preparedTable(preparation, flowers);
    expect(prepared.inputs).toEqual(whole.inputs.subarray(0, whole.features));
    expect(prepared.labels).toBeUndefined();
  });

  test('treats an empty target column as unknown classes', async () => {
    const prepared = await preparedFor(preparation, 'length,colour,origin,species\n1,red,1,\n2,red,1,\n');
    expect([prepared.count, prepared.labels]).toEqual([2, undefined]);
    await expect(preparedFor(preparation, 'length,colour,origin,species\n1,red,1,\n2,red,1,setosa\n')).rejects.toThrow(
      'line 2, column "species": "" is not a known class',
    );
  });

  test('fills missing values by the means of the training part', async () => {
    const prepared = await preparedFor(preparation, 'length,colour,origin\n,red,1\n');
    expect(prepared.inputs[0]).toBe(0);
    await expect(preparedFor({ ...preparation, missing: 'error' }, 'length,colour,origin\n,red,1\n')).rejects.toThrow(
      'line 2, column "length": the value is missing;',
    );
    const dropped = await preparedFor({ ...preparation, missing: 'drop' }, 'length,colour,origin\n,red,1\n2,red,1\n');
    expect(dropped.lines).toEqual([3]);
  });

  test('names what does not fit', async () => {
    await expect(preparedFor(preparation, 'length,color,origin\n1,red,1\n')).rejects.toThrow(
      'there is no column "colour". Did you mean "color"?',
    );
    await expect(preparedFor(preparation, 'length,colour,origin\n1,pink,1\n')).rejects.toThrow(
      'line 2, column "colour": "pink" is not a known category; these are blue, green, red',
    );
    await expect(preparedFor(preparation, 'length,colour,origin\nlong,red,1\n')).rejects.toThrow(
      '"long" is not a number',
    );
    await expect(preparedFor(preparation, 'length,colour,origin,species\n1,red,1,rose\n')).rejects.toThrow(
      'line 2, column "species": "rose" is not a known class; these are setosa, virginica',
    );
  });

  test('works without a header, by the places of the columns', async () => {
    const plain = parseTable('1,5,a\n2,6,b\n3,7,a\n4,9,b\n');
    const trained = tableDataset(plain, { target: '3', heldOut: 0, standardise: false });
    const prepared = await preparedFor(trained.preparation, '7,8\n');
    expect([...prepared.inputs]).toEqual([7, 8]);
  });

  test('scales images as in training and checks their shape', async () => {
    const images = { kind: 'images', shape: [3, 3], greatest: 51, classNames: ['0', '1'] } as const;
    const [{ bytes }] = imageFiles(4, 3, 2);
    const prepared = await preparedFor(images, bytes);
    expect([prepared.count, prepared.features]).toEqual([4, 9]);
    expect(prepared.inputs[0]).toBe(5);
    await expect(preparedFor({ ...images, shape: [9] }, bytes)).rejects.toThrow(
      'the images are 3 × 3; the model reads images of 9',
    );
    await expect(preparedFor(images, 'a,b\n')).rejects.toThrow('give it an IDX file');
  });
});

describe('preparationFrom', () => {
  const { preparation } = tableDataset(flowers, { target: 'species' });
  const images = { kind: 'images', shape: [3, 3], greatest: 255, classNames: ['a', 'b'] };
  const storeWith = (changes: object): unknown => JSON.parse(JSON.stringify({ ...preparation, ...changes }));

  test('restores what was stored', () => {
    expect(preparationFrom(storeWith({}))).toEqual(preparation);
    expect(preparationFrom(storeWith({ standardisation: undefined }))).not.toHaveProperty('standardisation');
    expect(preparationFrom(images)).toEqual(images);
  });

  test.each([
    ['no object', null, 'preparation is null; it must be an object'],
    [
      'an unknown kind',
      storeWith({ kind: 'sounds' }),
      'kind is "sounds"; it must be "table", "regression", "images", "arrays" or "regressionArrays"',
    ],
    ['no header', storeWith({ header: undefined }), 'header is undefined'],
    ['no columns', storeWith({ columns: 3 }), 'columns is 3; it must be a list'],
    ['a column without a name', storeWith({ columns: [{ kind: 'numbers' }] }), 'columns[0].name is undefined'],
    ['a column of unknown kind', storeWith({ columns: [{ name: 'a', kind: 'times' }] }), 'columns[0].kind is "times"'],
    [
      'no categories',
      storeWith({ columns: [{ name: 'a', kind: 'categories' }] }),
      'columns[0].categories is undefined',
    ],
    ['no classes', storeWith({ classNames: [] }), 'classNames is []; it must be texts'],
    ['no target', storeWith({ target: 4 }), 'target is [4]; it must be texts'],
    ['an unknown rule', storeWith({ missing: 'guess' }), 'missing is "guess"; it must be one of error, mean, drop'],
    ['too few means', storeWith({ means: [1] }), 'means is [1]; it must be 5 numbers in range'],
    [
      'a deviation of 0',
      storeWith({ standardisation: { ...preparation.standardisation, deviation: [0, 0, 0, 0, 0] } }),
      'standardisation.deviation is [0, 0, 0, 0, 0]',
    ],
    ['a shape of 0', { ...images, shape: [0, 3] }, 'shape is [0, 3]'],
    ['a greatest value of 0', { ...images, greatest: 0 }, 'greatest is [0]'],
  ])('refuses %s', (_, value, message) => {
    expect(() => preparationFrom(value)).toThrow(`the stored preparation is broken: ${message}`);
  });
});

describe('standardisation', () => {
  test('transforms every feature to mean 0 and deviation 1', () => {
    const features = 3;
    const inputs = Float32Array.from(normals(300, 5), (x, at) => 10 ** (at % features) * x + 7);
    const samples = { inputs, labels: new Int32Array(100), count: 100, features };
    const after = standardised(samples, JSON.parse(JSON.stringify(standardisationOf(samples))));
    const { mean, deviation, constant } = standardisationOf(after);
    for (const value of mean) expect(Math.abs(value)).toBeLessThan(1e-6);
    for (const value of deviation) expect(Math.abs(value - 1)).toBeLessThan(1e-6);
    expect(constant).toEqual([]);
  });

  test('leaves a constant feature at exactly 0', () => {
    const samples = { inputs: new Float32Array(30).fill(0.1), labels: new Int32Array(30), count: 30, features: 1 };
    const standardisation = standardisationOf(samples);
    expect(standardisation).toEqual({ mean: [Math.fround(0.1)], deviation: [1], constant: [0] });
    expect(new Set(standardised(samples, standardisation).inputs)).toEqual(new Set([0]));
  });

  test('refuses rows of another width, and no rows', () => {
    const samples = { inputs: new Float32Array(4), labels: new Int32Array(2), count: 2, features: 2 };
    expect(() => standardised(samples, { mean: [0], deviation: [1], constant: [] })).toThrow(
      'the rows have 2 features',
    );
    expect(() => standardisationOf({ inputs: [], count: 0, features: 2 })).toThrow('there are no rows');
  });
});

describe('splitSamples, stratified', () => {
  test('keeps the share of each class, whatever the seed', () => {
    const labels = Int32Array.from({ length: 100 }, (_, row) => (row < 90 ? 0 : row < 99 ? 1 : 2));
    const samples = { inputs: Float32Array.from(labels), labels, count: 100, features: 1 };
    for (const seed of [0, 1, 2]) {
      const [first, second] = splitSamples(samples, 0.8, seed, { stratified: true });
      const counts = [0, 1, 2].map((label) => first.labels.filter((each) => each === label).length);
      expect(counts).toEqual([72, 7, 1]);
      expect(second.count).toBe(20);
      expect([...first.inputs]).toEqual([...first.labels]);
    }
    expect(splitSamples(samples, 1, 0, { stratified: true })[1].count).toBe(0);
    expect(splitSamples(samples, 0, 0, { stratified: true })[0].count).toBe(0);
  });
});
