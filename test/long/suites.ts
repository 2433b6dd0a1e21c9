/**
 * The long suites. `npm run test:long` runs them one after another, each in a vitest process of its own, and `.ci/run`
 * does so after `npm test`. `npm run test:long -- soak firefox` runs the suites with these names.
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
  /**
   * Minutes on two quiet cores. All suites together have LONG_MINUTES, so a suite that needs more takes it from
   * another.
   */
  readonly minutes: number;
}

/**
 * The minutes that all long suites may take together. With CI=true, a suite that still runs after them is stopped and
 * has failed.
 */
export const LONG_MINUTES = 39;

export const suites: readonly LongSuite[] = [
  {
    name: 'firefox',
    files: ['test/long/firefox.test.ts', 'test/long/firefox-demo.test.ts'],
    programs: ['firefox'],
    minutes: 6,
  },
  { name: 'deno', files: ['test/long/deno.test.ts'], programs: ['deno'], minutes: 2 },
  { name: 'composed', files: ['test/long/composed.test.ts'], programs: [], minutes: 3 },
  { name: 'activations', files: ['test/long/activations.test.ts'], programs: [], minutes: 2 },
  { name: 'soak', files: ['test/long/soak.test.ts'], programs: [], minutes: 2 },
  { name: 'kinks', files: ['test/long/kinks.test.ts'], programs: [], minutes: 3 },
  { name: 'misuse', files: ['test/long/misuse.test.ts'], programs: [], minutes: 2 },
  {
    name: 'gpujs',
    files: ['test/long/gpujs.test.ts', 'test/long/gpujs-reference.test.ts'],
    programs: [],
    minutes: 5,
  },
  { name: 'programs', files: ['test/long/programs.test.ts'], programs: [], minutes: 2 },
  { name: 'cones', files: ['test/long/cones.test.ts'], programs: [], minutes: 3 },
  {
    name: 'guides',
    files: ['test/long/guides.test.ts', 'test/long/site.test.ts'],
    programs: [],
    minutes: 2,
  },
  {
    name: 'examples',
    files: ['test/long/examples.test.ts', 'test/long/sudoku.test.ts'],
    programs: [],
    minutes: 3,
  },
  { name: 'files', files: ['test/long/files.test.ts'], programs: ['numpy'], minutes: 1 },
  { name: 'packages', files: ['test/long/packages.test.ts'], programs: [], minutes: 3 },
];
