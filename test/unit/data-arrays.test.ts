/** Arrays of a .npz file as a data set, and as rows for a model. */
import { describe, expect, test } from 'vitest';
import {
  arraysDataset,
  DataError,
  type NamedArrays,
  preparationFrom,
  preparedArrays,
  preparedFor,
  readNPZ,
  type WritableArrays,
  writeNPZ,
} from '../../src/data/index.ts';

const written = async (arrays: WritableArrays): Promise<NamedArrays> => readNPZ(await writeNPZ(arrays));
const x = { shape: [6, 2], values: Float64Array.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60) };
const y = { values: BigInt64Array.of(7n, -2n, 7n, -2n, 7n, -2n) };

test('rows are held out by class, and standardised over the training part', async () => {
  const {
    train,
    test: held,
    classNames,
    featureShape,
    preparation,
  } = arraysDataset(await written({ x, y }), { heldOut: 0.4 });
  expect([train.count, held.count, classNames, featureShape]).toEqual([4, 2, ['-2', '7'], [2]]);
  expect([...held.labels].sort()).toEqual([0, 1]);
  for (const feature of [0, 1]) {
    const values = [0, 1, 2, 3].map((row) => train.inputs[2 * row + feature]);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect(values.reduce((sum, value) => sum + value * value, 0) / 4).toBeCloseTo(1, 6);
  }
  expect(preparationFrom(JSON.parse(JSON.stringify(preparation)))).toEqual(preparation);
});

test('both parts may be in the file, and names of classes too; numbers without standardisation stay as they are', async () => {
  const arrays = await written({
    x_train: { shape: [2], values: Float32Array.of(0.5, 2) },
    y_train: { values: Uint8Array.of(0, 1), type: 'bool' },
    x_test: { shape: [1], values: Float32Array.of(3) },
    y_test: { values: Uint8Array.of(1), type: 'bool' },
    class_names: { values: ['no', 'yes'] },
  });
  const { train, test: held, classNames } = arraysDataset(arrays, { standardise: false });
  expect(train).toEqual({ inputs: Float32Array.of(0.5, 2), labels: Int32Array.of(0, 1), count: 2, features: 1 });
  expect(held).toEqual({ inputs: Float32Array.of(3), labels: Int32Array.of(1), count: 1, features: 1 });
  expect(classNames).toEqual(['no', 'yes']);
});

test('bytes with two axes for a row are images', async () => {
  const values = Uint8Array.from({ length: 24 }, (_, index) => 10 * index);
  const arrays = await written({
    images: { shape: [6, 2, 2], values },
    kind: { values: ['b', 'a', 'b', 'a', 'b', 'a'] },
  });
  const { train, featureShape, preparation, classNames } = arraysDataset(arrays, {
    features: 'images',
    target: 'kind',
  });
  expect([featureShape, classNames]).toEqual([
    [2, 2],
    ['a', 'b'],
  ]);
  expect(preparation).toEqual({ kind: 'images', shape: [2, 2], greatest: 255, classNames: ['a', 'b'] });
  expect(train.inputs.every((value) => Number.isInteger(Math.round(value * 2550) / 10))).toBe(true);
});

test.each([
  ['channels first', [6, 3, 4, 5], 3 * 4 * 5],
  ['channels last', [6, 4, 5, 3], 3 * 4 * 5],
  ['one channel, last', [6, 4, 5, 1], 4 * 5],
])('rows with channels become planes with a shape: %s', async (_, shape, size) => {
  const values = Uint8Array.from({ length: 6 * size }, (_, at) => at % size);
  const kind = { values: ['b', 'a', 'b', 'a', 'b', 'a'] };
  const { train, test: held, preparation } = arraysDataset(await written({ x: { shape, values }, y: kind }));
  const channels = size / 20;
  expect([train.shape, held.shape]).toEqual([
    [channels, 4, 5],
    [channels, 4, 5],
  ]);
  expect(preparation.shape).toEqual(channels === 1 ? [4, 5] : [3, 4, 5]);
  const pixels = [...train.inputs.subarray(0, size)].map((x) => Math.round(255 * x));
  const isFirst = shape[1] === 3;
  const own = Array.from({ length: size }, (_, at) => (isFirst ? at : (at % 20) * channels + Math.floor(at / 20)));
  expect(pixels).toEqual(own);
  const prepared = preparedArrays(preparation, await written({ x: { shape, values } }));
  expect(prepared.shape).toEqual([channels, 4, 5]);
  expect([...prepared.inputs.subarray(0, size)].map((x) => Math.round(255 * x))).toEqual(own);
});

