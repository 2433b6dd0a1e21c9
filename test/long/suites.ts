/**
 * The long suites, which `npm run test:long` runs one after another, each with vitest and by itself, and `.ci/run` after
 * `npm test`. `npm run test:long -- soak firefox` runs those whose names are given.
 *
 * To add one: write `test/long/NAME.test.ts` (`npx vitest run --config=test/long/vitest.config.ts test/long/NAME` runs it),
 * give it a line here, and the programs it needs an entry in programs.ts. A test file asks `find` of programs.ts where a
 * program is. A test file that no suite names, a skipped test and a suite in which no test runs are failures.
 *
 * Where a program is missing, the suites that need it are not registered, and one line says so. With CI=true the program
 * is installed; where that fails, the suite counts as one failure.
 */
import type { ProgramName } from './programs.ts';

export interface LongSuite {
  readonly name: string;
  /** Test files, relative to the root. */
  readonly files: readonly string[];
  /** What must be on this computer besides the packages and the browser of `npm test`. */
  readonly programs: readonly ProgramName[];
  /** What it takes on two quiet cores. All suites together have LONG_MINUTES: who needs more takes it from another. */
  readonly minutes: number;
}

/** What the long suites may take together; with CI=true whatever still runs then is stopped and has failed. */
export const LONG_MINUTES = 30;

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
  { name: 'kinks', files: ['test/long/kinks.test.ts'], programs: [], minutes: 5 },
  { name: 'misuse', files: ['test/long/misuse.test.ts'], programs: [], minutes: 4 },
];
