/** Values that plain JavaScript may pass for an argument, whatever the argument is. */
import fc from 'fast-check';
import type { World } from './world.ts';

/** Thrown by functions and objects of the caller: the library must pass it on unchanged. */
export class CallerError extends Error {
  override readonly name = 'Own';
}
const throwing = (): never => {
  throw new CallerError('of the caller');
};

/** A description, and a function that makes the value for each case. */
export type Hostile = readonly [name: string, make: (world: World) => unknown];

const PLAIN: readonly unknown[] = [
  ...[undefined, null, true, false, '', '2', 'abc', '__proto__', 'constructor', 'toString'],
  ...[0, -0, 1, 2, 3, -1, 0.5, 1.5, NaN, Infinity, -Infinity, 1e15, 2 ** 53, 1e-320, 1e300, 5n, -1n, Symbol('s')],
];

const FUNCTIONS: readonly Hostile[] = [
  ['a function of nothing', () => () => undefined],
  ['a function that gives a number', () => () => 3],
  ['a function that gives a text', () => () => 'text'],
  ['a function that gives null', () => () => null],
  ['an async function', () => async () => 1],
  ['an async identity', () => async (z: unknown) => z],
  ['an async function that rejects', () => async () => throwing()],
  ['an identity', () => (z: unknown) => z],
  ['a function that throws', () => throwing],
  [
    'a function that gives a tensor of another engine',
    ({ foreign }) =>
      () =>
        foreign,
  ],
  [
    'a function that gives a disposed tensor',
    ({ disposed }) =>
      () =>
        disposed,
  ],
  [
    'a function that gives another shape',
    ({ one }) =>
      () =>
        one,
  ],
  [
    'a function that gives a list',
    ({ one }) =>
      () => [one],
  ],
  ['a function that gives an object', () => () => ({})],
  ['a generator function', () => function* () {}],
  ['a class', () => class {}],
];

const OBJECTS: readonly Hostile[] = [
  ['an empty list', () => []],
  ['a list of one', () => [1]],
  ['a list of two', () => [1, 2]],
  ['a list of texts', () => ['1', '2']],
  ['a list with NaN', () => [NaN, 1]],
  ['a list of null', () => [null]],
  ['a list of 3', () => [3]],
  ['a list of big integers', () => [1n]],
  ['a sparse list', () => new Array(3)],
  [
    'a nested list',
    () => [
      [1, 2],
      [3, 4],
    ],
  ],
  ['a Float32Array', () => Float32Array.of(1, 2)],
  ['a Float64Array', () => Float64Array.of(1, 2, 3, 4)],
  ['an Int32Array', () => Int32Array.of(0, 1)],
  ['a BigInt64Array', () => BigInt64Array.of(1n, 2n)],
  ['a Uint8Array', () => Uint8Array.of(1, 2, 3)],
  ['an ArrayBuffer', () => new ArrayBuffer(8)],
  ['a DataView', () => new DataView(new ArrayBuffer(8))],
  ['an empty object', () => ({})],
  ['a list-like object', () => ({ length: 2, 0: 1, 1: 2 })],
  ['a long list-like object', () => ({ length: 1e15 })],
  ['a list-like object of length -1', () => ({ length: -1 })],
  ['an object without a prototype', () => Object.create(null)],
  ['an object that inherits', () => Object.create({ tolerance: 'x', batch: -1, seed: 0.5 })],
  ['a getter that throws', () => Object.defineProperty({}, 'tolerance', { get: throwing, enumerable: true })],
  ['a proxy', () => new Proxy({}, {})],
  ['a proxy that throws', () => new Proxy({}, { get: throwing, ownKeys: throwing, has: throwing })],
  [
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  [
    'a cycle',
    () => {
      const cycle: Record<string, unknown> = {};
      cycle.cycle = cycle;
      return cycle;
    },
  ],
  ['a promise', () => Promise.resolve(1)],
  ['a promise of a tensor', ({ x }) => Promise.resolve(x)],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is one of the values to be refused
  ['a thenable', () => ({ then: (resolve: (value: number) => void) => resolve(1) })],
  ['a date', () => new Date(0)],
  ['a regular expression', () => /a/],
  ['a map', () => new Map([['tolerance', 1]])],
  ['a set', () => new Set([1])],
  ['an error', () => new Error('x')],
  ['a tensor', ({ x }) => x],
  ['a tensor of one number', ({ one }) => one],
  ['a tensor of another shape', ({ y }) => y],
  ['a tensor of another engine', ({ foreign }) => foreign],
  ['a disposed tensor', ({ disposed }) => disposed],
  ['a list of a tensor of another engine', ({ foreign }) => [foreign]],
  ['a list of a disposed tensor', ({ disposed }) => [disposed]],
  ['a list of tensors', ({ x, one }) => [x, one]],
  ['an engine', ({ engine }) => engine],
  ['a model', ({ model }) => model],
  ['a layer', ({ layer }) => layer],
  ['an optimiser', ({ optimiser }) => optimiser],
  ['samples', ({ samples }) => samples],
  ['an aborted signal', () => AbortSignal.abort(new CallerError('aborted'))],
];

const named = PLAIN.map(
  (value): Hostile => [typeof value === 'string' ? JSON.stringify(value) : String(value), () => value],
);

/** Arbitrary values of fast-check. */
const anything = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withTypedArray: true,
    withSparseArray: true,
    maxDepth: 2,
  })
  .map((value): Hostile => ['anything', () => value]);

export const hostile: fc.Arbitrary<Hostile> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...named) },
  { weight: 4, arbitrary: fc.constantFrom(...OBJECTS) },
  { weight: 2, arbitrary: fc.constantFrom(...FUNCTIONS) },
  { weight: 1, arbitrary: anything },
);

/**
 * A name with a letter left out, doubled, exchanged with the next one or in capitals, which is none of the known names.
 */
export function drawMisspelling(known: readonly string[]): fc.Arbitrary<readonly [wrong: string, right: string]> {
  return fc
    .tuple(fc.constantFrom(...known), fc.nat(), fc.nat(3))
    .map(([name, at, kind]): readonly [string, string] => {
      const place = at % name.length;
      const [before, letter, after] = [name.slice(0, place), name[place], name.slice(place + 1)];
      const wrong = [
        before + after,
        before + letter + letter + after,
        `${before}${after[0] ?? 'q'}${letter}${after.slice(1)}`,
        name.toUpperCase(),
      ];
      return [wrong[kind], name];
    })
    .filter(([wrong]) => wrong !== '' && !known.includes(wrong));
}
