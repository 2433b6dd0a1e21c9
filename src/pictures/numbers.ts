/** Numbers and ranges as pictures show them. */
import { type Range, signed } from './plot.ts';

/** To so many significant digits, without zeros at the end. */
export function significant(value: number, digits = 4): string {
  return signed(Number(value.toPrecision(digits)));
}

/** For columns of numbers: to so many significant digits, with zeros at the end. */
export function figures(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (value !== 0 && size < 1e-4) return signed(value.toExponential(digits - 1));
  const decimals = digits - 1 - (value === 0 ? 0 : Math.floor(Math.log10(size)));
  return signed(value.toFixed(Math.max(decimals, 0)));
}

/** As the first word of a heading. */
export function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** From the least to the greatest of the values, with a margin: a share of it all on each side. */
export function rangeOf(name: string, values: readonly number[], margin = 0.05): Range {
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  const aside = greatest > least ? margin * (greatest - least) : 0.5 * (Math.abs(least) || 1);
  return { name, from: least - aside, to: greatest + aside };
}

/** A line from the bottom to the top of a plot. */
export function upright(x: number, { from, to }: Range): readonly (readonly [number, number])[] {
  return [
    [x, from],
    [x, to],
  ];
}
