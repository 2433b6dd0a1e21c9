/** What `equilibra train` and `predict` say of a classifier whose rows have weights. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseTable } from '../../src/data/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { writeCSV } from '../support/files.ts';
import { createFolder } from '../support/folder.ts';
import { houses } from '../support/houses.ts';

const folder = createFolder('weights');
const path = (name: string): string => join(folder, name);
const options = ['--backend', 'cpu', '--width', '6', '--epochs', '3', '--target', 'town', '--ignore', 'grade,rent'];
const train = (...more: string[]) =>
  run(['train', '--data', path('houses.csv'), ...options, '--weights', 'sampled', ...more]);

writeFileSync(path('houses.csv'), writeCSV(houses()));

/** The accuracy by weight and by rows, from what `predict` prints. */
async function judge(checkpoint: string): Promise<{ byWeight: number; right: number; error: string }> {
  const { out, error } = await run(['predict', checkpoint, path('houses.csv'), '--backend', 'cpu']);
  const found = parseTable(out).rows.map((record) => record[1]);
  const table = parseTable(writeCSV(houses()));
  const of = (name: string): string[] => table.rows.map((record) => record[table.columns.indexOf(name)]);
  const [truth, weights] = [of('town'), of('sampled').map(Number)];
  const isRight = found.map((name, row) => name === truth[row]);
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const byWeight = sum(weights.filter((_, row) => isRight[row])) / sum(weights);
  return { byWeight, right: isRight.filter(Boolean).length, error };
}

describe('the accuracy is that by weight, and says so', () => {
  test('of the held-out rows, and of rows that are predicted', async () => {
    const { out, error } = await train('--checkpoint', path('model'), '--report', path('train.html'));
    expect(error).toBe('');
    const [, last] = out.match(/^epoch 3\/3.* held-out +([\d.]+) %/m) ?? [];
    const [, share, right, count] = out.match(/^test accuracy ([\d.]+) % by weight \((\d+) of (\d+) rows\)$/m) ?? [];
    expect(share).toBe(last);
    expect(Number(share)).not.toBeCloseTo((100 * Number(right)) / Number(count), 1);
    const judged = await judge(path('model'));
    expect(judged.error).toBe(
      `accuracy ${(100 * judged.byWeight).toFixed(2)} % by weight (${judged.right} of 120 rows)\n`,
    );
    expect(Math.abs(judged.byWeight - judged.right / 120)).toBeGreaterThan(1e-4);
    const report = readFileSync(path('train.html'), 'utf8');
    expect(report).toContain(`<b>${share}\u00a0%</b>`);
    expect(report).toContain(`by weight, ${right} of ${count} rows`);
    expect(report.match(/Rows are counted here, not weighed\./g)).toHaveLength(2);
  });

  test('of folds, where it is the mean over all rows by weight', async () => {
    const { out } = await train('--folds', '3', '--report', path('folds.html'));
    const folds = [...out.matchAll(/^fold \d\/3 {2}accuracy ([\d.]+) % by weight \(\d+ of 40 rows\)$/gm)];
    expect(folds).toHaveLength(3);
    const [, all, right] = out.match(/^all rows, .*accuracy ([\d.]+) % by weight \((\d+) of 120 rows\)$/m) ?? [];
    expect(Number(all)).not.toBeCloseTo((100 * Number(right)) / 120, 1);
    expect(readFileSync(path('folds.html'), 'utf8')).toContain(`<b>${all}\u00a0%</b>`);
  });

  test('without weights, rows are counted', async () => {
    const { out } = await run(['train', '--data', path('houses.csv'), ...options]);
    expect(out).toMatch(/^test accuracy [\d.]+ % \(\d+ of 24\)$/m);
  });
});
