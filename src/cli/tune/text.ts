/** Numbers, lines and tables as `equilibra tune` prints them. */
import { toOneLine } from '../io.ts';

/** Formats a number with this many significant digits, without trailing zeros. */
export function formatNumber(value: number, digits = 5): string {
  return String(Number(value.toPrecision(digits)));
}

/** Lines with a name and a value. */
export function padLines(lines: readonly (readonly [name: string, value: string])[]): string {
  return lines.map(([name, value]) => `${name.padEnd(9)}${toOneLine(value)}\n`).join('');
}

/** Aligns the cells: the first column to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(toOneLine));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const aligned = (cell: string, at: number): string =>
    at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at] + 2);
  return cells.map((row) => row.map(aligned).join('')).join('\n');
}
