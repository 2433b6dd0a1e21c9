/** Checks of arguments from plain JavaScript. Each error names the argument, its value and what is allowed. */
import { describeValue, isClass, tagOf } from './describe-value.ts';

/** @param place the argument, such as 'dense: inputs' */
export type Check = (place: string, value: unknown) => void;

/** @param must what the argument must be, in words that follow "it must be" */
export function createArgumentError(place: string, value: unknown, must: string): RangeError {
  return new RangeError(`${place} is ${describeValue(value)}; it must be ${must}`);
}

export function createArgumentCheck(must: string, isAllowed: (value: unknown) => boolean): Check {
  return (place, value) => {
    if (!isSatisfied(isAllowed, value)) throw createArgumentError(place, value, must);
  };
}

/** Whether a value is allowed; false if it cannot be examined, such as a revoked proxy. */
export function isSatisfied(isAllowed: (value: unknown) => boolean, value: unknown): boolean {
  try {
    return isAllowed(value);
  } catch {
    return false;
  }
}

/** A finite number, so that a text that looks like a number is refused. */
export function createNumberCheck(must: string, isAllowed: (value: number) => boolean): Check {
  return createArgumentCheck(must, (value) => Number.isFinite(value) && isAllowed(value as number));
}

export const BOOLEAN = /* @__PURE__ */ createArgumentCheck('true or false', (value) => typeof value === 'boolean');
export const TEXT = /* @__PURE__ */ createArgumentCheck('a text', (value) => typeof value === 'string');
export const TEXTS = /* @__PURE__ */ createArgumentCheck('a list of texts', (value) =>
  isListOf(value, (each) => typeof each === 'string'),
);
export const FUNCTION = /* @__PURE__ */ createArgumentCheck('a function', isFunction);
export const COUNT = /* @__PURE__ */ createNumberCheck('a positive integer', (x) => Number.isInteger(x) && x > 0);
export const INDEX = /* @__PURE__ */ createNumberCheck('an integer from 0', (x) => Number.isSafeInteger(x) && x >= 0);
export const FINITE = /* @__PURE__ */ createNumberCheck('a finite number', () => true);
export const POSITIVE = /* @__PURE__ */ createNumberCheck('a finite number > 0', (x) => x > 0);
export const NOT_NEGATIVE = /* @__PURE__ */ createNumberCheck('a finite number ≥ 0', (x) => x >= 0);
export const AT_LEAST_0 = /* @__PURE__ */ createNumberCheck('a finite number of at least 0', (x) => x >= 0);
export const FRACTION = /* @__PURE__ */ createNumberCheck('a number from 0 to 1', (x) => x >= 0 && x <= 1);
export const OBJECT = /* @__PURE__ */ createArgumentCheck('an object', isObject);
export const LIST = /* @__PURE__ */ createArgumentCheck('a list', isList);
export const BYTES = /* @__PURE__ */ createArgumentCheck('a Uint8Array', (value) => value instanceof Uint8Array);
/** Also one of another realm, or of a package. */
export const SIGNAL = /* @__PURE__ */ createArgumentCheck(
  'an AbortSignal',
  (value) => hasMethod(value, 'throwIfAborted') && hasMethod(value, 'addEventListener'),
);

/** Numbers one after the other: an array, a typed array, or another object with a length. */
export const NUMBERS = /* @__PURE__ */ createArgumentCheck('a list of numbers', isListLike);

/** As Array.isArray, but false for a revoked proxy, for which that throws. */
export function isList(value: unknown): value is readonly unknown[] {
  return isSatisfied(Array.isArray, value);
}

/** @param isAllowed what each entry must satisfy; holes of the array are passed to it as undefined */
export function isListOf<Each = never>(value: unknown, isAllowed: (each: Each) => boolean): value is Each[] {
  return isList(value) && isSatisfied(() => Array.from(value as readonly Each[]).every(isAllowed), value);
}

/** A function, but no class, which can only be instantiated. */
export function isFunction(value: unknown): value is (...given: never[]) => unknown {
  return typeof value === 'function' && !isClass(value);
}

/** A plain object or an instance of a class, but no array and no promise. */
export function isObject(value: unknown): value is object {
  return isSatisfied((given) => tagOf(given) === 'Object', value);
}

export function isListLike(value: unknown): value is ArrayLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return isSatisfied(() => (value as ArrayLike<unknown>).length >>> 0 === (value as ArrayLike<unknown>).length, value);
}

/** The field of a value; undefined if there is none, or if it cannot be read. */
export function readField(value: unknown, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}

/** Whether a value has a method of this name. */
export function hasMethod(value: unknown, method: string): boolean {
  return typeof readField(value, method) === 'function';
}

/** @throws RangeError that names the first value that is not a finite number */
export function checkFinite(place: string, values: ArrayLike<unknown>): void {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) FINITE(`${place}[${index}]`, values[index]);
  }
}

const SINGLE = /* @__PURE__ */ createNumberCheck('a finite number of at most 3.4028235e38, as float32 holds it', (x) =>
  Number.isFinite(Math.fround(x)),
);

/** The same for numbers that become float32 on every backend, where 1e39 is an infinity. */
export function checkSingles(place: string, values: ArrayLike<unknown>): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) SINGLE(`${place}[${index}]`, value);
  }
}

/**
 * The error for what a function of the caller returned.
 * @param place such as 'root: the function'
 */
export function createResultError(place: string, result: unknown, must: string): RangeError {
  // Nobody awaits this promise any more.
  if (result instanceof Promise) result.catch(() => {});
  return new RangeError(`${place} returned ${describeValue(result)}; it must return ${must}`);
}
