/** Phrases that several commands print. */
import { type IO, toOneLine } from './io.ts';

/** Prints assumptions about the data, or warnings, on standard error. */
export function printRemarks(io: IO, kind: 'warning' | 'assumed', sentences: readonly string[] = []): void {
  for (const sentence of sentences) io.error(`${kind}: ${toOneLine(sentence)}\n`);
}

export function formatQuantity(count: number, singular: string, plural: string): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

export function formatDroppedRows(count: number): string {
  return formatQuantity(count, 'row with a missing value', 'rows with missing values');
}

/** Lists names with commas between them, and shortens a long list. */
export function formatNames(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 7).join(', ')} and ${names.length - 7} more`;
}
