/** Longer texts are cut. */
const MAXIMUM_LENGTH = 60;
/** Longer lists and objects are only counted. */
const MAXIMUM_PARTS = 8;

/** Describes any value in a few words, for error messages. It calls nothing but getters. */
export function describeValue(value: unknown): string {
  try {
    const text = describeNested(value, false);
    return text.length > MAXIMUM_LENGTH ? `${text.slice(0, MAXIMUM_LENGTH)}…` : text;
  } catch {
    return 'an object that cannot be read'; // a getter that throws, or a proxy
  }
}

function describeNested(value: unknown, isInside: boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return isClass(value) ? 'a class' : 'a function';
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) {
    if (isInside || value.length > MAXIMUM_PARTS) return `a list of ${value.length}`;
    return `[${Array.from(value, (each) => describeNested(each, true)).join(', ')}]`;
  }
  const tag = tagOf(value);
  if (tag === 'Object') {
    const names = Object.keys(value);
    if (isInside || names.length > MAXIMUM_PARTS) return 'an object';
    const fields = value as Readonly<Record<string, unknown>>;
    return `{${names.map((name) => `${JSON.stringify(name)}:${describeNested(fields[name], true)}`).join(', ')}}`;
  }
  const { shape, length } = value as { readonly shape?: unknown; readonly length?: unknown };
  const size = Array.isArray(shape) ? ` [${shape.join(', ')}]` : typeof length === 'number' ? ` of ${length}` : '';
  return `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}${size}`;
}

/** A class can only be instantiated, not called. */
export function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** Object for plain objects and instances of most classes, else what the value calls itself: Array, Promise, Tensor. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
