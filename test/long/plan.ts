/** Decides which long suites run on this computer. */
import type { Program, ProgramName } from './programs.ts';
import { type LongSuite, ROWS, type Row } from './suites.ts';

interface Plan {
  readonly name: string;
  readonly row: Row;
  readonly files: readonly string[];
  /** The programs that a person would have to install on this computer; empty where nothing is missing. */
  readonly missing: readonly string[];
}

/**
 * Plans the suites of the given names, or all of them.
 *
 * @param installs whether to install missing programs first
 */
export function planSuites(
  suites: readonly LongSuite[],
  names: readonly string[],
  program: (name: ProgramName) => Program,
  installs: boolean,
): Plan[] {
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name));
  return chosen.map(({ name, row, files, programs }) => {
    const isMissing = (each: ProgramName): boolean => program(each).find() === undefined;
    if (installs) for (const each of programs.filter(isMissing)) program(each).install();
    return { name, row, files, missing: programs.filter(isMissing).map((each) => program(each).hint) };
  });
}

/** Errors in the registry of suites, or in the names that the caller gave. */
export function findFaults(
  suites: readonly LongSuite[],
  names: readonly string[],
  filesFound: readonly string[],
  minutes: number,
): string[] {
  const known = suites.map(({ name }) => name);
  const named = suites.flatMap(({ files }) => files);
  const minutesOf = (row: Row): number =>
    suites.reduce((total, suite) => total + (suite.row === row ? suite.minutes : 0), 0);
  return [
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => `no long suite ${name}; there are ${known.join(', ')}`),
    ...filesFound
      .filter((file) => !named.includes(file))
      .map((file) => `no suite of test/long/suites.ts names ${file}`),
    ...named
      .filter((file) => !filesFound.includes(file))
      .map((file) => `test/long/suites.ts names ${file}, which is not there`),
    ...ROWS.map((row) => [row, minutesOf(row)] as const)
      .filter(([, sum]) => sum > minutes)
      .map(([row, sum]) => `the ${row} row of long suites takes ${sum} minutes, and may take ${minutes}`),
  ];
}
