/** Formats of numbers and ranges in pictures. */
import { formatSigned, type Range } from './plot.ts';

/** Formats a number with this many significant digits, without trailing zeros. */
export function formatSignificant(value: number, digits = 4): string {
  return formatSigned(Number(value.toPrecision(digits)));
}

/** Formats a number of a column with this many significant digits, including trailing zeros. */
export function formatFigures(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (value !== 0 && size < 1e-4) return formatSigned(value.toExponential(digits - 1));
  const decimals = digits - 1 - (value === 0 ? 0 : Math.floor(Math.log10(size)));
  return formatSigned(value.toFixed(Math.max(decimals, 0)));
}

/** The text with a capital first letter. */
export function capitalise(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** The range of the values, with a margin on each side that is a share of its length. */
export function rangeOf(name: string, values: readonly number[], margin = 0.05): Range {
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  const aside = greatest > least ? margin * (greatest - least) : 0.5 * (Math.abs(least) || 1);
  return { name, from: least - aside, to: greatest + aside };
}

/** A vertical line from the bottom to the top of a plot. */
export function verticalLine(x: number, { from, to }: Range): readonly (readonly [number, number])[] {
  return [
    [x, from],
    [x, to],
  ];
}
