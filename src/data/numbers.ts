/**
 * Numbers as files contain them: with a decimal point or a decimal comma, with or without separators between thousands.
 */

/** The decimal mark. */
export type Decimal = '.' | ',';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads a number with an optional decimal point; undefined where the cell is something else. */
export function readNumber(cell: string): number | undefined {
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : undefined;
}

/**
 * Thousands may be separated by the other of comma and point, by an apostrophe or by a space, but only by one of these.
 */
const PATTERNS: Readonly<Record<Decimal, RegExp>> = { '.': createPattern('\\.', ','), ',': createPattern(',', '\\.') };

function createPattern(decimal: string, other: string): RegExp {
  const grouped = `[1-9]\\d{0,2}([${other}'’ \u00a0\u202f\u2009])\\d{3}(?:\\1\\d{3})*`;
  return new RegExp(`^[+-]?(?:(?:${grouped}|\\d+)(?:${decimal}\\d*)?|${decimal}\\d+)(?:e[+-]?\\d+)?$`, 'i');
}

/**
 * Rewrites a number with a decimal point and no separators, for `readNumber`; undefined where the cell is no such
 * number.
 */
export function withPoint(cell: string, decimal: Decimal): string | undefined {
  const text = cell.trim().replace(/^\u2212/, '-');
  if (!PATTERNS[decimal].test(text)) return undefined;
  const kept = decimal === '.' ? /[^\d.e+-]/gi : /[^\d,e+-]/gi;
  return text.replace(kept, '').replace(',', '.');
}

/** Whether a cell is a number in any notation. */
export function isNumberLike(cell: string): boolean {
  return NUMBER.test(cell) || withPoint(cell, '.') !== undefined || withPoint(cell, ',') !== undefined;
}

/** The decimal mark that a number shows; undefined where it shows none, or where both readings are the same number. */
export function decimalShownBy(cell: string): Decimal | 'either' | undefined {
  const [point, comma] = [withPoint(cell, '.'), withPoint(cell, ',')];
  if (point === comma) return undefined;
  if (point === undefined) return ',';
  if (comma === undefined) return '.';
  return Number(point) === Number(comma) ? undefined : 'either';
}
