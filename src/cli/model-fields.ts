/** Fields that several models on the rows of X have: numbers, weights, switches and selections. */
import { InputError } from './io.ts';
import { checkNumber, describeKind } from './json.ts';
import { checkList, formatCount, type Matrix, readNumbers } from './matrix.ts';

type Allowed = readonly [must: string, allows: (value: number) => boolean];

export const NOT_NEGATIVE: Allowed = ['a finite number of at least 0', (value) => value >= 0 && Number.isFinite(value)];
export const SHARE: Allowed = ['a number from 0 to 1', (value) => value >= 0 && value <= 1];

/** One number for one problem, or a list for a batch of problems. */
export type PerProblem = number | readonly number[];

/** The shape of what each problem has one of: without an axis for the problems where there is a single one. */
export function perProblemShape(problems: PerProblem, shape: readonly number[]): readonly number[] {
  return typeof problems === 'number' ? shape : [problems.length, ...shape];
}

export function readPerProblem(name: string, value: unknown): PerProblem {
  if (Array.isArray(value)) return readNumbers(name, value);
  return checkNumber(name, value, 'a finite number, or a list of these', Number.isFinite);
}

export function readPerFeature(name: string, value: unknown, { columns }: Matrix, ...allowed: Allowed): number[] {
  return readOneForEach(name, value, columns, 'column', ...allowed);
}

export function readPerRow(name: string, value: unknown, { rows }: Matrix, ...allowed: Partial<Allowed>): number[] {
  return readOneForEach(name, value, rows, 'row', ...allowed);
}

function readOneForEach(
  name: string,
  value: unknown,
  count: number,
  what: 'row' | 'column',
  ...allowed: Partial<Allowed>
): number[] {
  const numbers = readNumbers(name, value, ...allowed);
  if (numbers.length === count) return numbers;
  throw new InputError(
    `${name}: it holds ${formatCount(numbers.length)}; it must hold ${count}, one for each ${what} of X`,
  );
}

/** The key `row_weights`. */
export function readRowWeights(value: unknown, X: Matrix): number[] {
  const numbers = readPerRow('row_weights', value, X, ...NOT_NEGATIVE);
  if (numbers.some((weight) => weight > 0)) return numbers;
  throw new InputError('row_weights: all are 0; at least one must be above 0');
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InputError(`${name}: it is ${describeKind(value)}; it must be true or false`);
}

/** Reads numbers in lists that are nested to this shape. @returns them in the order of the innermost lists */
export function readShaped(name: string, value: unknown, shape: readonly number[]): number[] {
  const [extent, ...inner] = shape;
  if (extent === undefined) return [checkNumber(name, value, 'a finite number', Number.isFinite)];
  const wanted = `a list of ${shape.join(' × ')} numbers`;
  const list = checkList(name, value, wanted);
  if (list.length !== extent) {
    throw new InputError(`${name}: it is a list of ${list.length}; it must be ${wanted}`);
  }
  return list.flatMap((each, index) => readShaped(`${name}[${index}]`, each, inner));
}
