import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findDependences } from '../../src/cli/tune/columns.ts';
import { warnOfCollinearColumns } from '../../src/cli/tune/warnings.ts';
import { diabetes, parseTable, sparseRegression, standardisedRegression } from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';
import { run } from '../fixtures/cli/run.ts';
import { createFolder } from '../support/folder.ts';
import { tracePath } from '../support/lars.ts';
import { checkNesting, ESCAPED, row } from '../support/markup.ts';
import { normals } from '../support/numbers.ts';
import { HOSTILE } from '../support/training-report.ts';

const folder = createFolder('tune');
const path = (name: string): string => join(folder, name);
const write = (name: string, header: readonly string[], rows: readonly (readonly (number | string)[])[]): void =>
  writeFileSync(path(name), [header, ...rows].map((each) => `${each.join(',')}\n`).join(''));

/** 40 rows of y = 3a − 2b + noise; c is irrelevant. */
function plainRows(): number[][] {
  const { X } = sparseRegression({ count: 40, features: 3, seed: 4 });
  return normals(40, 5, 0.5).map((noise, at) => {
    const [a, b, c] = [X[3 * at] + 5, 10 * X[3 * at + 1], X[3 * at + 2]];
    return [a, b, c, 3 * a - 0.2 * b + noise];
  });
}

beforeAll(() => {
  const rows = plainRows();
  write('plain.csv', ['a', 'b', 'c', 'y'], rows);
  write(
    'repeated.csv',
    ['a', 'b', 'a again', 'flat', 'y'],
    rows.map(([a, b, c, y]) => [a, b, -2 * a, 7, y + 3 * c]),
  );
  write(
    'combined.csv',
    ['a', 'b', 'sum', 'y'],
    rows.map(([a, b, c]) => [a, b, a + b, 3 * a - 0.2 * b + 1e-3 * c]),
  );
  write(
    'exact.csv',
    ['a', 'b', 'y'],
    rows.map(([a, b]) => [a, b, a + b]),
  );
  write('wide.csv', ['a', 'b', 'c', 'y'], rows.slice(0, 3));
  write(
    'nan.csv',
    ['a', 'b', 'y'],
    [
      [1, 2, 3],
      [2, 'NaN', 4],
      [3, 5, 6],
    ],
  );
  write(
    'text.csv',
    ['a', 'b', 'y'],
    [
      [1, 2, 3],
      [2, 'high', 4],
      [3, 5, 6],
    ],
  );
  write(
    'still.csv',
    ['a', 'y'],
    [
      [1, 3],
      [2, 3],
      [3, 3],
    ],
  );
  write(
    'apart.csv',
    ['a', 'y'],
    [
      [-1, 1],
      [0, -2],
      [1, 1],
    ],
  );
  writeFileSync(
    path('names.csv'),
    `a,"${HOSTILE.replaceAll('"', '""')}",y\n1,2,3\n2,7,4\n3,1,4\n5,2,6\n6,8,8\n7,1,9\n`,
  );
});

const tune = (name: string, ...more: string[]) => run(['tune', path(name), '--target', 'y', ...more]);

interface Found {
  readonly logLambda: number;
  readonly lambda: number;
  readonly lambdaPerRow: number;
  readonly ridge: number;
  readonly logLambdas: Record<string, number>;
  readonly noise: { readonly deviation: number };
  readonly error: number;
  readonly solves: number;
  readonly grid: { readonly logLambda: number; readonly error: number; readonly solves: number };
  readonly support: readonly string[];
  readonly intercept: number;
  readonly coefficients: Record<string, number>;
  readonly standardised: Record<string, number>;
  readonly certificate: { readonly status: string };
  readonly warnings: readonly string[];
}

async function tuneAsJSON(...argv: string[]): Promise<Found> {
  const { code, out, error } = await run(['tune', ...argv, '--json']);
  expect(error).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as Found;
}

function columnsOf(name: string): { names: readonly string[]; columns: number[][]; y: number[] } {
  const { columns, rows } = parseTable(readFileSync(path(name), 'utf8'));
  const numbers = columns.map((_, at) => rows.map((cells) => Number(cells[at])));
  return { names: columns.slice(0, -1), columns: numbers.slice(0, -1), y: numbers[numbers.length - 1] };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A column that is shifted and divided. */
const scale = (values: readonly number[], by: number, from = 0): number[] => values.map((value) => (value - from) / by);
const deviationOf = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((each) => (each - mean(values)) ** 2)));

