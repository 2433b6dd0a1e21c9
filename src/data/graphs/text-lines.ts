/** Lines of numbers that are separated by commas. */
import { checkLimit, DataError, type Limits } from '../limits.ts';
import { readNumber } from '../numbers.ts';

/** A line of a file, from 1, and its cells, which are numbers. */
export interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Cuts a text into lines with equally many numbers. Empty lines at the end are ignored.
 * @throws DataError that names the line where a cell is no number, or where a limit is exceeded
 */
export function readLines(text: string, limits: Limits): Line[] {
  const texts = text
    .replace(/^\ufeff/, '')
    .replace(/\s+$/, '')
    .split(/\r\n|\r|\n/);
  if (texts.length === 1 && texts[0] === '') return [];
  checkLimit(limits, 'rows', texts.length, `the file has ${texts.length} lines`);
  const width = texts[0].split(',').length;
  checkLimit(limits, 'columns', width, `line 1 has ${width} numbers`);
  checkLimit(limits, 'values', texts.length * width, `the file has ${texts.length} lines of ${width} numbers`);
  return texts.map((each, index) => {
    const cells = each.split(',').map((cell) => cell.trim());
    const line = index + 1;
    if (cells.length !== width) {
      throw new DataError(`line ${line} has ${cells.length} numbers; line 1 has ${width}`);
    }
    const wrong = cells.find((cell) => readNumber(cell) === undefined);
    if (wrong !== undefined) throw new DataError(`line ${line}: ${JSON.stringify(wrong)} is no number`);
    const large = cells.find((cell) => !Number.isFinite(Math.fround(Number(cell))));
    if (large !== undefined) throw new DataError(`line ${line}: ${large} is too large for a number in float32`);
    return { line, cells };
  });
}
