import { createArgumentCheck, TEXT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, type Limits, limitsOf } from './limits.ts';
import { detectSeparator, SEPARATOR_NAMES, SEPARATORS, type Separator } from './separator.ts';

/** The cells of a CSV file as texts. */
export interface CSVRecords {
  /** The separator between cells, given or detected. */
  readonly separator: Separator;
  /** The records, all with the same number of cells. */
  readonly records: readonly (readonly string[])[];
  /** The line on which each record begins, counted from 1. */
  readonly lines: readonly number[];
}

/** Options of `parseCSV`. */
export interface CSVOptions extends LimitOptions {
  /**
   * The separator between cells: a comma, a semicolon, a tab, a bar, or a space, which stands for any number of spaces
   * and tabs. By default a first line such as `sep=;`, as Excel writes it, decides. Otherwise it is the separator that
   * occurs outside quotes equally often in all of the first lines; among several of these, the one most frequent in the
   * first line. Commas inside numbers count as decimal commas where semicolons or spaces separate the numbers. Spaces
   * separate where no other separator does.
   */
  separator?: Separator;
}

const A_SEPARATOR = 'a comma, a semicolon, a tab, a bar or a space';

export const CSV_OPTIONS: Checks<CSVOptions> = {
  ...LIMIT_OPTIONS,
  separator: createArgumentCheck(A_SEPARATOR, isSeparator),
};

/**
 * Cuts text into cells by RFC 4180. Quoted cells may contain separators, line ends and doubled quotes. Lines may end in
 * LF, CRLF or CR. A byte order mark, spaces around a cell outside its quotes, and empty lines at the end are ignored.
 *
 * @throws DataError that names the line where a quote is not closed or stands inside an unquoted cell, where a line has
 *   more or fewer cells than the first, or where a limit is exceeded
 */
export function parseCSV(text: string, options?: CSVOptions): CSVRecords {
  TEXT('parseCSV: text', text);
  return readRecords(text, readOptions('parseCSV', options, CSV_OPTIONS));
}

/** `parseCSV` for options that have been checked and may contain further ones. */
export function readRecords(text: string, options: CSVOptions): CSVRecords {
  const limits = limitsOf(options);
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const declaration = /^"?sep=([^\r\n"])"?(\r\n|\r|\n|$)/i.exec(text.slice(mark, mark + 12));
  const start = mark + (declaration?.[0].length ?? 0);
  const isDetected = !options.separator && !declaration;
  const separator = options.separator ?? declaration?.[1] ?? detectSeparator(start > 0 ? text.slice(start) : text);
  if (!isSeparator(separator)) {
    throw new DataError(`line 1: the separator is ${JSON.stringify(separator)}; it must be ${A_SEPARATOR}`);
  }
  const { records, lines } = cutIntoRecords(text, separator, limits, { at: start, line: declaration ? 2 : 1 });
  while (records.length > 0 && isEmpty(records[records.length - 1])) {
    records.pop();
    lines.pop();
  }
  const [first] = records;
  if (!first) throw new DataError('the table is empty');
  const ragged = records.findIndex((record) => record.length !== first.length);
  if (ragged >= 0) {
    const found = isEmpty(records[ragged]) ? 'is empty' : `has ${describeCells(records[ragged].length)}`;
    const cut = ragged === records.length - 1 ? ' (it is the last one: the file may be cut short)' : '';
    const taken = isDetected
      ? `; ${SEPARATOR_NAMES[separator]} are taken to separate cells, unless the option separator says otherwise`
      : '';
    throw new DataError(
      `line ${lines[ragged]} ${found}; it must have ${first.length}, as line ${lines[0]} has${cut}${taken}`,
    );
  }
  return { separator, records, lines };
}

function isSeparator(value: unknown): value is Separator {
  return SEPARATORS.some((separator) => separator === value);
}

function describeCells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`;
}

function isEmpty(record: readonly string[]): boolean {
  return record.length === 1 && record[0] === '';
}

/** @param begin the position in the text at which to begin, and its line */
function cutIntoRecords(
  text: string,
  separator: Separator,
  limits: Limits,
  begin: { readonly at: number; readonly line: number },
): { records: string[][]; lines: number[] } {
  const records: string[][] = [];
  const lines: number[] = [];
  let { at, line } = begin;
  let values = 0;

  const skipBlanks = (): void => {
    while (text[at] === ' ' || (text[at] === '\t' && separator !== '\t')) at++;
  };

  const isSpaced = separator === ' ';
  const separates = (): boolean => text[at] === separator || (isSpaced && text[at] === '\t');
  const endsLine = (): boolean => at >= text.length || text[at] === '\n' || text[at] === '\r';
  const ends = (): boolean => endsLine() || separates();

  const plainCell = (): string => {
    const start = at;
    while (!ends()) at++;
    const cell = text.slice(start, at).trimEnd();
    if (!cell.includes('"')) return cell;
    throw new DataError(
      `line ${line}: a quote stands inside the cell ${JSON.stringify(cell)}; put the whole cell into quotes and double those inside`,
    );
  };

  const quotedCell = (): string => {
    const opened = line;
    const start = ++at;
    let end = text.indexOf('"', at);
    while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
    if (end < 0) throw new DataError(`line ${opened}: the quote that opens here is never closed`);
    const cell = text.slice(start, end);
    line += cell.match(/\r\n|\r|\n/g)?.length ?? 0;
    at = end + 1;
    if (!isSpaced) skipBlanks();
    if (!ends()) {
      throw new DataError(
        `line ${line}: ${JSON.stringify(text[at])} follows a closing quote; only a separator or the end of the line may follow (double a quote inside a cell)`,
      );
    }
    return cell.replaceAll('""', '"');
  };

  /** Counts the separators in the rest of a line that has too many cells. */
  const separatorsFrom = (place: number): number => {
    let count = 0;
    for (let next = place; next < text.length && text[next] !== '\n' && text[next] !== '\r'; next++) {
      if (text[next] === separator) count++;
    }
    return count;
  };

  while (at < text.length) {
    lines.push(line);
    const record: string[] = [];
    for (;;) {
      skipBlanks();
      if (isSpaced && record.length > 0 && endsLine()) break;
      if (record.length >= limits.columns) {
        const count = record.length + 1 + separatorsFrom(at);
        checkLimit(limits, 'columns', count, `line ${lines[lines.length - 1]} has ${count} columns`);
      }
      record.push(text[at] === '"' ? quotedCell() : plainCell());
      if (!separates()) break;
      at++;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    line++;
    records.push(record);
    values += record.length;
    // One more record than the limit is allowed, since the first line may be a header.
    checkLimit(limits, 'rows', records.length - 1, `the table has more than ${limits.rows} rows`);
    checkLimit(limits, 'values', values - record.length, `the table has more than ${limits.values} cells`);
  }
  return { records, lines };
}
