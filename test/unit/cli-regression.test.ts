/** `equilibra train` and `predict` on columns of numbers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseTable, regressionDataset, tableTask } from '../../src/data/index.ts';
import { loadCheckpoint, modelFrom, open } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { writeCSV } from '../support/files.ts';
import { createFolder } from '../support/folder.ts';
import { houses } from '../support/houses.ts';

const folder = createFolder('regression');
const path = (name: string): string => join(folder, name);
const train = (...more: string[]) =>
  run([
    'train',
    '--backend',
    'cpu',
    '--width',
    '8',
    '--data',
    path('houses.csv'),
    '--ignore',
    'grade,sampled',
    ...more,
  ]);

beforeAll(() => {
  writeFileSync(path('houses.csv'), writeCSV(houses()));
  writeFileSync(path('new.csv'), writeCSV(houses(7).map((row) => row.slice(0, 3))));
});

describe('equilibra train and predict', () => {
  test('learn two targets, and predict them in their own units, with a report', async () => {
    const target = ['--target', 'price,rent'];
    const { code, out, error } = await train(...target, '--checkpoint', path('both'), '--report', path('both.html'));
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain('data     houses.csv: 77 training, 19 watched, 24 held-out');
    expect(out).toContain('task     regression: there are several targets');
    const [, share] = out.match(/test price: RMSE \d+ \(\d+ to \d+\), MAE .*R² ([\d.]+) \(/) ?? [];
    expect(Number(share)).toBeGreaterThan(0.95);
    expect(out).toMatch(/test rent: RMSE [\d.]+ /);

    const engine = await open({ backend: 'cpu' });
    const table = parseTable(writeCSV(houses()));
    const data = regressionDataset(table, { target: ['price', 'rent'], ignore: ['grade', 'sampled'] });
    const model = modelFrom(loadCheckpoint(readFileSync(path('both'))), engine, { parameters: 'best' });
    const wanted = await model.predictValues(data.test.inputs);
    engine.close();
    const predicted = await run(['predict', path('both'), path('houses.csv'), '--backend', 'cpu']);
    expect(predicted.error).toMatch(/^price: RMSE .*\nrent: RMSE .* on 120 rows\n$/);
    const records = predicted.out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(records[0]).toEqual(['row', 'price', 'rent']);
    for (const [place, row] of data.rows.test.entries()) {
      const [line, price, rent] = records[row + 1].map(Number);
      expect(line).toBe(table.lines[row]);
      expect(price / wanted[2 * place]).toBeCloseTo(1, 6);
      expect(rent / wanted[2 * place + 1]).toBeCloseTo(1, 6);
    }
    const report = readFileSync(path('both.html'), 'utf8');
    expect(report.match(/class="dot"/g)).toHaveLength(2 * 2 * 24);
    expect(report).toContain('Residuals: true less predicted');
    expect(report).not.toContain('Confusion');
  });

  test('rows without targets are predicted, and have no report', async () => {
    await train('--target', 'price', '--epochs', '1', '--checkpoint', path('price'), '--ignore', 'rent,grade,sampled');
    const { code, out, error } = await run(['predict', path('price'), path('new.csv'), '--backend', 'cpu']);
    expect([code, error, out.trimEnd().split('\n').length]).toEqual([0, '', 8]);
    const report = ['predict', path('price'), path('new.csv'), '--report', path('none.html')];
    expect((await run(report)).error).toContain('the targets of');
    expect((await run(['predict', path('price'), path('new.csv'), '--probabilities'])).error).toContain(
      'predicts numbers, not classes',
    );
  });

  test('a resumed run equals an uninterrupted one, and refuses another δ', async () => {
    const options = [
      '--target',
      'price',
      '--loss',
      'huber',
      '--delta',
      '5000',
      '--weights',
      'sampled',
      '--ignore',
      'rent,grade',
    ];
    const whole = await train(...options, '--epochs', '4', '--checkpoint', path('whole'));
    await train(...options, '--epochs', '2', '--checkpoint', path('half'));
    const data = ['--data', path('houses.csv')];
    const rest = await run(['train', '--resume', path('half'), '--epochs', '4', ...data]);
    const last = (out: string): string | undefined => out.match(/^test .*$/m)?.[0];
    expect(last(rest.out)).toBe(last(whole.out));
    const other = await run(['train', '--resume', path('half'), '--delta', '1', ...data]);
    expect(other.error).toContain('--delta: it is "1"');
  });

  test('--folds holds out every row once, for both tasks', async () => {
    const { out, error } = await train(
      '--target',
      'price',
      '--folds',
      '3',
      '--epochs',
      '15',
      '--report',
      path('folds.html'),
    );
    expect(error).toBe('');
    expect(out.match(/^fold \d\/3 .*on 40 rows$/gm)).toHaveLength(3);
    const errors = [...out.matchAll(/^fold \d\/3 {2}RMSE ([\d.]+)/gm)].map(([, rmse]) => Number(rmse));
    const pooled = Number(out.match(/^all rows, each held out once: RMSE ([\d.]+)/m)?.[1]);
    expect(pooled / Math.sqrt(errors.reduce((sum, each) => sum + each ** 2, 0) / 3)).toBeCloseTo(1, 3);
    expect(readFileSync(path('folds.html'), 'utf8').match(/class="dot"/g)).toHaveLength(240);
    const classes = await train('--target', 'town', '--folds', '3', '--epochs', '2', '--report', path('classes.html'));
    expect(classes.error).toBe('');
    expect(classes.out).toMatch(/^all rows, each held out once: accuracy .* of 120\)$/m);
  });
});

describe('the task', () => {
  const table = parseTable('text,decimal,few,many,mixed\na,1.5,1,1,1.5\nb,2,2,2,Infinity\na,3,1,3,3\nb,4,2,4,2\n');
  test.each([
    ['text', 'classification', '"text" holds texts'],
    ['decimal', 'regression', '"decimal" holds decimal numbers'],
    ['few', 'classification', '"few" holds integers, 2 different ones in 4 rows'],
    ['many', 'regression', '"many" holds integers, 4 different ones in 4 rows'],
    ['mixed', 'classification', '"mixed" holds texts beside numbers, such as "Infinity"'],
  ])('%s: %s', (target, task, reason) => {
    expect(tableTask(table, target)).toEqual({ task, reason });
  });

  test('--task decides, and the weights of rows are no feature', async () => {
    const { out } = await train(
      '--target',
      'grade',
      '--task',
      'regression',
      '--epochs',
      '1',
      '--ignore',
      'rent',
      '--weights',
      'sampled',
    );
    expect(out).toContain('task     regression: asked for by --task');
    expect(out).toContain('features 5, standardised: area, age, town (2 categories), price\n');
    expect((await train('--target', 'grade', '--epochs', '1', '--ignore', 'rent')).out).toContain(
      'task     classification',
    );
  });
});

describe('errors are one line on standard error, with exit code 2', () => {
  test.each([
    [['--target', 'town', '--task', 'regression'], 'column "town": "south, \\"old\\"" is not a number'],
    [['--target', 'price,rent', '--task', 'classification'], '--target: it names 2 columns; classes are in one'],
    [['--target', 'price,prise'], 'there is no column "prise"'],
    [['--target', 'price,price'], 'column "price" is named twice as a target'],
    [
      ['--target', 'price', '--loss', 'crossEntropy'],
      '--loss: it is "crossEntropy"; it must be one of meanSquaredError',
    ],
    [
      ['--target', 'price', '--class-weights', 'balanced'],
      '--class-weights: it is for classification; this is regression',
    ],
    [['--target', 'town', '--loss', 'huber'], '--loss: it is for regression; this is classification'],
    [['--target', 'price', '--delta', '3'], '--delta: it is for --loss huber'],
    [['--target', 'price', '--loss', 'huber', '--delta', '0'], '--delta: it is "0"; it must be a finite number > 0'],
    [
      ['--target', 'price,rent', '--loss', 'huber', '--delta', '1,2,3'],
      '--delta: it has 3 numbers; there must be one, or 2',
    ],
    [['--target', 'price', '--weights', 'town'], 'column "town": "south, \\"old\\"" is not a number'],
    [['--target', 'price', '--folds', '1'], '--folds: it is "1"; it must be an integer from 2'],
    [['--target', 'price', '--folds', '121'], '--folds: it is 121; it must be at most 120, the number of rows'],
    [['--target', 'price', '--folds', '3', '--held-out', '0.5'], '--held-out: it does not go with --folds'],
  ])('%s', async (given, message) => {
    const { code, error } = await train(...given);
    expect(code).toBe(2);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
    expect(error).toContain(message);
  });
});

test.each([
  [['few.csv', '--folds', '4'], '--folds: it is 4; it must be at most 3, the number of rows'],
  [['few.csv'], 'too few training rows to watch some of them; give --early-stopping never'],
  [['mixed.csv'], 'none can be held out (classification: "price" holds texts beside numbers, such as "Infinity")'],
])('%j is refused', async ([name, ...more], message) => {
  writeFileSync(path('few.csv'), 'area,price\n1,2.5\n2,3.5\n3,4.25\n');
  writeFileSync(path('mixed.csv'), 'area,price\n1,2.5\n2,Infinity\n3,4.25\n');
  const { code, error } = await run(['train', '--data', path(name), '--target', 'price', ...more]);
  expect([code, error]).toEqual([2, expect.stringContaining(message)]);
});