test('numbers that are no bytes have a shape as well, and a plain row has none', async () => {
  const values = Float64Array.from({ length: 24 }, (_, at) => at);
  const kind = { values: ['b', 'a', 'b', 'a', 'b', 'a'] };
  const shaped = arraysDataset(await written({ x: { shape: [6, 2, 2], values }, y: kind }));
  expect([shaped.train.shape, shaped.preparation.shape]).toEqual([
    [1, 2, 2],
    [2, 2],
  ]);
  const plain = arraysDataset(await written({ x: { shape: [6, 4], values }, y: kind }));
  expect(plain.train.shape).toBeUndefined();
});

test('other rows are prepared as those of training, with and without classes', async () => {
  const arrays = await written({ x, y });
  const { preparation, train } = arraysDataset(arrays, { heldOut: 0 });
  const rows = preparedArrays(preparation, arrays);
  expect([rows.count, rows.features, [...(rows.labels ?? [])]]).toEqual([6, 2, [1, 0, 1, 0, 1, 0]]);
  expect([...rows.inputs].sort()).toEqual([...train.inputs].sort());
  const bytes = await writeNPZ({ x_test: x }, { compressed: true });
  expect(await preparedFor(preparation, bytes)).toEqual({ inputs: rows.inputs, count: 6, features: 2 });
});

describe('what cannot be used is named', () => {
  const cases: [string, WritableArrays, string][] = [
    ['no features', { a: x, y }, 'no array x or x_train of features; there are a (6 × 2 float64), y (6 int64)'],
    ['no classes', { x }, 'target is missing: an array y must hold the classes of the rows in x'],
    ['no classes for the training part', { x_train: x }, 'an array y_train must hold the classes'],
    ['another number of classes', { x, y: { values: Int32Array.of(1, 2) } }, 'one class for each of the 6 rows'],
    [
      'measurements',
      { x, y: { values: Float64Array.of(1, 2, 3, 4.5, 5, 6) } },
      'row 3 is 4.5; classes are texts or integers',
    ],
    ['one class', { x, y: { values: new Int32Array(6) } }, 'all rows are of the class 0'],
    [
      'a missing value',
      { x: { ...x, values: x.values.map((value) => (value === 20 ? Number.NaN : value)) }, y },
      'array "x": row 1, number 1 is NaN',
    ],
    ['texts', { x: { values: ['a', 'b'] }, y }, 'features must be numbers'],
    ['no rows', { x: { shape: [0, 2], values: new Float32Array() }, y }, 'one row or more'],
    [
      'parts of different shapes',
      { x_train: x, y_train: y, x_test: { ...x, shape: [4, 3] }, y_test: { values: Int32Array.of(7, 7, 7, 7) } },
      'both must be the same',
    ],
    [
      'a class without a name',
      { x, y, class_names: { values: ['a'] } },
      'there is the class 7; class_names has names for 0 to 0',
    ],
  ];
  test.each(cases)('%s', async (_, arrays, message) => {
    const read = await written(arrays);
    expect(() => arraysDataset(read)).toThrow(DataError);
    expect(() => arraysDataset(read)).toThrow(message);
  });

  test('rows of another shape, and classes that training did not have', async () => {
    const { preparation } = arraysDataset(await written({ x, y }));
    const narrow = await written({ x: { ...x, shape: [12, 1] } });
    expect(() => preparedArrays(preparation, narrow)).toThrow('a row has the shape [1]; the model reads rows of [2]');
    const unknown = await written({ x, y: { values: Int32Array.of(7, 7, 7, 7, 7, 9) } });
    expect(() => preparedArrays(preparation, unknown)).toThrow('"9" is not a known class; these are -2, 7');
  });
});