/**
 * |Xⱼᵀr| is e^λ wⱼ where βⱼ is not 0, and not greater elsewhere: the model solves its Lasso problem (λ is the logarithm
 * here).
 */
function expectOptimal(
  { names, columns, y }: ReturnType<typeof columnsOf>,
  { coefficients, standardised, intercept = 0, ridge = 0 }: Found,
  penaltyOf: (name: string) => number,
): void {
  const residual = y.map(
    (value, at) => value - intercept - names.reduce((sum, name, j) => sum + coefficients[name] * columns[j][at], 0),
  );
  const isCentred = intercept !== 0;
  if (isCentred) expect(mean(residual)).toBeCloseTo(0, 9);
  for (const [j, name] of names.entries()) {
    const centre = isCentred ? mean(columns[j]) : 0;
    const size = standardised[name] / coefficients[name];
    const deviation = isCentred ? deviationOf(columns[j]) : Math.sqrt(mean(columns[j].map((x) => x * x)));
    if (coefficients[name] !== 0) expect(size).toBeCloseTo(deviation, 9);
    const correlation = scale(columns[j], deviation, centre).reduce((sum, x, at) => sum + x * residual[at], 0);
    const bound = penaltyOf(name);
    if (coefficients[name] === 0) expect(Math.abs(correlation)).toBeLessThan(bound * (1 + 1e-7));
    else expect(correlation - ridge * standardised[name]).toBeCloseTo(Math.sign(coefficients[name]) * bound, 6);
  }
}

