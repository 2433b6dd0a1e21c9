/** How much memory objects of JavaScript take: an estimate, since no engine tells. */
import type { Program, Statement } from './backend.ts';

/**
 * Bytes of what V8 takes in Node, where a pointer has 8 bytes; in Chrome, where it has 4, they take up to half as much.
 */
const POINTER = 8;
const OBJECT = 24;
const ARRAY = 48;
const MAP = 128;
const TYPED_ARRAY = 200;
/** A number that is no small integer is kept apart. */
const NUMBER = 16;

const NONE: ReadonlySet<unknown> = new Set();

/** The objects of a Program, for what a backend makes of it and which refers to them. */
export function objectsOf(program: Program): ReadonlySet<unknown> {
  const objects = new Set<unknown>([program, ...program.constants.values()]);
  const add = (steps: readonly Statement[]): void => {
    for (const step of steps) {
      objects.add(step);
      if (step.kernel === 'loop') add(step.body);
    }
  };
  add(program.statements);
  return objects;
}

/**
 * Estimated bytes of the arrays, typed arrays, Maps and plain objects that can be reached from the value without
 * passing through anything else. An object that is reached twice counts twice; strings are taken to be shared, and
 * count as pointers.
 * @param apart objects that are counted elsewhere
 */
export function footprint(value: unknown, apart: ReadonlySet<unknown> = NONE): number {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER;
  if (typeof value !== 'object' || value === null || apart.has(value)) return 0;
  if (ArrayBuffer.isView(value)) return TYPED_ARRAY + value.byteLength;
  if (Array.isArray(value)) return ARRAY + itemsOf(value, apart);
  if (value instanceof Map) {
    let bytes = MAP;
    for (const [key, item] of value) bytes += 5 * POINTER + footprint(key, apart) + footprint(item, apart);
    return bytes;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return 0;
  let bytes = OBJECT;
  for (const item of Object.values(value)) bytes += POINTER + footprint(item, apart);
  return bytes;
}

function itemsOf(items: readonly unknown[], apart: ReadonlySet<unknown>): number {
  let bytes = items.length * POINTER;
  // An array of nothing but numbers holds them in place; there may be very many.
  if (typeof items[0] === 'number') return bytes;
  for (const item of items) bytes += footprint(item, apart);
  return bytes;
}
