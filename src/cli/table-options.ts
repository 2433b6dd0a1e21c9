/** What commands that read tables have in common. */
import { DataError, parseCSV } from '../data/index.ts';
import { InputError, shown } from './io.ts';
import { type Arguments, choiceOption } from './options.ts';

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
