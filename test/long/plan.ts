/** What becomes of each long suite on this computer. */
import type { Program, ProgramName } from './programs.ts';
import type { LongSuite } from './suites.ts';

export interface Plan {
  readonly name: string;
  readonly files: readonly string[];
  /** What the person at this computer would have to install; empty where nothing is missing. */
  readonly missing: readonly string[];
}

/**
 * The suites of these names, or all where none is given.
 *
 * @param installs whether to install what is missing before finding out
 */
export function planned(
  suites: readonly LongSuite[],
  names: readonly string[],
  program: (name: ProgramName) => Program,
  installs: boolean,
): Plan[] {
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name));
  return chosen.map(({ name, files, programs }) => {
    const absent = (each: ProgramName): boolean => program(each).find() === undefined;
    if (installs) for (const each of programs.filter(absent)) program(each).install();
    return { name, files, missing: programs.filter(absent).map((each) => program(each).hint) };
  });
}

/** What is wrong with the registry or with the names asked for. */
export function faultsOf(
  suites: readonly LongSuite[],
  names: readonly string[],
  filesFound: readonly string[],
  minutes: number,
): string[] {
  const known = suites.map(({ name }) => name);
  const named = suites.flatMap(({ files }) => files);
  const sum = suites.reduce((total, suite) => total + suite.minutes, 0);
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
    ...(sum > minutes ? [`the long suites take ${sum} minutes together, and may take ${minutes}`] : []),
  ];
}