describe('equilibra tune', () => {
  test('explains the bundled data without a file', async () => {
    const { code, out, error } = await run(['tune']);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('data     diabetes: 442 rows, 10 features, target disease progression');
    expect(lines[1]).toMatch(/^backend {2}cpu: /);
    const [, log, lambda, alpha] = (
      lines[2].match(/^penalty {2}log λ (\S+), λ (\S+), per row \(alpha of scikit-learn\) (\S+)$/) ?? []
    ).map(Number);
    expect(lambda).toBeCloseTo(Math.exp(log), 2);
    expect(alpha).toBeCloseTo(lambda / 442, 5);
    expect(lines[3]).toMatch(/^error {4}30\d\d\.\d+, 5-fold cross-validation, in \d+ solves$/);
    expect(lines[4]).toMatch(/^grid {5}30\d\d\.\d+ \(\S+ % more\), best of 100 points, log λ \S+, in 500 solves$/);
    expect(lines[5]).toMatch(/^slopes {3}-\S+ just below log λ, \d\S+ just above: a minimum between$/);
    expect(lines[6]).toMatch(/^support {2}\d+ of 10 features/);
    for (const name of ['bmi', 's5', 'bp', 'sex', 'intercept'])
      expect(out).toMatch(new RegExp(`^${name} +-?[\\d.]+`, 'm'));
    expect(error).toMatch(/^warning: the criterion has several local minima: (\S+) at log λ = \S+, \S+ at/);
    expect(out).toMatch(/\n[\d.]+ s in all\n$/);
  });

  test('reaches the criterion of the grid, or a lower one, in fewer solves', async () => {
    const { grid, ...chosen } = await tuneAsJSON();
    expect(chosen.error).toBeLessThanOrEqual(grid.error);
    expect(chosen.solves).toBeLessThan(grid.solves);
    expect(chosen.error).toBeGreaterThan(grid.error * (1 - 1e-4));
    const numbers = await diabetes();
    expect(Object.keys(chosen.coefficients)).toEqual(numbers.featureNames);
  });

  test('gives the model of the data as they are, which solves the Lasso for the λ chosen', async () => {
    const chosen = await tuneAsJSON(path('plain.csv'), '--target', 'y');
    expect(chosen.lambda).toBeCloseTo(Math.exp(chosen.logLambda), 12);
    expect(chosen.lambdaPerRow).toBeCloseTo(chosen.lambda / 40, 12);
    expect(chosen.coefficients.a).toBeCloseTo(3, 0);
    expectOptimal(columnsOf('plain.csv'), chosen, () => chosen.lambda);
    expect(chosen.certificate.status).toBe('certified');
  });

  test('without an intercept the model goes through the origin', async () => {
    const chosen = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--intercept', 'no');
    expect(chosen.intercept).toBeUndefined();
    expectOptimal(columnsOf('plain.csv'), chosen, () => chosen.lambda);
  });

  test('a penalty for each feature, and an elastic net', async () => {
    const single = await tuneAsJSON(path('plain.csv'), '--target', 'y');
    const each = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--penalty', 'features');
    expectOptimal(columnsOf('plain.csv'), each, (name) => Math.exp(each.logLambdas[name]));
    expect(each.error).toBeLessThanOrEqual(single.error);
    const net = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--penalty', 'elastic-net');
    expectOptimal(columnsOf('plain.csv'), net, () => net.lambda);
    expect(net.error).toBeLessThanOrEqual(single.error * (1 + 1e-9));
    for (const { grid } of [each, net]) expect(grid.error).toBeGreaterThanOrEqual(single.error);
  });

  test('the held-out error is that of the model fitted to the other rows', async () => {
    const chosen = await tuneAsJSON(
      path('plain.csv'),
      '--target',
      'y',
      '--criterion',
      'held-out',
      '--held-out',
      '0.3',
      '--seed',
      '7',
    );
    const { columns, y } = columnsOf('plain.csv');
    const order = random(7).permutation(40);
    const held = new Set(order.subarray(0, 12));
    const training = y.map((_, at) => at).filter((at) => !held.has(at));
    // Scaled by all rows, centred by the fitted ones.
    const features = columns.map((column) =>
      scale(column, deviationOf(column), mean(training.map((at) => column[at]))),
    );
    const offset = mean(training.map((at) => y[at]));
    const fitted = {
      X: training.flatMap((at) => features.map((column) => column[at])),
      y: training.map((at) => y[at] - offset),
      features: 3,
    };
    const beta = tracePath(fitted).at(chosen.logLambda + Math.log(28 / 40));
    const errors = [...held].map(
      (at) => y[at] - offset - features.reduce((sum, column, j) => sum + beta[j] * column[at], 0),
    );
    expect(chosen.error).toBeCloseTo(mean(errors.map((error) => error * error)), 8);
  });

  test('estimates the noise for the risk estimate by least squares', async () => {
    const { y } = columnsOf('plain.csv');
    write(
      'line.csv',
      ['a', 'twice', 'y'],
      y.map((value, at) => [at, 2 * at + 1, value]),
    );
    const chosen = await tuneAsJSON(path('line.csv'), '--target', 'y', '--criterion', 'sure');
    const x = y.map((_, at) => at - mean(y.map((_, each) => each)));
    const slope =
      x.reduce((sum, value, at) => sum + value * y[at], 0) / x.reduce((sum, value) => sum + value * value, 0);
    const squares = y.map((value, at) => (value - mean(y) - slope * x[at]) ** 2).reduce((sum, value) => sum + value, 0);
    // Two parameters: one direction for both columns, and the intercept.
    expect(chosen.noise.deviation).toBeCloseTo(Math.sqrt(squares / 38), 9);
    const given = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--criterion', 'sure', '--noise', '0.5');
    expect(given.noise.deviation).toBe(0.5);
  });

  test.each(['adam', 'grid'])('accepts other search methods: %s', async (optimiser) => {
    const descent = await tuneAsJSON(path('plain.csv'), '--target', 'y');
    const other = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--optimiser', optimiser);
    expect(other.error).toBeGreaterThan(descent.error * (1 - 1e-6));
    expect(other.error).toBeLessThan(descent.error * 1.01);
    const { out } = await tune('plain.csv', '--optimiser', optimiser);
    expect(/^grid /m.test(out)).toBe(optimiser !== 'grid');
  });

  test('--row-weights: a row of weight 0 does not count, nor is the column a feature', async () => {
    const rows = plainRows();
    const weighted = rows.map((each, at) => [...each.slice(0, 3), at % 4 === 0 ? 0 : 2, at % 4 === 0 ? 1e6 : each[3]]);
    write('weighted.csv', ['a', 'b', 'c', 'weight', 'y'], weighted);
    write(
      'fewer.csv',
      ['a', 'b', 'c', 'y'],
      rows.filter((_, at) => at % 4 !== 0),
    );
    const heavy = await tuneAsJSON(path('weighted.csv'), '--target', 'y', '--row-weights', 'weight');
    const fewer = await tuneAsJSON(path('fewer.csv'), '--target', 'y');
    expect(Object.keys(heavy.coefficients)).toEqual(['a', 'b', 'c']);
    // The folds differ, and with them λ a little.
    for (const name of ['a', 'b', 'c']) expect(heavy.coefficients[name]).toBeCloseTo(fewer.coefficients[name], 1);
    expect(heavy.error).toBeLessThan(1);
  });

  test('--non-negative: no coefficient is below 0', async () => {
    const { coefficients } = await tuneAsJSON(path('plain.csv'), '--target', 'y', '--non-negative');
    expect(coefficients.b ?? 0).toBe(0);
    expect(coefficients.a).toBeGreaterThan(2);
    expect((await tuneAsJSON(path('plain.csv'), '--target', 'y')).coefficients.b).toBeLessThan(-0.1);
  });

  test('the seed chooses the folds', async () => {
    const [first, again, other] = [
      await tuneAsJSON(path('plain.csv'), '--target', 'y', '--seed', '1'),
      await tuneAsJSON(path('plain.csv'), '--target', 'y', '--seed', '1'),
      await tuneAsJSON(path('plain.csv'), '--target', 'y', '--seed', '2'),
    ];
    expect(again.error).toBe(first.error);
    expect(other.error).not.toBe(first.error);
  });

  test('ends cleanly when it is interrupted', async () => {
    const controller = new AbortController();
    const { code, out, error } = await run(['tune'], {
      interruption: controller.signal,
      terminal: true,
      onLine: () => controller.abort(),
    });
    expect(error).toBe('interrupted\n');
    expect(out).not.toContain('s in all');
    expect(code).toBe(130);
  });

  test('draws progress on a terminal, and erases it', async () => {
    const { lines } = await run(['tune', path('plain.csv'), '--target', 'y'], { terminal: true });
    const told = /^evaluation \d+ {2}(λ [\d.]+ {2})?criterion [\d.]+ {2}the least [\d.]+( {2}at most .+ left)?$/;
    expect(lines[0]).toMatch(told);
    expect(lines.some((line) => line.endsWith(' left'))).toBe(true);
    expect(lines.some((line) => line.includes('λ'))).toBe(true);
    expect(lines[lines.length - 1]).toBe('');
  });
});

