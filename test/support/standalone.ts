/**
 * The part of vitest that the parity and reference tests use, for a machine that has neither vitest nor a network:
 * their bundle has this file in place of `vitest`. Tests run one after the other, in their order. Nothing is skipped
 * except whole suites, by their title.
 */
import { isDeepStrictEqual } from 'node:util';

type Body = (...given: never[]) => unknown;

interface Suite {
  readonly title: string;
  readonly parent?: Suite;
  readonly body: Body;
  readonly parts: (Suite | Test)[];
  readonly hooks: Record<Hook, Body[]>;
}
interface Test {
  readonly name: string;
  readonly run: Body;
}
type Hook = 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach';

const suiteOf = (title: string, body: Body, parent?: Suite): Suite => ({
  title,
  parent,
  body,
  parts: [],
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
});

const root = suiteOf('', () => {});
let current = root;

/** A title with its values filled in: %s and %i in their order, %j as JSON, $name from an object. */
export function fillTitle(title: string, values: readonly unknown[]): string {
  let next = 0;
  const [first] = values;
  const named = title.replace(/\$(\w+)/g, (text, name: string) =>
    typeof first === 'object' && first !== null && name in first ? String(first[name as keyof typeof first]) : text,
  );
  return named.replace(/%([sij])/g, (_, kind) => {
    const value = values[next++];
    return kind === 'j' ? JSON.stringify(value) : String(value);
  });
}

/** The values of a row are the parameters; a row that is not an array is a single parameter. */
function eachOf(add: (title: string, body: Body) => void) {
  return (rows: readonly unknown[]) =>
    (title: string, body: (...given: unknown[]) => unknown): void => {
      for (const row of rows) {
        const values = Array.isArray(row) ? row : [row];
        add(fillTitle(title, values), () => body(...values));
      }
    };
}

function addSuite(title: string, body: Body): void {
  current.parts.push(suiteOf(title, body, current));
}

function addTest(name: string, run: Body): void {
  current.parts.push({ name, run });
}

export const describe = Object.assign(addSuite, { each: eachOf(addSuite) });
export const test = Object.assign(addTest, { each: eachOf(addTest) });
export const it = test;

const hook = (name: Hook) => (body: Body) => {
  current.hooks[name].push(body);
};
export const beforeAll = hook('beforeAll');
export const afterAll = hook('afterAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

export interface Outcome {
  /** The titles of the suites and of the test, joined by " > ". */
  readonly title: string;
  readonly seconds: number;
  readonly error?: string;
}

export interface RunOptions {
  /** Suites with matching titles are left out. */
  readonly skip?: RegExp;
  onOutcome(outcome: Outcome): void;
}

/** Runs all tests that were described. */
export async function runAll(options: RunOptions): Promise<void> {
  await runSuite(root, options);
}

async function runSuite(suite: Suite, options: RunOptions): Promise<void> {
  if (suite.title !== '' && options.skip?.test(suite.title)) return;
  // A suite may describe its contents after an await, so the suites are described one after the other.
  current = suite;
  await suite.body();
  const titles = titlesOf(suite);
  const report = async (name: string, body: () => Promise<void>, always: boolean): Promise<boolean> => {
    const started = performance.now();
    const error = await body().then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    );
    const seconds = (performance.now() - started) / 1000;
    const title = [...titles, name].join(' > ');
    if (always || error !== undefined) options.onOutcome({ title, seconds, ...(error !== undefined && { error }) });
    return error === undefined;
  };
  const all = (bodies: readonly Body[]) => async (): Promise<void> => {
    for (const body of bodies) await body();
  };
  const isReady = await report('before all', all(suite.hooks.beforeAll), false);
  for (const part of isReady ? suite.parts : []) {
    if ('parts' in part) {
      await runSuite(part, options);
      continue;
    }
    const [before, after] = (['beforeEach', 'afterEach'] as const).map((name) => hooksOf(suite, name));
    await report(
      part.name,
      () =>
        all(before)()
          .then(() => part.run())
          .then(() => {}),
      true,
    );
    await report(`${part.name}, after it`, all(after), false);
  }
  await report('after all', all(suite.hooks.afterAll), false);
}

/** The hooks of a suite, after those of the suites around it. */
function hooksOf({ hooks, parent }: Suite, name: Hook): Body[] {
  return [...(parent ? hooksOf(parent, name) : []), ...hooks[name]];
}

function titlesOf({ title, parent }: Suite): string[] {
  return [...(parent ? titlesOf(parent) : []), ...(title === '' ? [] : [title])];
}

/**
 * Supports expectations of numbers, texts and plain data only. Any other matcher is not a function, so that its test
 * fails.
 */
export function expect(found: unknown, about?: string) {
  return { ...matchers(found, about, true), not: matchers(found, about, false) };
}

function matchers(found: unknown, about: string | undefined, wanted: boolean) {
  const check = (holds: boolean, what: string, expected: unknown): void => {
    if (holds === wanted) return;
    const told = `${about === undefined ? '' : `${about}: `}it is ${format(found)}; it must ${wanted ? '' : 'not '}${what}`;
    throw new Error(`${told} ${format(expected)}`);
  };
  const number = found as number;
  return {
    toBe: (expected: unknown) => check(Object.is(found, expected), 'be', expected),
    toEqual: (expected: unknown) => check(isDeepStrictEqual(plain(found), plain(expected)), 'equal', expected),
    toMatchObject: (expected: object) => check(contains(found, expected), 'have', expected),
    toBeLessThan: (expected: number) => check(number < expected, 'be less than', expected),
    toBeLessThanOrEqual: (expected: number) => check(number <= expected, 'be at most', expected),
    toBeGreaterThan: (expected: number) => check(number > expected, 'be greater than', expected),
    toBeGreaterThanOrEqual: (expected: number) => check(number >= expected, 'be at least', expected),
    toBeCloseTo: (expected: number, digits = 2) =>
      check(Math.abs(number - expected) < 10 ** -digits / 2, `be to ${digits} digits`, expected),
    toContain: (expected: unknown) => check((found as unknown[]).includes(expected), 'contain', expected),
    toHaveLength: (expected: number) => check((found as unknown[]).length === expected, 'have the length', expected),
  };
}

/** A value as toEqual compares it: undefined properties count as absent, and prototypes do not count. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, plain(each)]),
  );
}

function contains(found: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return isDeepStrictEqual(plain(found), plain(expected));
  }
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(expected).every(([name, each]) => contains(found[name as keyof typeof found], each));
}

function format(value: unknown): string {
  const text = JSON.stringify(value, (_, each) => (ArrayBuffer.isView(each) ? Array.from(each as Float64Array) : each));
  const known = text ?? String(value);
  return known.length > 300 ? `${known.slice(0, 300)}…` : known;
}
