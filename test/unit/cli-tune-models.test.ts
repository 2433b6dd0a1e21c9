/** `equilibra tune --model`: that it fits what it says, judges it on other rows, and refuses what does not suit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MODELS } from '../../src/cli/tune/model/models.ts';
import { parseTable } from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';
import { sparseModel, supportVectorMachine } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { createOracle } from '../support/engines.ts';
import { createFolder } from '../support/folder.ts';

const engine = createOracle();
afterAll(() => engine.close());
const folder = createFolder('tune-models');
const path = (name: string): string => join(folder, name);
const ROWS = 60;
const COLOURS = ['red', 'green', 'blue'];
const FEATURES = ['a', 'b', 'c', 'colour=blue', 'colour=green', 'colour=red'];

function write(name: string, rows: readonly (readonly (string | number)[])[]): void {
  const header = ['a', 'b', 'c', 'colour', 'w', 'two', 'three', 'y', 'z'];
  writeFileSync(path(name), [header, ...rows].map((each) => `${each.join(',')}\n`).join(''));
}

beforeAll(() => {
  const generator = random(3);
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const [a, b, c] = [generator.normal(), 5 * generator.normal() + 2, generator.normal()];
    const colour = COLOURS[Math.floor(generator.uniform() * 3)];
    const y = 1.5 * a - 0.2 * b + (colour === 'red' ? 1 : 0) + 0.9 * generator.normal();
    const three = y > 0.8 ? 'high' : y > -0.5 ? 'mid' : 'low';
    return [a, b, c, colour, 1 + (row % 3), y > 0.3 ? 'yes' : 'no', three, y, 10 * a + generator.normal()];
  });
  write('data.csv', rows);
  write(
    'missing.csv',
    rows.map((cells, row) => cells.map((cell, at) => ((row === 4 && at === 5) || (row === 9 && at === 8) ? '' : cell))),
  );
  write(
    'one.csv',
    rows.map((cells) => cells.map((cell, at) => (at === 5 ? 'yes' : cell))),
  );
  write(
    'repeated.csv',
    rows.map((cells) => cells.map((cell, at) => (at === 2 ? Number(cells[0]) * -2 : at === 3 ? 'red' : cell))),
  );
});

type Model = keyof typeof MODELS;
const TARGETS: Readonly<Record<Model, string>> = {
  'group-lasso': 'y',
  'multi-task-lasso': 'y,z',
  logistic: 'two',
  multinomial: 'three',
  'support-vector-machine': 'two',
};

function argumentsOf(model: Model, name = 'data.csv'): string[] {
  const target = TARGETS[model];
  const others = ['w', 'two', 'three', 'y', 'z'].filter((column) => !target.split(',').includes(column));
  return ['tune', path(name), '--model', model, '--target', target, '--ignore', others.join(',')];
}

type Numbers = Readonly<Record<string, number>>;

interface Found {
  readonly classes: readonly string[];
  readonly rows: number;
  readonly logLambda: number;
  readonly logC: number;
  readonly error: number;
  readonly ended: string;
  readonly solves: number;
  readonly accuracy: number;
  readonly grid: { readonly error: number; readonly solves: number; readonly points: number };
  readonly support: readonly string[];
  readonly groups: readonly { readonly features: readonly string[] }[];
  readonly intercept: number | Numbers;
  readonly coefficients: Numbers | Readonly<Record<string, Numbers>>;
  readonly standardised: Numbers | Readonly<Record<string, Numbers>>;
  readonly alpha: readonly number[];
  readonly certificate: { readonly status: string };
  readonly warnings: readonly string[];
}

async function tune(argv: readonly string[]): Promise<Found> {
  const { code, out, error } = await run([...argv, '--json']);
  expect(error).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as Found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardise(values: readonly number[]): number[] {
  const centre = mean(values);
  const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  return values.map((value) => (value - centre) / deviation);
}

/** The features and targets, read and scaled apart from the command. */
function readData() {
  const { columns, rows } = parseTable(readFileSync(path('data.csv'), 'utf8'));
  const column = (name: string): string[] => rows.map((cells) => cells[columns.indexOf(name)]);
  const numbers = (name: string): number[] => column(name).map(Number);
  const colours = FEATURES.slice(3).map((name) => column('colour').map((cell) => (name.endsWith(`=${cell}`) ? 1 : 0)));
  const plain = [numbers('a'), numbers('b'), numbers('c'), ...colours];
  const scaled = plain.map(standardise);
  const classNumbers = (name: string, names: readonly string[]): number[] =>
    column(name).map((cell) => names.indexOf(cell));
  const tasks = [standardise(numbers('y')), standardise(numbers('z'))];
  const signs = classNumbers('two', ['no', 'yes']).map((value) => 2 * value - 1);
  return {
    plain,
    X: rows.map((_, row) => scaled.map((values) => values[row])),
    y: {
      'group-lasso': numbers('y').map((value) => value - mean(numbers('y'))),
      'multi-task-lasso': rows.map((_, row) => tasks.map((values) => values[row])),
      logistic: signs,
      multinomial: classNumbers('three', ['high', 'low', 'mid']),
      'support-vector-machine': signs,
    },
  };
}