describe('equilibra tune warns', () => {
  test('of constant and of collinear columns, by name', async () => {
    const { code, error } = await tune('repeated.csv');
    expect(code).toBe(0);
    expect(error).toContain('warning: "flat": constant in all rows, so that nothing can be learned from it\n');
    expect(error).toContain(
      'warning: the solution is not unique and its derivative not certified: columns are collinear ("a again" repeats "a")',
    );
    const net = await tuneAsJSON(path('repeated.csv'), '--target', 'y', '--penalty', 'elastic-net', '--limit', '20');
    expect(net.certificate.status).toBe('certified');
    expect(net.warnings.join()).not.toContain('collinear');
  });

  test('of collinear columns where a problem is not solved', async () => {
    const { columns, names, y } = columnsOf('combined.csv');
    const X = Float64Array.from(y.flatMap((_, at) => columns.map((column) => column[at])));
    const data = {
      name: 'combined',
      count: 40,
      features: 3,
      X,
      y: Float64Array.from(y),
      featureNames: names,
      target: 'y',
    };
    const given = {
      scaled: standardisedRegression(data),
      intercept: true,
      constant: [],
      dropped: 0,
      assumed: [],
      warnings: [],
    };
    expect(warnOfCollinearColumns(given)).toEqual([
      'columns are collinear ("sum" combines "a", "b"). Leave columns out by --ignore, or use --penalty elastic-net',
    ]);
    const [first] = columns;
    expect(findDependences({ ...data, X: Float64Array.from(first), features: 1 }, [0], 1e-9)).toEqual([]);
  });

  test('where nothing is selected', async () => {
    const { error, out } = await tune('plain.csv', '--criterion', 'sure', '--noise', '1000');
    expect(out).toContain('support  0 of 3 features; 0: a, b, c\n');
    expect(error).toContain('nothing is selected: by this criterion no feature explains "y" better than its mean');
  });

  test('where no penalty helps', async () => {
    const { error } = await tune('exact.csv');
    expect(error).toContain('warning: no penalty helps: down to the least λ of the grid');
  });

  test('where the search was cut short', async () => {
    const { error } = await tune('plain.csv', '--penalty', 'features', '--limit', '3');
    expect(error).toMatch(/warning: \d of 2 starts ended at the limit of 3 evaluations/);
  });
});

