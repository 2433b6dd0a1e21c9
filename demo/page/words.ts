/** Numbers with what they count. */

/** @param many the plural, where it is not made by an s */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Formats a number of any size with four significant digits, and with a minus sign. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  const isPlain = value === 0 || (size >= 1e-4 && size < 1e9);
  const text = isPlain ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : value.toExponential(3);
  return text.replaceAll('-', '−');
}
