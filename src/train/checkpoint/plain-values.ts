/**
 * Values as JSON has them, and back. JSON knows neither NaN, infinities and −0 nor arrays of float64; a measure such as
 * R² of a single sample is NaN, and the predictions of an evaluation are such an array. Both become objects of one key.
 */

const NUMBER = 'number of JavaScript';
const NUMBERS = 'float64';

/** @param value of numbers, texts, lists, objects and Float64Arrays */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value instanceof Float64Array) return { [NUMBERS]: Array.from(value, toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  return mapEntries(value, toPlain);
}

/** The value that `toPlain` was given. */
export function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  const { [NUMBER]: number, [NUMBERS]: numbers } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof number === 'string') return Number(number);
  if (Array.isArray(numbers)) return Float64Array.from(numbers.map(fromPlain) as number[]);
  return mapEntries(value, fromPlain);
}

function mapEntries(value: unknown, change: (each: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each)]));
}
