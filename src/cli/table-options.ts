/** What commands that read tables have in common. */
import { DataError, parseCSV, type Separator, type TableOptions } from '../data/index.ts';
import { InputError, type IO, shown, toOneLine } from './io.ts';
import { type Arguments, choiceOption } from './options.ts';

const SEPARATORS: Readonly<Record<string, Separator>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  bar: '|',
  space: ' ',
};
const DECIMALS = { point: '.', comma: ',' } as const;
const ORDERS = ['day-first', 'month-first'] as const;

/** How a CSV file is written. */
export const FORM_OPTIONS = {
  separator: {
    value: '<name>',
    description: `CSV: between the cells: ${Object.keys(SEPARATORS).join(', ')}`,
    fallback: 'detected',
  },
  decimal: { value: '<name>', description: 'CSV: before the decimals: point, comma', fallback: 'detected' },
  dates: { value: '<order>', description: 'CSV, 03/04/2020: day-first, month-first', fallback: 'detected' },
};

export function formOptions(given: Arguments): Pick<TableOptions, 'separator' | 'decimal' | 'dates'> {
  const separator = choiceOption(given, 'separator', Object.keys(SEPARATORS));
  const decimal = choiceOption(given, 'decimal', Object.keys(DECIMALS) as (keyof typeof DECIMALS)[]);
  const dates = choiceOption(given, 'dates', ORDERS);
  return {
    ...(separator && { separator: SEPARATORS[separator] }),
    ...(decimal && { decimal: DECIMALS[decimal] }),
    ...(dates && { dates }),
  };
}

/** To standard error: what was taken to be meant, or must be known before a result is trusted. */
export function remark(io: IO, kind: 'warning' | 'assumed', sentences: readonly string[] = []): void {
  for (const sentence of sentences) io.error(`${kind}: ${toOneLine(sentence)}\n`);
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function listed(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 7).join(', ')} and ${names.length - 7} more`;
}

/** Column names with commas between; a name that has a comma itself is quoted, as in the file. */
export function columnsOption({ options }: Arguments, name: string): readonly string[] | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  try {
    const { records } = parseCSV(text, { separator: ',' });
    if (records.length === 1) return records[0];
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  throw new InputError(`--${name}: it is ${shown(text)}; it must be names of columns with commas between`);
}

export function yesOrNo(given: Arguments, name: string): boolean | undefined {
  const answer = choiceOption(given, name, ['yes', 'no']);
  return answer === undefined ? undefined : answer === 'yes';
}
