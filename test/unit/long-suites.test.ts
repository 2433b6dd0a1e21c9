/** Which long suites run, and the messages about those that do not. */
import { expect, test } from 'vitest';
import { findFaults, planSuites } from '../long/plan.ts';
import { type Program, type ProgramName, program, programNames } from '../long/programs.ts';
import type { LongSuite } from '../long/suites.ts';

const FIREFOX: LongSuite = {
  name: 'firefox',
  row: 'first',
  files: ['test/long/firefox.test.ts'],
  programs: ['firefox'],
  minutes: 10,
};
const SOAK: LongSuite = { name: 'soak', row: 'first', files: ['test/long/soak.test.ts'], programs: [], minutes: 2 };
const SUITES = [FIREFOX, SOAK];
const FILES = SUITES.flatMap(({ files }) => files);

/** A program that exists from the start, after its installation, or never; and the number of its installations. */
function pretendProgram(when: 'at once' | 'installed' | 'never') {
  let installations = 0;
  const pretended: Program = {
    hint: 'Firefox',
    find: () => (when === 'at once' || (when === 'installed' && installations > 0) ? '/somewhere/firefox' : undefined),
    install: () => {
      installations += 1;
    },
  };
  return { of: (_: ProgramName) => pretended, installations: () => installations };
}

const without = (missing: string[]) => [
  { name: 'firefox', row: 'first', files: FIREFOX.files, missing },
  { name: 'soak', row: 'first', files: SOAK.files, missing: [] },
];

test.each([
  ['at once', false, [], 0],
  ['at once', true, [], 0],
  ['installed', false, ['Firefox'], 0],
  ['installed', true, [], 1],
  ['never', true, ['Firefox'], 1],
] as const)('a program that is available %s, with installation: %s', (when, installs, missing, times) => {
  const firefox = pretendProgram(when);
  expect(planSuites(SUITES, [], firefox.of, installs)).toEqual(without([...missing]));
  expect(firefox.installations()).toBe(times);
});

test('only the requested suites are planned', () => {
  const firefox = pretendProgram('never');
  expect(planSuites(SUITES, ['soak'], firefox.of, true).map(({ name }) => name)).toEqual(['soak']);
  expect(firefox.installations()).toBe(0);
});

test('a registry in order has no faults', () => {
  expect(findFaults(SUITES, ['soak'], FILES, 12)).toEqual([]);
});

test('each row has its own minutes', () => {
  expect(findFaults([FIREFOX, { ...SOAK, row: 'second' }], [], FILES, 10)).toEqual([]);
});

test.each<[string, readonly string[], readonly string[], number, string]>([
  ['a name', ['fuzz'], FILES, 12, 'no long suite fuzz; there are firefox, soak'],
  [
    'a file without a suite',
    [],
    [...FILES, 'test/long/a.test.ts'],
    12,
    'no suite of test/long/suites.ts names test/long/a.test.ts',
  ],
  [
    'a suite without a file',
    [],
    FILES.slice(1),
    12,
    'test/long/suites.ts names test/long/firefox.test.ts, which is not there',
  ],
  ['too many minutes', [], FILES, 11, 'the first row of long suites takes 12 minutes, and may take 11'],
])('%s is a fault', (_, names, found, minutes, fault) => {
  expect(findFaults(SUITES, names, found, minutes)).toEqual([fault]);
});

test('every program has a hint for its installation', () => {
  for (const name of programNames) expect(program(name).hint).toMatch(/\w{4,}/);
});
