/** What stands between the cells of a table, as its first lines tell. */
import { isNumberLike } from './numbers.ts';

/** A space stands for any number of spaces and tabs. */
export type Separator = ',' | ';' | '\t' | '|' | ' ';

export const SEPARATORS: readonly Separator[] = [',', ';', '\t', '|', ' '];

export const SEPARATOR_NAMES: Readonly<Record<Separator, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
  ' ': 'spaces',
};

/** Between cells, each of them. */
const SINGLE = SEPARATORS.slice(0, 4);

/** Lines and characters that are looked at. */
const LINES = 100;
const CHARACTERS = 2 ** 18;

/**
 * The separator that the lines have equally many of, the first one the most of where several are such; spaces where none is. Commas
 * within numbers are decimals where a semicolon, or spaces, would then separate numbers.
 */
export function detectSeparator(text: string): Separator {
  const lines = readFirstLines(text);
  const [first] = lines;
  if (first === undefined) return ',';
  const counts = (separator: Separator): number[] => lines.map((line) => cutIntoCells(line, separator).length);
  const isEven = (separator: Separator): boolean => counts(separator).every((count, _, [most]) => count === most);
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

/** Whether one of the columns that spaces make holds numbers alone, below what may be a header. */
function hasNumbers(lines: readonly string[]): boolean {
  const rows = withoutHeader(lines).map((line) => cutIntoCells(line, ' '));
  return rows[0].some((_, column) => rows.every((row) => isNumber(row[column])));
}

/** All lines but the first, which may be a header, unless it is the only one. */
function withoutHeader(lines: readonly string[]): readonly string[] {
  return lines.length > 1 ? lines.slice(1) : lines;
}

/** Whether cells that this separator makes are themselves numbers with spaces between, as in a file of aligned columns. */
function spacesFit(lines: readonly string[], separator: Separator): boolean {
  const cells = withoutHeader(lines).flatMap((line) => cutIntoCells(line, separator));
  const several = cells.filter((cell) => !isQuoted(cell) && /\S\s+\S/.test(cell));
  if (several.length === 0 || several.every(isNumberLike)) return false;
  if (separator === '\t') return several.every((cell) => cutIntoCells(cell, ' ').every(isNumber));
  // Decimal commas: every comma stands within a number.
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

/** Lines that are not empty; a line end within quotes is none. The last one that is looked at may be cut, and is left out. */
function readFirstLines(text: string): string[] {
  const lines: string[] = [];
  let quoted = false;
  let start = 0;
  const most = Math.min(text.length, CHARACTERS);
  let at = 0;
  for (; at < most && lines.length < LINES; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) {
      if (at > start && text.slice(start, at).trim() !== '') lines.push(text.slice(start, at));
      start = at + 1;
    }
  }
  const rest = text.slice(start, most);
  if ((at === text.length || lines.length === 0) && rest.trim() !== '' && lines.length < LINES) lines.push(rest);
  return lines;
}

/** Of a line, without regard to what is wrong with its quotes. */
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