/** Fits the model to some rows. @returns margins of all rows, and β row by row */
async function fit(model: Model, rows: readonly number[], strength: number) {
  const data = readData();
  const X = engine.tensor(
    rows.flatMap((row) => data.X[row]),
    [rows.length, FEATURES.length],
  );
  const targets = rows.map((row) => data.y[model][row]);
  const isWide = model === 'multi-task-lasso';
  const y = engine.tensor(targets.flat(), isWide ? [rows.length, 2] : [rows.length]);
  const groups = [[0], [1], [2], [3, 4, 5]];
  const weights = engine.tensor(groups.map((members) => Math.sqrt(members.length)));
  const fitted =
    model === 'support-vector-machine'
      ? supportVectorMachine({ X, y, intercept: true, logC: strength })
      : sparseModel({
          ...{ X, y, intercept: true, logLambda: strength, loss: MODELS[model].loss },
          ...(model === 'multinomial' && { classes: 3 }),
          ...(model === 'group-lasso' && { groups, weights }),
        });
  const [beta, intercept] = [Array.from(await fitted.beta.data()), Array.from(await fitted.intercept.data())];
  const outputs = beta.length / FEATURES.length;
  const margins = data.X.map((features) =>
    intercept.map((own, output) => features.reduce((sum, x, at) => sum + x * beta[at * outputs + output], own)),
  );
  return { beta, margins, y: data.y[model] };
}

function errorOf(model: Model, margins: readonly number[], y: number | readonly number[]): number {
  if (typeof y !== 'number' || model === 'group-lasso') {
    return [y].flat().reduce((sum, value, at) => sum + (value - margins[at]) ** 2, 0);
  }
  if (model !== 'multinomial') return Math.log1p(Math.exp(-y * margins[0]));
  return Math.log(margins.reduce((sum, margin) => sum + Math.exp(margin), 0)) - margins[y];
}

const namesOf = (found: Found): readonly (readonly [Numbers, number, Numbers])[] =>
  typeof found.intercept === 'number'
    ? [[found.coefficients as Numbers, found.intercept, found.standardised as Numbers]]
    : Object.keys(found.intercept).map((name) => [
        (found.coefficients as Record<string, Numbers>)[name],
        (found.intercept as Numbers)[name],
        (found.standardised as Record<string, Numbers>)[name],
      ]);

