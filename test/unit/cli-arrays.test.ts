/** `equilibra train` and `predict` on .npz files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeNPZ } from '../../src/data/index.ts';
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
  writeFileSync(path('broken.npz'), 'no archive at all, only text');
  expect(await refused('--data', path('broken.npz'))).toContain('it must begin with PK');
});
