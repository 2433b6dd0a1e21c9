/** `equilibra train` and `predict` on .npz files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeNPY, writeNPZ } from '../../src/data/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('arrays');
const path = (name: string): string => join(folder, name);
const COUNT = 60;

beforeAll(async () => {
  // Two clouds, far apart.
  const values = Float64Array.from({ length: 2 * COUNT }, (_, index) => (index % 4 < 2 ? 5 : -5) + Math.sin(index * 7));
  const classes = Array.from({ length: COUNT }, (_, row) => (row % 2 ? 'left' : 'right'));
  const x = { shape: [COUNT, 2], values };
  writeFileSync(path('clouds.npz'), await writeNPZ({ x, y: { values: classes } }, { compressed: true }));
  writeFileSync(path('named.npz'), await writeNPZ({ points: x, side: { values: classes } }));
  writeFileSync(path('new.npz'), await writeNPZ({ x }));
  writeFileSync(path('table.csv'), 'a,b\n1,x\n2,y\n');
});

const train = (...more: string[]) => run(['train', '--backend', 'cpu', '--width', '8', '--epochs', '10', ...more]);

test('a model learns from a .npz file, resumes, and predicts another one', async () => {
  const checkpoint = path('clouds.equilibra');
  const { code, out } = await train('--data', path('clouds.npz'), '--checkpoint', checkpoint);
  expect([code, out]).toEqual([0, expect.stringContaining('test accuracy 100.00 %')]);

  const known = await run(['predict', checkpoint, path('clouds.npz'), '--backend', 'cpu']);
  expect([known.code, known.error]).toEqual([0, expect.stringContaining('100.00 %')]);
  const unknown = await run(['predict', checkpoint, path('new.npz'), '--backend', 'cpu']);
  expect(unknown.out).toBe(known.out);
  expect(unknown.out.split('\n').slice(0, 3)).toEqual([
    'row,class,probability',
    expect.stringMatching(/^0,right,/),
    expect.stringMatching(/^1,left,/),
  ]);

  const resumed = await train('--data', path('clouds.npz'), '--resume', checkpoint, '--epochs', '11');
  expect(resumed.code).toBe(0);
  const other = await train('--data', path('table.csv'), '--resume', checkpoint, '--epochs', '12');
  expect([other.code, other.error]).toEqual([2, expect.stringContaining('clouds.npz, a .npz file')]);
});

test('arrays have other names where the options say so', async () => {
  const named = ['--data', path('named.npz')];
  expect((await train(...named, '--features', 'points', '--target', 'side')).code).toBe(0);
  const { code, error } = await train(...named);
  expect([code, error]).toEqual([
    2,
    expect.stringContaining('named.npz: no array x or x_train of features; there are points'),
  ]);
});

test('options for other files, and broken files, are refused in one line', async () => {
  const refused = async (...given: string[]) => {
    const { code, error } = await train(...given);
    expect([code, error.trim().split('\n').length]).toEqual([2, 1]);
    return error;
  };
  expect(await refused('--data', path('clouds.npz'), '--ignore', 'a')).toContain('--ignore: it is for a CSV file');
  expect(await refused('--data', path('table.csv'), '--features', 'a')).toContain('--features: it is for a .npz file');
  writeFileSync(path('one.npy'), writeNPY({ values: Float32Array.of(1, 2) }));
  expect(await refused('--data', path('one.npy'))).toContain('a .npy file is one array; save features and targets');
  writeFileSync(path('broken.npz'), 'no archive at all, only text');
  expect(await refused('--data', path('broken.npz'))).toContain('it must begin with PK');
});

test('numbers of a .npz file are predicted, in their units, and in folds', async () => {
  const values = Float64Array.from({ length: 2 * COUNT }, (_, index) => Math.sin(index * 7) + (index % 2));
  const dose = Float64Array.from(
    { length: COUNT },
    (_, row) => 5000 + 100 * values[2 * row] - 50 * values[2 * row + 1],
  );
  const x = { shape: [COUNT, 2], values };
  writeFileSync(path('doses.npz'), await writeNPZ({ x, dose: { values: dose } }));
  writeFileSync(path('more.npz'), await writeNPZ({ x }));
  const given = ['--data', path('doses.npz'), '--target', 'dose'];
  const { code, out, error } = await train(...given, '--checkpoint', path('doses'), '--report', path('doses.html'));
  expect([code, error]).toEqual([0, '']);
  expect(out).toContain('task     regression: array "dose" holds decimal numbers');
  expect(Number(out.match(/^test RMSE ([\d.]+)/m)?.[1])).toBeLessThan(5);
  const predicted = await run(['predict', path('doses'), path('more.npz'), '--backend', 'cpu']);
  const lines = predicted.out.trimEnd().split('\n');
  expect([lines.length, lines[0]]).toEqual([COUNT + 1, 'row,dose']);
  for (const [row, line] of lines.slice(1).entries()) {
    expect(Math.abs(Number(line.split(',')[1]) - dose[row])).toBeLessThan(20);
  }
  const judged = ['predict', path('doses'), path('doses.npz'), '--target', 'dose', '--backend', 'cpu'];
  expect((await run(judged)).error).toMatch(/^RMSE .* on 60 rows\n$/);
  const resumed = await train(...given, '--resume', path('doses'), '--epochs', '11');
  expect([resumed.code, resumed.error]).toEqual([0, '']);

  const folds = await train(...given, '--folds', '3', '--epochs', '2', '--report', path('folds.html'));
  expect(folds.error).toBe('');
  expect(folds.out.match(/^fold \d\/3 .*on 20 rows$/gm)).toHaveLength(3);
  expect(folds.out).toMatch(/^all rows, each held out once: RMSE .* on 60 rows$/m);
});

test('--folds holds out the rows of a .npz file with classes, unless the file divides them', async () => {
  const { out, error } = await train('--data', path('clouds.npz'), '--folds', '3', '--report', path('classes.html'));
  expect(error).toBe('');
  expect(out).toMatch(/^all rows, each held out once: accuracy 100.00 % \(60 of 60\)$/m);
  const x = { shape: [4, 1], values: Float32Array.of(1, 2, 3, 4) };
  const y = { values: ['a', 'b', 'a', 'b'] };
  writeFileSync(path('parts.npz'), await writeNPZ({ x_train: x, y_train: y, x_test: x, y_test: y }));
  const refused = await train('--data', path('parts.npz'), '--folds', '2');
  expect([refused.code, refused.error]).toEqual([
    2,
    expect.stringContaining('whose rows are not in two parts already'),
  ]);
});
