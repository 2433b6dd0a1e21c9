/** Every figure of speed in the README and in the guides of docs/ comes from a results file. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  describeIterations,
  describePeers,
  describeTraining,
  FIGURE_FILES,
  FIGURE_PAGES,
  type FigureFile,
  insertFigures,
  type WasmResults,
} from '../../bench/figures.ts';
import { guides } from '../support/guides/pages.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const contents = Object.fromEntries(FIGURE_FILES.map((file) => [file, read(`bench/results/${file}`)])) as Record<
  FigureFile,
  string
>;
const pages = [...new Set(Object.values(FIGURE_PAGES))];
/** These two describe single measurements and the machine on which they were made; they have no results file. */
const ACCOUNTS = ['docs/reliability.md', 'docs/webgpu-implementations.md'];
const timeless = guides.filter((path) => !ACCOUNTS.includes(path));

describe('README.md and docs/', () => {
  test.each(pages)('%s has the figures of the files in bench/results; npm run readme writes them', (page) => {
    expect(insertFigures(page, read(page), contents)).toBe(read(page));
  });

  test.each(FIGURE_FILES)('a figure of %s that was changed by hand is noticed', (file) => {
    const page = FIGURE_PAGES[file];
    const text = read(page);
    const block = text.split(`<!-- from bench/results/${file} by npm run readme -->`)[1].split('<!-- end -->')[0];
    const figure = block.match(/\d+\.\d|\d+ s/)?.[0] as string;
    const changed = text.replace(
      block,
      block.replace(
        figure,
        figure.replace(/\d/, (digit) => `${9 - Number(digit)}`),
      ),
    );
    expect(changed).not.toBe(text);
    expect(insertFigures(page, changed, contents)).toBe(text);
  });

  test('a block that is missing, or there twice, is an error', () => {
    const [page, readme] = [FIGURE_PAGES['digits.json'], read('README.md')];
    const start = '<!-- from bench/results/digits.json by npm run readme -->\n';
    const message = 'README.md must have one block of figures from digits.json';
    expect(() => insertFigures(page, readme.replace(start, ''), contents)).toThrow(message);
    expect(() => insertFigures(page, `${readme}${start}`, contents)).toThrow(message);
    expect(() => insertFigures(page, readme.replaceAll('<!-- end -->', ''), contents)).toThrow('one block of figures');
  });

  test.each(['README.md', ...timeless])('no other times are stated in %s', (page) => {
    const outside = read(page).replaceAll(/<!-- from [\s\S]*?<!-- end -->/g, '');
    expect(outside.match(/\b\d+(\.\d+)? ?(ms|µs|GFLOP)/g)).toBeNull();
    expect(outside.match(/\btimes as (fast|long)\b/g)).toBeNull();
  });
});

describe('the blocks', () => {
  const timing = { minimum: 1, maximum: 3, units: 1, cut: false, foreign: 0, repeated: 0 };
  const common = { environment: 'chrome', version: 'Chromium 1', case: 'solve', width: 87, batch: 128 } as const;
  const entry = (library: 'equilibra' | 'tfjs', median: number, sameBackend: number, more = {}) => ({
    ...common,
    library,
    backend: 'wasm',
    timing: { ...timing, all: [median, median, median], median },
    ratios: { sameBackend },
    ...more,
  });
  const relu = { case: 'relu' as const };
  const results: WasmResults = {
    date: '2030-01-02T03:04:05.000Z',
    processor: { name: 'Acme', cores: 8 },
    notes: ['other work was going on', 'the peers could not be installed'],
    entries: [
      entry('equilibra', 1.25, 1, { threads: 2, timing: { ...timing, all: [1, 1.25, 2], median: 1.25, foreign: 2 } }),
      entry('tfjs', 123.4, 98.7),
      entry('equilibra', 0.5, 1, { width: 32 }),
      entry('tfjs', 2, 4, { width: 32 }),
      entry('equilibra', 0.25, 1, relu),
      entry('tfjs', 0.5, 2, relu),
      { ...common, case: 'training', library: 'tfjs', backend: 'wasm', error: 'no memory', ratios: {} },
    ],
  };

  test('of peers: times with their spread, threads, the range of the leads, and what disturbed them', () => {
    const text = describePeers(results);
    expect(text).toContain('| | Equilibra, 2 threads | tfjs |');
    expect(text).toContain('| solve and gradient | 1.3 (40 %) | 123 (0 %) |');
    expect(text).toContain('| training step | – | – |');
    expect(text).toContain('At 128 × 32 to 128 × 87 a solve with its gradient is 4.0 to 98.7 times');
    expect(text).toContain('50 iterations alone 2.0 to 2.0 times');
    expect(text).toContain('8 cores (Acme), no GPU');
    expect(text).toContain('(other programs disturbed 2 of 18 repetitions; other work was going on)');
    expect(text).not.toContain('could not be installed');
    expect(() => describePeers({ ...results, entries: results.entries.slice(1, 4) })).toThrow('no solve of 128 × 87');
  });

  test('of iterations: where a solve failed there is no number', () => {
    const layers = { one: [4.04, null], two: [1, 2] };
    const stepRule = { forward: [4, 8], backward: [5, 9] };
    const text = describeIterations({ forward: { picard: layers }, backward: {}, stepRule });
    expect(text).toContain('| `picard` | 4.0 / – | 1.0 / 2.0 |');
    expect(text).toContain('4 iterations forward and 5 backward to 1e-2 on the fresh layer, and 8 and 9 to 1e-4');
  });

  test('of training: the load of other programs is stated', () => {
    const run = { backend: 'wasm', seconds: 7, epochs: Array(40) };
    expect(describeTraining(run)).toBe('The training run at the top, 40 epochs, took 7 s on `wasm`.');
    expect(describeTraining({ ...run, others: 0.05 })).toBe(describeTraining(run));
    expect(describeTraining({ ...run, others: 0.25 })).toContain('while other programs had 25 % of the processors');
  });
});
