/** Detects the separator between the cells of a table from its first lines. */
import { isNumberLike } from './numbers.ts';

/** A separator between cells. A space stands for any number of spaces and tabs. */
export type Separator = ',' | ';' | '\t' | '|' | ' ';

export const SEPARATORS: readonly Separator[] = [',', ';', '\t', '|', ' '];

export const SEPARATOR_NAMES: Readonly<Record<Separator, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
  ' ': 'spaces',
};

/** Separators of which each occurrence ends a cell, unlike spaces. */
const SINGLE = SEPARATORS.slice(0, 4);

/** How many lines and characters are examined. */
const MAXIMUM_LINES = 100;
const MAXIMUM_CHARACTERS = 2 ** 18;

/**
 * Returns the separator that occurs equally often in all lines; among several of these, the one most frequent in the
 * first line. Commas inside numbers count as decimal commas if semicolons or spaces then separate numbers. Spaces
 * separate where no other separator does.
 */
export function detectSeparator(text: string): Separator {
  const lines = readFirstLines(text);
  const [first] = lines;
  if (first === undefined) return ',';
  const counts = (separator: Separator): number[] => lines.map((line) => cutIntoCells(line, separator).length);
  const isEven = (separator: Separator): boolean =>
    counts(separator).every((count, _, [expected]) => count === expected);
  const present = SINGLE.filter((separator) => cutIntoCells(first, separator).length > 1);
  const even = present.filter(isEven);
  const isSpaced = cutIntoCells(first, ' ').length > 1 && isEven(' ') && hasNumbers(lines);
  if (isSpaced && even.every((separator) => spacesFit(lines, separator))) return ' ';
  if (even.includes(',') && even.includes(';') && onlyNumbersHaveCommas(lines)) return ';';
  const [best] = (even.length > 0 ? even : present).sort(
    (a, b) => cutIntoCells(first, b).length - cutIntoCells(first, a).length || SINGLE.indexOf(a) - SINGLE.indexOf(b),
  );
  return best ?? ',';
}

/** Whether, with spaces as separators, some column contains only numbers below the possible header. */
function hasNumbers(lines: readonly string[]): boolean {
  const rows = withoutHeader(lines).map((line) => cutIntoCells(line, ' '));
  return rows[0].some((_, column) => rows.every((row) => isNumber(row[column])));
}

/** All lines except the first, which may be a header; the first line itself if it is the only one. */
function withoutHeader(lines: readonly string[]): readonly string[] {
  return lines.length > 1 ? lines.slice(1) : lines;
}

/**
 * Whether cells between these separators are lists of numbers separated by spaces, as in a file with aligned columns.
 */
function spacesFit(lines: readonly string[], separator: Separator): boolean {
  const cells = withoutHeader(lines).flatMap((line) => cutIntoCells(line, separator));
  const several = cells.filter((cell) => !isQuoted(cell) && /\S\s+\S/.test(cell));
  if (several.length === 0 || several.every(isNumberLike)) return false;
  if (separator === '\t') return several.every((cell) => cutIntoCells(cell, ' ').every(isNumber));
  // With decimal commas, every comma stands inside a number.
  const tokens = lines.flatMap((line) => cutIntoCells(line, ' '));
  return separator === ',' && tokens.every((token) => !token.includes(',') || isNumber(token));
}

function isNumber(token: string): boolean {
  return isNumberLike(token) && !/[,;]$/.test(token);
}

function onlyNumbersHaveCommas(lines: readonly string[]): boolean {
  const cells = withoutHeader(lines).flatMap((line) => cutIntoCells(line, ';'));
  const having = cells.filter((cell) => !isQuoted(cell) && cell.includes(','));
  return having.length > 0 && having.every(isNumber);
}

function isQuoted(cell: string): boolean {
  return cell.startsWith('"');
}

/**
 * Reads the first lines that are not empty. Line ends inside quotes do not count. A last line that may be incomplete is
 * omitted.
 */
function readFirstLines(text: string): string[] {
  const lines: string[] = [];
  let quoted = false;
  let start = 0;
  const limit = Math.min(text.length, MAXIMUM_CHARACTERS);
  let at = 0;
  for (; at < limit && lines.length < MAXIMUM_LINES; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) {
      if (at > start && text.slice(start, at).trim() !== '') lines.push(text.slice(start, at));
      start = at + 1;
    }
  }
  const rest = text.slice(start, limit);
  if ((at === text.length || lines.length === 0) && rest.trim() !== '' && lines.length < MAXIMUM_LINES)
    lines.push(rest);
  return lines;
}

/** Cuts a line into cells. Errors in its quotes are ignored here. */
function cutIntoCells(line: string, separator: Separator): string[] {
  const cells: string[] = [];
  const isSpace = separator === ' ';
  const separates = (character: string): boolean =>
    isSpace ? character === ' ' || character === '\t' : character === separator;
  let quoted = false;
  let start = 0;
  for (let at = 0; at <= line.length; at++) {
    const character = line[at];
    if (character === '"') quoted = !quoted;
    if (at < line.length && (quoted || !separates(character))) continue;
    const cell = line.slice(start, at).trim();
    if (!isSpace || cell !== '') cells.push(cell);
    start = at + 1;
  }
  return cells;
}
