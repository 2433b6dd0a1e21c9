/** `equilibra tune`, `train` and `predict` on tables as people save them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../fixtures/cli/run.ts';
import { createFolder } from '../support/folder.ts';
import { normals } from '../support/numbers.ts';

const folder = createFolder('conventions');
const path = (name: string): string => join(folder, name);
const numbers = normals(120, 8).map((value) => Math.round(value * 1000) / 1000 + 0.0001);
const rows = Array.from({ length: 40 }, (_, row) => {
  const [a, b, noise] = numbers.slice(3 * row, 3 * row + 3);
  return [a, b, 2 * a - b + 0.1 * noise];
});
const comma = (value: number): string => value.toFixed(4).replace('.', ',');
const save = (name: string, lines: readonly string[], end = '\n'): void => writeFileSync(path(name), lines.join(end));

beforeAll(() => {
  const commas = rows.map((row) => row.map(comma).join(';'));
  save('point.csv', ['a,b,y', ...rows.map((row) => row.map((value) => value.toFixed(4)).join(','))]);
  save('comma.csv', ['sep=;', 'a;b;y', ...commas], '\r\n');
  save('bare.csv', commas);
  save('thousands.csv', ['a;b;y', ...rows.map((_, row) => `1,${100 + row};${row};${row % 5}`)]);
  save('units.csv', ['w,a,y', ...rows.map(([a, , y], row) => `${row} kg,${a},${y}`)]);
  save('classes.csv', ['a;b;class', ...rows.map(([a, b]) => `${comma(a)};${comma(b)};${2 * a > b ? 'up' : 'down'}`)]);
});
const tune = (name: string, ...more: string[]) => run(['tune', path(name), ...more]);

describe('tune', () => {
  test('reads decimal commas as the same numbers, and says so', async () => {
    const plain = await tune('point.csv', '--target', 'y', '--json');
    const { code, out } = await tune('comma.csv', '--target', 'y', '--json');
    expect(code).toBe(0);
    const { assumed, ...found } = JSON.parse(out);
    const { coefficients, features } = JSON.parse(plain.out);
    expect(found).toMatchObject({ coefficients, features });
    expect(features).toBe(2);
    expect(assumed).toEqual([`decimal commas: "${comma(rows[0][0])}" is ${rows[0][0].toFixed(4)}, in "a", "b", "y"`]);
    expect(JSON.parse(plain.out)).not.toHaveProperty('assumed');
    const told = await tune('bare.csv', '--target', '3');
    expect(told.code).toBe(0);
    expect(told.out).toContain('bare.csv: 40 rows, 2 features');
    expect(told.error).toContain('assumed: decimal commas: ');
  });

  test('refuses numbers that can be read both ways unless an option decides', async () => {
    const { code, error } = await tune('thousands.csv', '--target', 'y');
    expect(code).toBe(2);
    expect(error).toContain('line 2, column "a": "1,100" could be 1100 or 1.100; say by the option decimal');
    const told = await tune('thousands.csv', '--target', 'y', '--decimal', 'point', '--json');
    expect(JSON.parse(told.out).assumed).toEqual(['thousands: "1,100" is 1100, in "a"']);
    expect((await tune('thousands.csv', '--target', 'y', '--decimal', 'dot')).error).toContain(
      '--decimal: it is "dot"; it must be one of point, comma',
    );
    expect((await tune('comma.csv', '--target', 'y', '--separator', 'comma')).error).toContain('line 3 has');
    expect((await run(['tune', '--separator', 'comma'])).error).toContain('--separator: it is for a CSV file');
  });

  test('warns of numbers that became categories', async () => {
    const { code, error, out } = await tune('units.csv', '--target', 'y', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).warnings[0]).toContain('column "w" holds 40 different texts, such as "0 kg"');
    expect(error).toBe('');
    expect((await tune('units.csv', '--target', 'y')).error).toContain('warning: column "w" holds 40 different texts');
  });
});

test('train and predict read them alike', async () => {
  const model = path('model.eqx');
  const common = ['--data', path('classes.csv'), '--target', 'class', '--epochs', '1', '--backend', 'cpu'];
  const { code, error, out } = await run(['train', ...common, '--checkpoint', model]);
  expect(error).toContain('assumed: decimal commas: ');
  expect(out).not.toContain('assumed');
  expect(code).toBe(0);
  const points = rows.slice(0, 3).map(([a, b]) => `${a.toFixed(4)},${b.toFixed(4)}`);
  save('new-points.csv', ['a,b', ...points]);
  save('new-commas.csv', ['a;b', ...rows.slice(0, 3).map(([a, b]) => `${comma(a)};${comma(b)}`)]);
  const [plain, commas] = await Promise.all(
    ['new-points.csv', 'new-commas.csv'].map((name) => run(['predict', model, path(name), '--backend', 'cpu'])),
  );
  expect(plain.code).toBe(0);
  expect(commas.out).toBe(plain.out);
  expect(commas.error).toContain('assumed: decimal commas: ');
});
