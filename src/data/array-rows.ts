/** Which arrays of a .npz file are features and classes, and how they become rows for a model. */
import { TEXT } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { describeArray, type FileArray, numbersOf } from './file-array.ts';
import { layoutOf, toPlanes, withoutSingleChannel } from './image-shape.ts';
import { checkLimit, DataError, type LimitOptions, limitsOf } from './limits.ts';
import type { NamedArrays } from './npz.ts';

/** What the arrays of features and of classes are called, where nobody says so. The first name that is there is taken. */
export const ARRAY_NAMES = {
  features: ['x', 'X', 'features', 'data'],
  target: ['y', 'Y', 'labels', 'target'],
} as const;

/** The names of the arrays in a .npz file. */
export interface ArrayNames {
  /** The array of features, one row after the other along its first axis. Default: x, X, features or data. */
  features?: string;
  /** The array of classes, one for each row. Default: y, Y, labels or target. */
  target?: string;
}

export const NAME_OPTIONS: Checks<ArrayNames> = { features: TEXT, target: TEXT };

/** Features and, where they are known, classes. */
export interface ArrayPart {
  readonly features: readonly [name: string, array: FileArray];
  readonly target?: readonly [name: string, array: FileArray];
}

/**
 * Finds features and classes: under their name, or under their name with this ending, such as `x_train`.
 * @returns undefined where there are no features
 */
export function findPart(
  arrays: NamedArrays,
  given: ArrayNames,
  ending: '' | '_train' | '_test',
): ArrayPart | undefined {
  const find = (role: keyof ArrayNames): readonly [string, FileArray] | undefined => {
    const names: readonly string[] = given[role] === undefined ? ARRAY_NAMES[role] : [given[role]];
    for (const name of names) {
      const array = arrays.get(name + ending);
      if (array) return [name + ending, array];
    }
    return undefined;
  };
  const features = find('features');
  const target = find('target');
  return features && { features, ...(target && { target }) };
}

/**
 * Finds the part to learn from, and the test part where the file has one.
 * @throws DataError where there are no features
 */
export function findParts(
  arrays: NamedArrays,
  given: ArrayNames,
): { readonly train: ArrayPart; readonly test: ArrayPart | undefined } {
  const whole = findPart(arrays, given, '');
  if (whole) return { train: whole, test: undefined };
  const train = findPart(arrays, given, '_train');
  if (train) return { train, test: findPart(arrays, given, '_test') };
  const name = given.features ?? 'x';
  throw new DataError(`no array ${name} or ${name}_train of features; ${listArrayNames(arrays)}`);
}

/** @param what the missing array must hold, such as 'the classes of the rows' */
export function createMissingTargetError([name]: ArrayPart['features'], given: ArrayNames, what: string): DataError {
  const ending = name.match(/_(train|test)$/)?.[0] ?? '';
  return new DataError(`target is missing: an array ${given.target ?? 'y'}${ending} must hold ${what} in ${name}`);
}

/** The names that are there, for errors. */
export function listArrayNames(arrays: NamedArrays): string {
  const names = [...arrays].map(([name, array]) => `${name} (${describeArray(array)})`);
  return names.length === 0 ? 'there are no arrays' : `there are ${names.join(', ')}`;
}

/** Rows of features as numbers. */
export interface ArrayRows {
  readonly inputs: Float64Array;
  readonly count: number;
  readonly features: number;
  /** The shape of one row, as a preparation states it. */
  readonly shape: readonly number[];
  /** The shape that samples have; absent for rows that are no images. */
  readonly imageShape?: readonly number[];
}

/**
 * @param planes whether the channels of images are brought into planes
 * @throws DataError where the array has no rows, no features or no numbers, exceeds a limit, or has a number that is not
 *   finite, whose place it names
 */
export function readRows([name, array]: ArrayPart['features'], options: LimitOptions, planes: boolean): ArrayRows {
  const place = `array ${JSON.stringify(name)}`;
  const [count = 0, ...shape] = array.shape;
  const features = shape.reduce((product, extent) => product * extent, 1);
  if (array.type === 'text' || count * features === 0) {
    throw new DataError(`${place} holds ${describeArray(array)}; features must be numbers, one row or more of them`);
  }
  checkLimit(limitsOf(options), 'rows', count, `${place} has ${count} rows`);
  checkLimit(limitsOf(options), 'columns', features, `${place} has ${features} numbers in a row`);
  const inputs = Float64Array.from(numbersOf(array));
  const wrong = inputs.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return { ...arrange(inputs, shape, planes), count, features };
  throw new DataError(
    `${place}: row ${Math.floor(wrong / features)}, number ${wrong % features} is ${inputs[wrong]}; features must be finite: fill missing values, or leave the row out`,
  );
}

function arrange(
  inputs: Float64Array,
  extents: readonly number[],
  planes: boolean,
): Pick<ArrayRows, 'inputs' | 'shape' | 'imageShape'> {
  const { shape, isInterleaved } = layoutOf(extents);
  if (shape.length !== 3 || (isInterleaved && !planes)) return { inputs, shape: withoutSingleChannel(extents) };
  return {
    inputs: toPlanes(inputs, { shape, isInterleaved }),
    shape: withoutSingleChannel(shape),
    imageShape: shape,
  };
}

/** Whether features are images: bytes with at least two axes for a row. They are divided by 255. */
export function areImages({ type, shape }: FileArray): boolean {
  return type === 'uint8' && shape.length > 2;
}

/** The name of the class of each row: texts as they are, integers and bools as numbers. */
export function readClassTexts([name, array]: ArrayPart['features'], count: number): string[] {
  const place = `array ${JSON.stringify(name)}`;
  const { shape, values } = array;
  // One column is as good as none.
  if (values.length !== count || shape[0] !== count) {
    throw new DataError(`${place} holds ${describeArray(array)}; it must hold one class for each of the ${count} rows`);
  }
  if (array.type === 'text') return [...array.values];
  const numbers = array.type.startsWith('float') ? Array.from(numbersOf(array)) : [];
  const fraction = numbers.findIndex((value) => !Number.isSafeInteger(value));
  if (fraction >= 0) {
    throw new DataError(
      `${place}: row ${fraction} is ${numbers[fraction]}; classes are texts or integers (measurements cannot be the target)`,
    );
  }
  return Array.from<number | bigint, string>(values as Iterable<number | bigint>, String);
}
