import { refusal, TEXT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, type Limits, limitsOf } from './limits.ts';

export type Separator = ',' | ';' | '\t';

const SEPARATORS: readonly Separator[] = [',', ';', '\t'];

/** The cells of a CSV file as they stand there. */
export interface CSVRecords {
  readonly separator: Separator;
  /** All have the same number of cells. */
  readonly records: readonly (readonly string[])[];
  /** The line, counted from 1, where each record begins. */
  readonly lines: readonly number[];
}

export interface CSVOptions extends LimitOptions {
  /** Comma, semicolon or tab. Default: the one of these that the first line has most of, outside quotes. */
  separator?: Separator;
}

export const CSV_OPTIONS: Checks<CSVOptions> = { ...LIMIT_OPTIONS, separator: 0 };

/**
 * Cuts text into cells by RFC 4180: quoted cells may hold separators, line ends and doubled quotes. Lines may end in LF,
 * CRLF or CR, a byte order mark is skipped, spaces around a cell are no part of it (those within quotes are), and empty
 * lines at the end are ignored.
 *
 * @throws DataError with the line number where a quote is not closed or stands inside a cell, where a line has more or
 *   fewer cells than the first, or where a limit is exceeded
 */
export function parseCSV(text: string, options?: CSVOptions): CSVRecords {
  TEXT('parseCSV: text', text);
  return recordsOf(text, readOptions('parseCSV', options, CSV_OPTIONS));
}

/** The same, with options that are read already and may hold others. */
export function recordsOf(text: string, options: CSVOptions): CSVRecords {
  const limits = limitsOf(options);
  const separator = options.separator ?? separatorOf(text);
  if (!SEPARATORS.includes(separator)) {
    throw refusal('separator', separator, 'a comma, a semicolon or a tab');
  }
  const { records, lines } = read(text, separator, limits);
  while (records.length > 0 && isEmpty(records[records.length - 1])) {
    records.pop();
    lines.pop();
  }
  const [first] = records;
  if (!first) throw new DataError('the table is empty');
  checkLimit(limits, 'columns', first.length, `line 1 has ${first.length} columns`);
  const ragged = records.findIndex((record) => record.length !== first.length);
  if (ragged >= 0) {
    const found = isEmpty(records[ragged]) ? 'is empty' : `has ${cells(records[ragged].length)}`;
    const cut = ragged === records.length - 1 ? ' (it is the last one: the file may be cut short)' : '';
    throw new DataError(`line ${lines[ragged]} ${found}; it must have ${first.length}, as line ${lines[0]} has${cut}`);
  }
  return { separator, records, lines };
}

function cells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`;
}

function isEmpty(record: readonly string[]): boolean {
  return record.length === 1 && record[0] === '';
}

function separatorOf(text: string): Separator {
  const counts = new Map<string, number>(SEPARATORS.map((separator) => [separator, 0]));
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted && counts.has(character)) counts.set(character, (counts.get(character) as number) + 1);
  }
  const count = (separator: Separator): number => counts.get(separator) as number;
  return SEPARATORS.reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

function read(text: string, separator: Separator, limits: Limits): { records: string[][]; lines: number[] } {
  const records: string[][] = [];
  const lines: number[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;

  const skipBlanks = (): void => {
    while (text[at] === ' ' || (text[at] === '\t' && separator !== '\t')) at++;
  };

  const ends = (): boolean => at >= text.length || text[at] === separator || text[at] === '\n' || text[at] === '\r';

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
    skipBlanks();
    if (!ends()) {
      throw new DataError(
        `line ${line}: ${JSON.stringify(text[at])} follows a closing quote; a separator or the end of the line must (a quote inside a cell is doubled)`,
      );
    }
    return cell.replaceAll('""', '"');
  };

  while (at < text.length) {
    lines.push(line);
    const record: string[] = [];
    for (;;) {
      skipBlanks();
      record.push(text[at] === '"' ? quotedCell() : plainCell());
      if (text[at] !== separator) break;
      at++;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    line++;
    records.push(record);
    // One more than the rows may be: the first line can be a header.
    checkLimit(limits, 'rows', records.length - 1, `the table has more than ${limits.rows} rows`);
  }
  return { records, lines };
}
