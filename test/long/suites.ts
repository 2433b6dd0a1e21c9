/**
 * The long suites. `npm run test:long` runs them in two rows side by side, each in a vitest process of its own, and
 * `.ci/run` does so after `npm test`. `npm run test:long -- soak firefox` runs the suites with these names.
 *
 * To add one: write `test/long/NAME.test.ts` (`npx vitest run --config=test/long/vitest.config.ts test/long/NAME` runs
 * it), add a line for it here, and an entry in programs.ts for each program it needs. A test file gets the path of a
 * program from `find` of programs.ts. A test file that no suite names, a skipped test and a suite in which no test runs
 * count as failures.
 *
 * Where a program is missing, the suites that need it are left out, and one line says so. With CI=true the program is
 * installed; if that fails, the suite counts as one failure.
 */
import type { ProgramName } from './programs.ts';

export interface LongSuite {
  readonly name: string;
  /** Test files, relative to the root. */
  readonly files: readonly string[];
  /** Programs that must be on this computer besides the packages and the browser of `npm test`. */
  readonly programs: readonly ProgramName[];
  /** The suites of a row run one after another. All that build the package, in dist/, are in the second one. */
  readonly row: Row;
  /** Minutes on two cores, with the other row beside it. */
  readonly minutes: number;
}

export type Row = 'first' | 'second';
export const ROWS: readonly Row[] = ['first', 'second'];

/**
 * The minutes that each row of suites may take, so a suite that needs more takes it from another. With CI=true, a suite
 * that still runs after them is stopped and has failed.
 */
export const LONG_MINUTES = 30;

export const suites: readonly LongSuite[] = [
  {
    name: 'firefox',
    row: 'first',
    files: ['test/long/firefox.test.ts', 'test/long/firefox-demo.test.ts'],
    programs: ['firefox'],
    minutes: 8,
  },
  {
    name: 'gpujs',
    row: 'first',
    files: ['test/long/gpujs.test.ts', 'test/long/gpujs-reference.test.ts'],
    programs: [],
    minutes: 6,
  },
  { name: 'cones', row: 'first', files: ['test/long/cones.test.ts'], programs: [], minutes: 4 },
  { name: 'composed', row: 'first', files: ['test/long/composed.test.ts'], programs: [], minutes: 2 },
  { name: 'activations', row: 'first', files: ['test/long/activations.test.ts'], programs: [], minutes: 1 },
  { name: 'theorem3', row: 'first', files: ['test/long/theorem3.test.ts'], programs: [], minutes: 1 },
  { name: 'deno', row: 'second', files: ['test/long/deno.test.ts'], programs: ['deno'], minutes: 4 },
  { name: 'kinks', row: 'second', files: ['test/long/kinks.test.ts'], programs: [], minutes: 2 },
  { name: 'misuse', row: 'second', files: ['test/long/misuse.test.ts'], programs: [], minutes: 3 },
  { name: 'soak', row: 'second', files: ['test/long/soak.test.ts'], programs: [], minutes: 1 },
  { name: 'programs', row: 'second', files: ['test/long/programs.test.ts'], programs: [], minutes: 4 },
  {
    name: 'guides',
    row: 'second',
    files: ['test/long/guides.test.ts', 'test/long/site.test.ts'],
    programs: [],
    minutes: 2,
  },
  {
    name: 'examples',
    row: 'second',
    files: ['test/long/examples.test.ts', 'test/long/sudoku.test.ts'],
    programs: [],
    minutes: 3,
  },
  { name: 'files', row: 'second', files: ['test/long/files.test.ts'], programs: ['numpy'], minutes: 1 },
  { name: 'packages', row: 'second', files: ['test/long/packages.test.ts'], programs: [], minutes: 4 },
];
