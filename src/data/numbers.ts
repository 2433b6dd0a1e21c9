/** Numbers as files hold them: with a decimal point or a decimal comma, in groups of three digits or not. */

/** What stands before the decimals. */
export type Decimal = '.' | ',';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a cell holds, with a decimal point if any; undefined where it holds something else. */
export function readNumber(cell: string): number | undefined {
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Thousands are set apart by the other of comma and point, by an apostrophe, or by a space: one and the same in a number. */
const PATTERNS: Readonly<Record<Decimal, RegExp>> = { '.': createPattern('\\.', ','), ',': createPattern(',', '\\.') };

function createPattern(decimal: string, other: string): RegExp {
  const grouped = `[1-9]\\d{0,2}([${other}'’ \u00a0\u202f\u2009])\\d{3}(?:\\1\\d{3})*`;
  return new RegExp(`^[+-]?(?:(?:${grouped}|\\d+)(?:${decimal}\\d*)?|${decimal}\\d+)(?:e[+-]?\\d+)?$`, 'i');
}

/** The same number with a decimal point and nothing else, as `numberOf` reads it; undefined where the cell holds none. */
export function withPoint(cell: string, decimal: Decimal): string | undefined {
  const text = cell.trim().replace(/^\u2212/, '-');
  if (!PATTERNS[decimal].test(text)) return undefined;
  const kept = decimal === '.' ? /[^\d.e+-]/gi : /[^\d,e+-]/gi;
  return text.replace(kept, '').replace(',', '.');
}

/** Whether a cell holds a number, written in whatever way. */
export function isNumberLike(cell: string): boolean {
  return NUMBER.test(cell) || withPoint(cell, '.') !== undefined || withPoint(cell, ',') !== undefined;
}

/** What a number says of the decimals: undefined where nothing, or where both ways of reading it give one number. */
export function decimalShownBy(cell: string): Decimal | 'either' | undefined {
  const [point, comma] = [withPoint(cell, '.'), withPoint(cell, ',')];
  if (point === comma) return undefined;
  if (point === undefined) return ',';
  if (comma === undefined) return '.';
  return Number(point) === Number(comma) ? undefined : 'either';
}