describe('equilibra tune refuses', () => {
  const cases: [string, string[], string][] = [
    ['a file that is not there', ['none.csv', '--target', 'y'], 'none.csv: there is no such file or folder'],
    ['two files', ['a.csv', 'b.csv'], '2 files are named; it must be one'],
    ['no target', ['plain.csv'], '--target is missing: the column to explain; the columns are a, b, c, y'],
    [
      'a target that is not there',
      ['plain.csv', '--target', 'Y1'],
      'there is no column "Y1". The columns are a, b, c, y',
    ],
    ['a missing value', ['nan.csv', '--target', 'y'], 'nan.csv: line 3, column "b": the value is missing ("NaN")'],
    ['texts among numbers', ['text.csv', '--target', 'y'], 'line 3, column "b": "high" is not a number'],
    ['a target that never changes', ['still.csv', '--target', 'y'], 'the target is 3 in every row'],
    [
      'an unknown criterion',
      ['plain.csv', '--target', 'y', '--criterion', 'aic'],
      '--criterion: it is "aic"; it must be one of cv, held-out, sure',
    ],
    [
      'an option of another criterion',
      ['plain.csv', '--target', 'y', '--noise', '1'],
      '--noise: it is for --criterion sure; the criterion is cv',
    ],
    [
      'more folds than rows',
      ['plain.csv', '--target', 'y', '--folds', '41'],
      '--folds: it is "41"; it must be an integer from 2 to 40',
    ],
    ['too few rows for the folds', ['wide.csv', '--target', 'y'], '--folds: there are 3 rows, too few for 5 folds'],
    [
      'a share that is none',
      ['plain.csv', '--target', 'y', '--criterion', 'held-out', '--held-out', '1'],
      '--held-out: it is "1"; it must be a number in (0, 1)',
    ],
    [
      'noise that cannot be estimated',
      ['wide.csv', '--target', 'y', '--criterion', 'sure'],
      '--noise is missing: the deviation of the noise in the target; least squares cannot estimate it from 3 rows and 3 features',
    ],
    [
      'an unknown penalty',
      ['plain.csv', '--target', 'y', '--penalty', 'ridge'],
      '--penalty: it is "ridge"; it must be one of single, features, elastic-net',
    ],
    [
      'a grid of many penalties',
      ['plain.csv', '--target', 'y', '--penalty', 'features', '--optimiser', 'grid'],
      '--optimiser grid: it is for a single λ',
    ],
    [
      'starts of a grid',
      ['plain.csv', '--target', 'y', '--optimiser', 'grid', '--starts', '3'],
      '--starts: a grid has none',
    ],
    [
      'rows of unequal weight for the risk estimate',
      ['plain.csv', '--target', 'y', '--criterion', 'sure', '--row-weights', 'a'],
      '--row-weights: it is for --criterion cv and held-out; sure is for rows of equal weight',
    ],
    [
      'weights of rows that are not there',
      ['plain.csv', '--target', 'y', '--row-weights', 'w'],
      '--row-weights: there is no column "w"',
    ],
    ['a negative weight', ['plain.csv', '--target', 'y', '--row-weights', 'c'], '--row-weights: line 3 has "-'],
    [
      'a report in no folder',
      ['plain.csv', '--target', 'y', '--report', 'nowhere/report.html'],
      'there is no folder nowhere',
    ],
  ];
  test.each(cases)('%s', async (_, [name, ...more], message) => {
    const { code, out, error } = await run(['tune', path(name), ...more]);
    expect(error).toContain(message);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  test('a target that no feature explains', async () => {
    const { code, error } = await tune('apart.csv', '--folds', '2');
    expect(error).toContain('y: Xᵀy is 0, so that β is 0 for every λ');
    expect(code).toBe(2);
  });

  test('options for a CSV file without a file', async () => {
    const { code, error } = await run(['tune', '--target', 'y']);
    expect(error).toContain('--target: it is for a CSV file, which must be named');
    expect(code).toBe(2);
  });
});

describe('equilibra tune --report', () => {
  test.each([
    ['single', 'Penalty λ', 'by gradient'],
    ['elastic-net', 'Penalties λ, ρ', 'single λ, over a grid'],
    ['features', 'Penalties λ', 'single λ, over a grid'],
  ])('writes one page: %s', async (penalty, card, search) => {
    const file = path(`${penalty}.html`);
    const { out } = await tune('plain.csv', '--penalty', penalty, '--limit', '20', '--report', file);
    expect(out).toMatch(/s in all\nreport {3}.*\.html\n$/);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<title>Lasso for y</title>');
    expect(text).toContain(`<dt>${card}</dt>`);
    expect(row(text, search)).toHaveLength(5);
    expect(row(text, 'a')).toHaveLength(penalty === 'features' ? 4 : 3);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    expect(() => checkNesting(text)).not.toThrow();
  });

  test('escapes names, and keeps them on their line of the terminal', async () => {
    const { out } = await tune('names.csv', '--folds', '3', '--report', path('names.html'));
    expect(out).toContain(HOSTILE);
    const text = readFileSync(path('names.html'), 'utf8');
    expect(text).toContain(ESCAPED);
    expect(text).not.toContain('<script');
  });
});
