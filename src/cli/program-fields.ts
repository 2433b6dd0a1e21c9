/** Reads the fields that programs of all kinds have. */
import { InputError } from './io.ts';
import { checkKeys, checkNumber, checkObject } from './json.ts';
import { formatCount, readNumbers } from './matrix.ts';

/** Reads a field. @param name what errors call it */
export type ReadField<Value> = (name: string, value: unknown) => Value;

/** Whether a field holds something: null is as good as none. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Reads an object all of whose fields may be absent, such as a direction. */
export function readParts<Parts extends Readonly<Record<string, unknown>>>(
  place: string,
  value: unknown,
  fields: { readonly [Name in keyof Parts]-?: ReadField<Parts[Name]> },
): { readonly [Name in keyof Parts]?: Parts[Name] } {
  const object = checkObject(place, value);
  const names = Object.keys(fields);
  checkKeys(object, `a ${place}`, [], names);
  const given = names.filter((name) => isGiven(object[name]));
  return Object.fromEntries(
    given.map((name) => [name, fields[name](`${place}.${name}`, object[name])]),
  ) as Partial<Parts>;
}

/** Makes a reader of lists of one that does not ask for their length. @param each what there is a number for */
export function readLength(length: number, each: string) {
  return <Value>(read: ReadField<readonly Value[]>): ReadField<readonly Value[]> =>
    (name, value) => {
      const numbers = read(name, value);
      if (numbers.length === length) return numbers;
      throw new InputError(
        `${name}: it holds ${formatCount(numbers.length)}; it must hold ${length}, one for each ${each}`,
      );
    };
}

/** Like `readNumbers`, for a list that may be empty, as all lists for rows are where there are no rows. */
export function readList(name: string, value: unknown): readonly number[] {
  return readListOf(name, value);
}

function readListOf(
  name: string,
  value: unknown,
  must?: string,
  allows?: (value: number) => boolean,
): readonly number[] {
  return Array.isArray(value) && value.length === 0 ? [] : readNumbers(name, value, must, allows);
}

/** q at the kinks: one number for all rows, or one for each. */
export function readRowSelection(value: unknown, rows: number): number | readonly number[] {
  const isShare = (share: number): boolean => share >= 0 && share <= 1;
  if (!Array.isArray(value)) {
    return checkNumber('selection', value, 'a number from 0 to 1, or a list of these', isShare);
  }
  const read: ReadField<readonly number[]> = (name, each) => readListOf(name, each, 'a number from 0 to 1', isShare);
  return readLength(rows, 'row of A')(read)('selection', value);
}