describe.each(Object.keys(MODELS) as Model[])('%s', (model) => {
  const isMachine = model === 'support-vector-machine';

  test('cross-validation: the model of all rows, no worse than the grid, in fewer solves', async () => {
    const found = await tune(argumentsOf(model));
    const strength = isMachine ? found.logC : found.logLambda;
    const all = Array.from({ length: ROWS }, (_, row) => row);
    const { beta, margins, y } = await fit(model, all, strength);
    const outputs = namesOf(found);
    for (const [output, [coefficients, intercept, standardised]] of outputs.entries()) {
      for (const [feature, name] of FEATURES.entries()) {
        expect(standardised[name]).toBeCloseTo(beta[feature * outputs.length + output], 7);
      }
      // By unit, it predicts the same; a target of its own scale up to that.
      const { plain } = readData();
      const predicted = margins.map((_, row) =>
        FEATURES.reduce((sum, name, feature) => sum + coefficients[name] * plain[feature][row], intercept),
      );
      const differences = predicted.map((value, row) => value - margins[row][output]);
      if (found.classes) for (const difference of differences) expect(difference).toBeCloseTo(0, 7);
      const [one, other] = [standardise(predicted), standardise(margins.map((each) => each[output]))];
      for (const [row, value] of one.entries()) expect(value).toBeCloseTo(other[row], 7);
    }
    if (found.classes) {
      const right = margins.filter((each, row) =>
        each.length === 1 ? each[0] * (y[row] as number) > 0 : each.indexOf(Math.max(...each)) === y[row],
      );
      expect(found.accuracy).toBeCloseTo(right.length / ROWS, 12);
    }
    expect(['minimum', 'lower end']).toContain(found.ended);
    expect(found.certificate.status).toBe('certified');
    expect(found.error).toBeLessThan(found.grid.error * 1.001);
    expect(found.solves).toBeLessThan(found.grid.solves);
  });

  test('held-out: the error is that of the model of the other rows, whose penalty has their share', async () => {
    const found = await tune([...argumentsOf(model), '--criterion', 'held-out', '--held-out', '0.3', '--seed', '2']);
    const order = Array.from(random(2).permutation(ROWS));
    const [held, others] = [order.slice(0, 18), order.slice(18)];
    const share = Math.log(others.length / ROWS);
    const strength = isMachine ? found.logC - share : found.logLambda + share;
    const { margins, y } = await fit(
      model,
      others.sort((a, b) => a - b),
      strength,
    );
    const expected = mean(held.map((row) => errorOf(model, margins[row], y[row])));
    // The last fits of a search are exact to 1e-4 or better.
    expect(Math.abs(found.error / expected - 1)).toBeLessThan(1e-3);
    expect(found.solves).toBeLessThanOrEqual(20);
  });
});

