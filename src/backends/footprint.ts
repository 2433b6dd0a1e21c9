/** Estimates how much memory JavaScript objects occupy, since no JavaScript engine reports it. */
import type { Program, Statement } from './backend.ts';

/**
 * Bytes in V8 under Node, where a pointer has 8 bytes. In Chrome it has 4 bytes, and objects take as little as half of
 * this.
 */
const POINTER = 8;
const OBJECT = 24;
const ARRAY = 48;
const MAP = 128;
const TYPED_ARRAY = 200;
/** A number that is not a small integer is an object of its own. */
const NUMBER = 16;

const NONE: ReadonlySet<unknown> = new Set();

/** The objects that belong to a Program, so that a backend can exclude them from the footprint of its own objects. */
export function collectObjects(program: Program): ReadonlySet<unknown> {
  const objects = new Set<unknown>([program, ...program.constants.values()]);
  const add = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      objects.add(statement);
      if (statement.kernel === 'loop') add(statement.body);
    }
  };
  add(program.statements);
  return objects;
}

/**
 * Estimates the bytes of all arrays, typed arrays, Maps and plain objects that are reachable from the value through
 * such objects only. An object that is reached twice counts twice. Strings count as pointers, because they are usually
 * shared.
 * @param apart objects that are counted elsewhere, and not here
 */
export function estimateFootprint(value: unknown, apart: ReadonlySet<unknown> = NONE): number {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER;
  if (typeof value !== 'object' || value === null || apart.has(value)) return 0;
  if (ArrayBuffer.isView(value)) return TYPED_ARRAY + value.byteLength;
  if (Array.isArray(value)) return ARRAY + estimateItems(value, apart);
  if (value instanceof Map) {
    let bytes = MAP;
    for (const [key, item] of value)
      bytes += 5 * POINTER + estimateFootprint(key, apart) + estimateFootprint(item, apart);
    return bytes;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return 0;
  let bytes = OBJECT;
  for (const item of Object.values(value)) bytes += POINTER + estimateFootprint(item, apart);
  return bytes;
}

function estimateItems(items: readonly unknown[], apart: ReadonlySet<unknown>): number {
  let bytes = items.length * POINTER;
  // An array of numbers holds them in place. There may be very many, so they are not visited.
  if (typeof items[0] === 'number') return bytes;
  for (const item of items) bytes += estimateFootprint(item, apart);
  return bytes;
}
