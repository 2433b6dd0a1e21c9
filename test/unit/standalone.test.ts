/** The runner for machines without vitest treats everything that the parity tests use as vitest does. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Standalone from '../support/standalone.ts';

let own: typeof Standalone;
beforeEach(async () => {
  vi.resetModules(); // forgets the suites described before
  own = await import('../support/standalone.ts');
});

/** The titles of the tests, with the errors of those that failed. */
async function runAll(skip?: RegExp): Promise<string[]> {
  const told: string[] = [];
  await own.runAll({
    ...(skip && { skip }),
    onOutcome: ({ title, error }) => told.push(error === undefined ? title : `${title}: ${error}`),
  });
  return told;
}

test('titles contain their values', () => {
  expect(own.fillTitle('%s of %i, %j', ['a', 2, { b: 1 }])).toBe('a of 2, {"b":1}');
  expect(own.fillTitle('at $q of $missing', [{ q: 0.5 }])).toBe('at 0.5 of $missing');
});

test('suites and tests run in order with their hooks, including a failing one', async () => {
  const log: string[] = [];
  const note = (text: string) => () => void log.push(text);
  own.describe('outer', () => {
    own.beforeAll(note('before all'));
    own.afterAll(note('after all'));
    own.afterEach(note('after each'));
    own.it('first', note('first'));
    own.describe.each([['a', 1] as const, ['b', 2] as const])('inner %s', async (name, value) => {
      await Promise.resolve(); // describes the rest later
      own.test.each([{ x: 5 }])('$x', (given) => note(`${name} ${value} ${JSON.stringify(given)}`)());
    });
    own.test('second', async () => {
      throw new Error('no');
    });
  });
  own.test('last', note('last'));
  expect(await runAll()).toEqual([
    'outer > first',
    'outer > inner a > 5',
    'outer > inner b > 5',
    'outer > second: no',
    'last',
  ]);
  const inner = ['a 1 {"x":5}', 'after each', 'b 2 {"x":5}', 'after each'];
  expect(log).toEqual(['before all', 'first', 'after each', ...inner, 'after each', 'after all', 'last']);
});

test('the tests of a suite that cannot begin count as failures', async () => {
  own.describe('closed', () => {
    own.beforeAll(() => Promise.reject(new Error('no adapter')));
    own.test('never', () => {
      throw new Error('it ran');
    });
  });
  expect(await runAll()).toEqual(['closed > before all: no adapter']);
});

test('suites are left out by their title', async () => {
  own.describe('on wasm', () => own.test('one', () => {}));
  own.describe('on webgpu', () => own.test('wasm and webgpu', () => {}));
  expect(await runAll(/\bwasm\b/)).toEqual(['on webgpu > wasm and webgpu']);
});

describe('what is expected', () => {
  const passing: Readonly<Record<string, (check: typeof Standalone.expect) => void>> = {
    toBe: (check) => check(NaN).toBe(NaN),
    toEqual: (check) => check({ a: [1, { b: undefined }] }).toEqual({ a: [1, {}] }),
    'not.toEqual': (check) => check([1, 2]).not.toEqual([1, 3]),
    toMatchObject: (check) => check({ a: { b: 1, c: 2 } }).toMatchObject({ a: { b: 1 } }),
    toBeLessThan: (check) => check(1).toBeLessThan(2),
    toBeLessThanOrEqual: (check) => check(2).toBeLessThanOrEqual(2),
    toBeGreaterThan: (check) => check(2).toBeGreaterThan(1),
    toBeCloseTo: (check) => check(0.1 + 0.2).toBeCloseTo(0.3, 12),
    toContain: (check) => check([1, 2]).toContain(2),
    'not.toContain': (check) => check([1, 2]).not.toContain(3),
    toHaveLength: (check) => check([1, 2]).toHaveLength(2),
  };
  const failing: typeof passing = {
    toBe: (check) => check(1).toBe('1'),
    toEqual: (check) => check({ a: 1 }).toEqual({ a: 1, b: 2 }),
    'toEqual of typed arrays': (check) => check(new Float32Array([1])).toEqual([1]),
    'not.toEqual': (check) => check([1, 2]).not.toEqual([1, 2]),
    toMatchObject: (check) => check({ a: { b: 1 } }).toMatchObject({ a: { b: 2 } }),
    'toMatchObject of a list': (check) => check({ a: [1, 2] }).toMatchObject({ a: [1] }),
    'toBeLessThan, NaN': (check) => check(NaN).toBeLessThan(2),
    'toBeLessThanOrEqual, NaN': (check) => check(NaN).toBeLessThanOrEqual(2),
    toBeGreaterThan: (check) => check(1).toBeGreaterThan(1),
    toBeCloseTo: (check) => check(0.31).toBeCloseTo(0.3, 2),
    toContain: (check) => check([1, 2]).toContain(3),
    toHaveLength: (check) => check([1, 2]).toHaveLength(3),
  };

  // Both runners must agree, since the tests run in both.
  test.each(Object.entries(passing))('%s holds', (_, body) => {
    expect(() => body(own.expect)).not.toThrow();
    expect(() => body(expect as unknown as typeof own.expect)).not.toThrow();
  });
  test.each(Object.entries(failing))('%s does not hold', (_, body) => {
    expect(() => body(own.expect)).toThrow(/it must/);
    expect(() => body(expect as unknown as typeof own.expect)).toThrow();
  });

  test('the error states the value and its meaning', () => {
    expect(() => own.expect([1], 'β').toEqual([2])).toThrow('β: it is [1]; it must equal [2]');
    expect(() => own.expect(3).not.toBe(3)).toThrow('it is 3; it must not be 3');
  });
});
