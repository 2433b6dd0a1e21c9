/** Reads a quadratic or linear program and checks all its fields. */
import { InputError } from './io.ts';
import { checkKeys, checkNumber, checkObject, describeKind, type JSONObject } from './json.ts';
import { formatCount, readNumbers } from './matrix.ts';
import { type GivenMatrix, readGivenMatrix } from './program-matrix.ts';

/** Minimise ½xᵀPx + qᵀx + constant over l ≤ Ax ≤ u. */
export interface ProgramInput {
  /** n × n; absent in a linear program. */
  readonly P: GivenMatrix | undefined;
  /** n */
  readonly q: readonly number[];
  /** m × n; absent where there are no constraints. */
  readonly A: GivenMatrix | undefined;
  /** m; null where a row has no bound. */
  readonly l: readonly (number | null)[] | undefined;
  readonly u: readonly (number | null)[] | undefined;
  readonly constant: number;
  readonly direction: ProgramInputDirection | undefined;
  readonly cotangent: ProgramInputCotangent | undefined;
  readonly selection: number | readonly number[] | undefined;
}

/** A direction of the data. What is absent does not change. */
export interface ProgramInputDirection {
  readonly dP?: GivenMatrix;
  readonly dq?: readonly number[];
  readonly dA?: GivenMatrix;
  readonly dl?: readonly number[];
  readonly du?: readonly number[];
}

/** A cotangent of x, y and z. What is absent is 0. */
export interface ProgramInputCotangent {
  readonly gx?: readonly number[];
  readonly gy?: readonly number[];
  readonly gz?: readonly number[];
}

const OPTIONAL = ['P', 'A', 'l', 'u', 'constant', 'direction', 'cotangent', 'selection'];

export function readProgramProblem(object: JSONObject): ProgramInput {
  checkKeys(object, 'a qp problem', ['kind', 'q'], OPTIONAL);
  const q = readNumbers('q', object.q);
  const n = q.length;
  const given = (key: string): boolean => object[key] !== undefined && object[key] !== null;
  const P = given('P') ? readGivenMatrix('P', object.P, n, n) : undefined;
  const A = given('A') ? readGivenMatrix('A', object.A, undefined, n) : undefined;
  const m = A?.rows ?? 0;
  return {
    P,
    q,
    A,
    l: given('l') ? readLength('l', object.l, m, 'row of A', readBounds) : undefined,
    u: given('u') ? readLength('u', object.u, m, 'row of A', readBounds) : undefined,
    constant: given('constant') ? checkNumber('constant', object.constant, 'a finite number', Number.isFinite) : 0,
    direction: given('direction') ? readDirection(object.direction, n, m) : undefined,
    cotangent: given('cotangent') ? readCotangent(object.cotangent, n, m) : undefined,
    selection: given('selection') ? readSelection(object.selection, m) : undefined,
  };
}

function readDirection(value: unknown, n: number, m: number): ProgramInputDirection {
  const object = checkObject('direction', value);
  checkKeys(object, 'a direction', [], ['dP', 'dq', 'dA', 'dl', 'du']);
  const part = <Part>(key: string, read: (name: string, value: unknown) => Part): Record<string, Part> =>
    object[key] === undefined || object[key] === null ? {} : { [key]: read(`direction.${key}`, object[key]) };
  return {
    ...part('dP', (name, each) => readGivenMatrix(name, each, n, n)),
    ...part('dq', (name, each) => readLength(name, each, n, 'number of q', readList)),
    ...part('dA', (name, each) => readGivenMatrix(name, each, m, n)),
    ...part('dl', (name, each) => readLength(name, each, m, 'row of A', readMoves)),
    ...part('du', (name, each) => readLength(name, each, m, 'row of A', readMoves)),
  };
}

function readCotangent(value: unknown, n: number, m: number): ProgramInputCotangent {
  const object = checkObject('cotangent', value);
  checkKeys(object, 'a cotangent', [], ['gx', 'gy', 'gz']);
  const part = (key: string, length: number, each: string): Record<string, readonly number[]> =>
    object[key] === undefined || object[key] === null
      ? {}
      : { [key]: readLength(`cotangent.${key}`, object[key], length, each, readList) };
  return { ...part('gx', n, 'number of q'), ...part('gy', m, 'row of A'), ...part('gz', m, 'row of A') };
}

function readSelection(value: unknown, m: number): number | readonly number[] {
  const isShare = (share: number): boolean => share >= 0 && share <= 1;
  if (!Array.isArray(value)) {
    return checkNumber('selection', value, 'a number from 0 to 1, or a list of these', isShare);
  }
  return readLength('selection', value, m, 'row of A', (name, each) =>
    readList(name, each, 'a number from 0 to 1', isShare),
  );
}

type ReadList<Each> = (name: string, value: unknown) => readonly Each[];

function readLength<Each>(
  name: string,
  value: unknown,
  length: number,
  each: string,
  read: ReadList<Each>,
): readonly Each[] {
  const numbers = read(name, value);
  if (numbers.length === length) return numbers;
  throw new InputError(
    `${name}: it holds ${formatCount(numbers.length)}; it must hold ${length}, one for each ${each}`,
  );
}

/** Like `readNumbers`, for a list that may be empty, as all lists for rows are where there are no rows. */
function readList(name: string, value: unknown, must?: string, allows?: (value: number) => boolean): readonly number[] {
  return Array.isArray(value) && value.length === 0 ? [] : readNumbers(name, value, must, allows);
}

/** null is no bound. Numbers that are not finite cannot stand in JSON. */
function readBounds(name: string, value: unknown): readonly (number | null)[] {
  return readWithNulls(name, value, 'a finite number, or null for no bound', null);
}

/** null, where there is no bound, is no change. */
function readMoves(name: string, value: unknown): readonly number[] {
  return readWithNulls(name, value, 'a finite number, or null for no change', 0);
}

function readWithNulls<Instead>(name: string, value: unknown, must: string, instead: Instead): (number | Instead)[] {
  if (!Array.isArray(value))
    throw new InputError(`${name}: it is ${describeKind(value)}; it must be a list of numbers`);
  return value.map((each: unknown, row) =>
    each === null ? instead : checkNumber(`${name}[${row}]`, each, must, Number.isFinite),
  );
}