describe('equilibra tune --model', () => {
  test('--groups: the columns of a group are kept or dropped together', async () => {
    const found = await tune([...argumentsOf('group-lasso'), '--groups', 'a,b; c']);
    expect(found.groups.map(({ features }) => features)).toEqual([['a', 'b'], ['c'], FEATURES.slice(3)]);
    expect(found.support.includes('a')).toBe(found.support.includes('b'));
    expect(found.support.slice(0, 2)).toEqual(['a', 'b']);
  });

  test('--row-weights: the column of the weights is no feature, and changes the fit', async () => {
    const weighted = await tune([...argumentsOf('logistic'), '--row-weights', 'w', '--criterion', 'held-out']);
    const plain = await tune([...argumentsOf('logistic'), '--criterion', 'held-out']);
    expect(weighted.support).not.toContain('w');
    expect(weighted.error).not.toBeCloseTo(plain.error, 4);
  });

  test('--missing drop: rows without a class, or without one of the targets, are left out', async () => {
    const missing = ['--missing', 'drop'];
    expect((await tune([...argumentsOf('logistic', 'missing.csv'), ...missing])).rows).toBe(ROWS - 1);
    expect((await tune([...argumentsOf('multi-task-lasso', 'missing.csv'), ...missing])).rows).toBe(ROWS - 1);
  });

  test('--non-negative and --intercept no', async () => {
    const found = await tune([...argumentsOf('logistic'), '--non-negative', '--intercept', 'no']);
    expect(Math.min(...Object.values(found.coefficients as Numbers))).toBe(0);
    expect('intercept' in found).toBe(false);
  });

  test('text: the model, its classes, what it found, and a column for each class', async () => {
    const { out, code } = await run(argumentsOf('multinomial'));
    expect(code).toBe(0);
    expect(out).toMatch(
      /^data {5}data\.csv: 60 rows, 6 features, target three\nmodel {4}Sparse multinomial regression\n/,
    );
    expect(out).toContain('classes  high, low, mid\n');
    expect(out).toMatch(/\nerror {4}0\.\d+, 5-fold cross-validation, in \d+ solves\nmeasure {2}mean cross-entropy\n/);
    expect(out).toMatch(/\ngrid {5}.* best of 100 points, log λ .*, in 500 solves\n/);
    expect(out).toMatch(/\nright {4}[\d.]+ % of the rows to which it is fitted\n\n +high +low +mid\n/);
    const machine = await run([...argumentsOf('support-vector-machine'), '--optimiser', 'grid']);
    expect(machine.out).toContain('classes  yes against no\n');
    expect(machine.out).toMatch(/\nsupport {2}\d+ of 60 rows are support vectors\n/);
    expect(machine.out).not.toMatch(/^grid/m);
  });

  test('warns of collinear columns, of constant ones, and of a search cut short', async () => {
    const { warnings } = await tune([...argumentsOf('logistic', 'repeated.csv'), '--criterion', 'held-out']);
    expect(warnings.join('\n')).toContain('"colour=red": constant in all rows');
    expect(warnings.join('\n')).toContain('the solution is not unique and its derivative not certified');
    const short = await tune([...argumentsOf('logistic'), '--limit', '2']);
    expect(short.ended).toBe('limit');
    expect(short.warnings).toEqual([
      expect.stringContaining('the search ended at its limit: a longer one, by a higher --limit'),
    ]);
  });

  test('ends cleanly when it is interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    expect((await run(argumentsOf('logistic'), { interruption: controller.signal })).code).toBe(130);
  });

  test.each<[Model | 'lasso', readonly string[], string]>([
    ['logistic', ['--penalty', 'single'], '--penalty: it is for --model lasso; the model is logistic'],
    ['logistic', ['--report', 'a.html'], '--report: it is for --model lasso; the model is logistic'],
    ['logistic', ['--criterion', 'sure'], '--criterion: sure is for --model lasso; the model is logistic'],
    ['multinomial', ['--optimiser', 'adam'], '--optimiser: adam is for --model lasso; the model is multinomial'],
    ['multinomial', ['--non-negative'], '--non-negative: it is for --model lasso and logistic'],
    ['logistic', ['--optimiser', 'grid', '--limit', '3'], '--limit: a grid has none'],
    ['logistic', ['--groups', 'a,b'], '--groups: it is for --model group-lasso; the model is logistic'],
    ['lasso', ['--groups', 'a,b'], '--groups: it is for --model group-lasso; the model is lasso'],
    ['group-lasso', ['--groups', 'a,d'], '--groups: there is no feature column "d"; these are a, b, c, colour'],
    ['group-lasso', ['--groups', 'a,b;a'], '--groups: "a" is named twice; it must be in one group'],
    ['group-lasso', ['--groups', 'a,;b'], '--groups: it holds "a,"; it must be names of columns with commas between'],
    ['logistic', ['--folds', '1'], '--folds: it is "1"; it must be an integer from 2 to 60'],
    ['logistic', ['--held-out', '0.5'], '--held-out: it is for --criterion held-out; the criterion is cv'],
    [
      'logistic',
      ['--target', 'three'],
      '--model logistic: column "three" has 3 classes, high, low, mid; it must have two',
    ],
    ['logistic', ['--target', 'y'], 'column "y": the class is'],
    ['multi-task-lasso', ['--target', 'y,y'], '--target: y,y names a column twice'],
    ['multi-task-lasso', ['--target', 'y,q'], 'there is no column "q"'],
    ['multi-task-lasso', ['--target', 'y,two'], 'column "two": "'],
    ['multi-task-lasso', ['--target', 'y,'], '--target: it holds "y,"; it must be names of columns'],
  ])('refuses %s %j', async (model, options, message) => {
    const argv = argumentsOf(model === 'lasso' ? 'group-lasso' : model).map((each) =>
      each === 'group-lasso' ? model : each,
    );
    const { code, out, error } = await run([...argv, ...options]);
    expect(error).toContain(message);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
    expect([code, out]).toEqual([2, '']);
  });

  test('refuses an unknown model, a file that is missing, and a file of one class', async () => {
    expect((await run(['tune', '--model', 'ridge'])).error).toContain(
      '--model: it is "ridge"; it must be one of lasso, group-lasso, multi-task-lasso, logistic, multinomial, support-vector-machine',
    );
    expect((await run(['tune', '--model', 'logistic'])).error).toContain('--model logistic: a CSV file must be named');
    expect((await run(argumentsOf('logistic', 'one.csv'))).error).toContain(
      'column "two": all rows are of the class yes',
    );
    expect((await run(argumentsOf('logistic', 'missing.csv'))).error).toContain(
      'line 6, column "two": the class is missing',
    );
  });
});
