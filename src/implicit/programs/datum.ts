/**
 * The data of programs as callers give them: as tensors, which may be differentiated, or as arrays, which stay float64 all
 * the way.
 */
import { createArgumentError, isList, isListLike, isObject } from '../../arguments/check.ts';
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows, sparseFromTriples } from '../../solvers/programs/sparse.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { GradientPlaces, Places } from './directions.ts';
import { symmetrise } from './symmetry.ts';

/** A matrix as a list of its rows. */
export type MatrixRows = readonly ArrayLike<number>[];

/** A sparse matrix: what is not among the entries is 0. */
export interface SparseEntries {
  /** The number of rows. */
  readonly rows: number;
  /** The number of columns. */
  readonly columns: number;
  /** [row, column, value], counted from 0, in any order; entries at the same place add up. */
  readonly entries: readonly (readonly [row: number, column: number, value: number])[];
}

/** A matrix of a program: a tensor, rows, or entries; and with a leading axis, or in a list, one for each sample. */
export type ProgramMatrix = Tensor | MatrixRows | SparseEntries | readonly (MatrixRows | SparseEntries)[];

/** A vector of a program: a tensor or numbers; and with a leading axis, or in a list, one for each sample. */
export type ProgramVector = Tensor | ArrayLike<number> | readonly ArrayLike<number>[];

/** One datum, checked as far as it can be without reading tensors. */
export interface Datum<Each, Name extends string = string> {
  readonly name: Name;
  readonly tensor: Tensor | undefined;
  /** The extents for one sample. */
  readonly extents: Shape;
  /** The number of samples that have their own; undefined where all share it. */
  readonly batch: number | undefined;
  /** The numbers of each sample, or of all; undefined for a tensor. */
  readonly each: readonly Each[] | undefined;
  /** Where the entries of each matrix are, or of the one for all, if it was given as entries: its gradients are there. */
  readonly places?: readonly Places[];
}

/** A datum that is a tensor. */
export type TensorDatum<Name extends string = string> = Datum<unknown, Name> & { readonly tensor: Tensor };

/** The numbers that rows, columns and samples of all data agree on. */
export interface Extents {
  readonly n: number;
  readonly m: number;
  readonly batch: number;
  /** Whether solutions have an axis for samples. */
  readonly isBatched: boolean;
}

/** The number of samples. @throws RangeError where data are for different numbers of samples, or for none */
export function countSamples(data: readonly Datum<unknown>[]): Pick<Extents, 'batch' | 'isBatched'> {
  const owners = data.filter(({ batch }) => batch !== undefined);
  const batch = owners.length === 0 ? 1 : Math.max(...owners.map((datum) => datum.batch as number));
  for (const { name, batch: own } of owners) {
    if (own !== batch) throw new RangeError(`${name}: it is for ${own} samples; others are for ${batch}`);
  }
  if (batch === 0) throw new RangeError(`${owners[0].name}: it is for no sample; there must be at least one`);
  return { batch, isBatched: owners.length > 0 };
}

/** The tensors among data. */
export function tensorsIn<Name extends string>(data: readonly Datum<unknown, Name>[]): TensorDatum<Name>[] {
  return data.filter((datum): datum is TensorDatum<Name> => datum.tensor !== undefined);
}

/** P and A. @param linear the name of the vector of the objective, which has n numbers */
export function readMatrices(
  given: { readonly P?: ProgramMatrix; readonly A?: ProgramMatrix },
  n: number,
  linear: string,
): { P: Datum<SparseMatrix, 'P'>; A: Datum<SparseMatrix, 'A'> } {
  if (n === 0) throw new RangeError(`${linear}: it holds no numbers; a program needs at least one variable`);
  const A = given.A === undefined ? noMatrix('A', 0, n) : readMatrix('A', given.A, n);
  const [m, columns] = A.extents;
  if (columns !== n && m > 0)
    throw new RangeError(`A: it has ${columns} columns; ${linear} has ${n} numbers, so it needs ${n}`);
  const P = given.P === undefined ? noMatrix('P', n, n) : readMatrix('P', given.P, n);
  if (P.extents[0] !== n || P.extents[1] !== n) {
    throw new RangeError(`P: it is ${P.extents.join(' × ')}; ${linear} has ${n} numbers, so it must be ${n} × ${n}`);
  }
  return { P: symmetricDatum(P), A };
}

/** A vector of finite numbers. @param length the number of numbers for each sample; undefined where it decides it */
export function readVector<Name extends string>(
  name: Name,
  given: ProgramVector,
  length: number | undefined,
): Datum<Float64Array, Name> {
  return checkLength(readNumbersOf(name, given, readNumber), length);
}

/** Numbers of any kind. @param read makes a number of what stands in an array, or throws */
export function readNumbersOf<Name extends string>(
  name: Name,
  given: unknown,
  read: (place: string, value: unknown) => number,
): Datum<Float64Array, Name> {
  return isTensor(given) ? tensorDatum(name, given, 1) : hostVector(name, given, read);
}

/** @throws RangeError where a vector has another length than A has rows */
export function checkLength<Name extends string>(
  datum: Datum<Float64Array, Name>,
  length: number | undefined,
): Datum<Float64Array, Name> {
  if (length !== undefined && datum.extents[0] !== length) {
    throw new RangeError(
      `${datum.name}: it holds ${datum.extents[0]} numbers; A has ${length} rows, so it must hold ${length}`,
    );
  }
  return datum;
}

/**
 * The numbers of one sample of a datum.
 * @param what the public function, for messages
 * @param read what was read from the datum, where it is a tensor
 * @param hint the end of the message
 * @throws RangeError where a number of a tensor is not finite
 */
export function sampleOf<Each>(
  what: string,
  datum: Datum<Each>,
  read: ArrayLike<number> | undefined,
  sample: number,
  make: (numbers: Float64Array) => Each,
  hint = '',
): Each {
  const own = datum.batch === undefined ? 0 : sample;
  if (datum.each) return datum.each[own];
  const numbers = numbersOfSample(read as ArrayLike<number>, sizeOf(datum.extents), own);
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RangeError(
      `${what}: ${datum.name}, sample ${sample}, holds ${numbers[bad]}; every number must be finite${hint}`,
    );
  }
  return make(numbers);
}

/** Where the gradients in P and A of a sample are wanted. */
export function placesOfSample({ P, A }: Readonly<Record<'P' | 'A', Datum<unknown>>>, sample: number): GradientPlaces {
  const at = ({ places, batch }: Datum<unknown>): Places | undefined => places?.[batch === undefined ? 0 : sample];
  return { P: at(P), A: at(A) };
}

/** The numbers of tensors that were read, by the name of the datum. */
export type ReadNumbers<Name extends string> = Readonly<Partial<Record<Name, ArrayLike<number>>>>;

/** The numbers of one sample, of which each has `size`. */
export function numbersOfSample(numbers: ArrayLike<number>, size: number, sample: number): Float64Array {
  const own = new Float64Array(size);
  for (let index = 0; index < size; index++) own[index] = numbers[sample * size + index];
  return own;
}

function noMatrix<Name extends string>(name: Name, rows: number, columns: number): Datum<SparseMatrix, Name> {
  const each = [sparseFromTriples([], rows, columns)];
  return { name, tensor: undefined, extents: [rows, columns], batch: undefined, each };
}

const IN_ARRAYS = 'in arrays; the derivatives of tensors are those of valueAndGrad and its neighbours';

const MATRIX = 'a tensor, a list of rows of equal length, { rows, columns, entries }, or a list of these';

export function readMatrix<Name extends string>(
  name: Name,
  given: ProgramMatrix,
  n: number,
): Datum<SparseMatrix, Name> {
  if (isTensor(given)) return tensorDatum(name, given, 2);
  if (isEntries(given)) return hostMatrix(name, [readEntries(name, given)], undefined, [placesOf(given)]);
  if (!isList(given)) throw createArgumentError(`${name}: it`, given, MATRIX);
  if (given.length === 0) return hostMatrix(name, [sparseFromTriples([], 0, n)], undefined);
  const list = given as readonly unknown[];
  if (isEntries(list[0]) || (isListLike(list[0]) && isListLike((list[0] as ArrayLike<unknown>)[0]))) {
    const matrices = list.map((each, index) => readOne(`${name}[${index}]`, each, n));
    const odd = matrices.findIndex(({ rows, columns }) => rows !== matrices[0].rows || columns !== matrices[0].columns);
    if (odd > 0) {
      const describe = ({ rows, columns }: SparseMatrix): string => `${rows} × ${columns}`;
      throw new RangeError(`${name}[${odd}]: it is ${describe(matrices[odd])}; ${name}[0] is ${describe(matrices[0])}`);
    }
    return hostMatrix(name, matrices, matrices.length, list.every(isEntries) ? list.map(placesOf) : undefined);
  }
  return hostMatrix(name, [readRows(name, list, n)], undefined);
}

function readOne(name: string, given: unknown, n: number): SparseMatrix {
  if (isEntries(given)) return readEntries(name, given);
  if (!isList(given)) throw createArgumentError(`${name}: it`, given, 'a list of rows, or { rows, columns, entries }');
  return readRows(name, given, n);
}

function hostMatrix<Name extends string>(
  name: Name,
  each: readonly SparseMatrix[],
  batch: number | undefined,
  places?: readonly Places[],
): Datum<SparseMatrix, Name> {
  return { name, tensor: undefined, extents: [each[0].rows, each[0].columns], batch, each, ...(places && { places }) };
}

function isEntries(given: unknown): given is SparseEntries {
  return isObject(given) && 'entries' in given && !isTensor(given);
}

function placesOf({ entries }: SparseEntries): Places {
  return {
    rows: Int32Array.from(entries, ([row]) => row),
    columns: Int32Array.from(entries, ([, column]) => column),
  };
}

/** Rows and columns are counted in 32 bits. */
const MOST_PLACES = 2 ** 31 - 2;

function readEntries(name: string, { rows, columns, entries }: SparseEntries): SparseMatrix {
  for (const [key, value] of Object.entries({ rows, columns })) {
    if (!Number.isInteger(value) || value < 0 || value > MOST_PLACES) {
      throw createArgumentError(`${name}.${key}: it`, value, `an integer from 0 to ${MOST_PLACES}`);
    }
  }
  if (!isList(entries)) throw createArgumentError(`${name}.entries: it`, entries, 'a list of [row, column, value]');
  for (const [index, entry] of entries.entries()) {
    const place = `${name}.entries[${index}]`;
    if (!isListLike(entry) || entry.length !== 3)
      throw createArgumentError(`${place}: it`, entry, '[row, column, value]');
    checkIndex(`${place}[0]`, entry[0], rows);
    checkIndex(`${place}[1]`, entry[1], columns);
    if (!Number.isFinite(entry[2])) throw createArgumentError(`${place}[2]: it`, entry[2], 'a finite number');
  }
  const matrix = sparseFromTriples(entries, rows, columns);
  if (!matrix.values.every(Number.isFinite)) {
    throw new RangeError(`${name}.entries: those at one place add up to a number that is not finite`);
  }
  return matrix;
}

function checkIndex(place: string, value: unknown, extent: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < extent) return;
  throw createArgumentError(`${place}: it`, value, `an integer from 0 to ${extent - 1}`);
}

function readRows(name: string, given: ArrayLike<unknown>, n: number): SparseMatrix {
  const rows = given.length;
  const columns = rows === 0 ? n : lengthOf(`${name}[0]`, given[0]);
  const numbers = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = given[i];
    const length = lengthOf(`${name}[${i}]`, row);
    if (length !== columns) {
      throw new RangeError(`${name}[${i}]: it holds ${length} numbers; ${name}[0] holds ${columns}`);
    }
    for (let j = 0; j < columns; j++)
      numbers[i * columns + j] = readNumber(`${name}[${i}][${j}]`, (row as ArrayLike<unknown>)[j]);
  }
  return sparseFromRows(numbers, rows, columns);
}

function lengthOf(place: string, row: unknown): number {
  if (!isListLike(row)) throw createArgumentError(`${place}: it`, row, 'a list of numbers');
  return row.length;
}

export function readNumber(place: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw createArgumentError(`${place}: it`, value, 'a finite number');
  return value;
}

function hostVector<Name extends string>(
  name: Name,
  given: unknown,
  read: (place: string, value: unknown) => number,
): Datum<Float64Array, Name> {
  if (!isListLike(given))
    throw createArgumentError(`${name}: it`, given, 'a tensor, a list of numbers, or a list of these');
  const isNested = given.length > 0 && isListLike(given[0]);
  const lists = isNested ? Array.from(given) : [given];
  const each = lists.map((list, index) => readNumbers(isNested ? `${name}[${index}]` : name, list, read));
  const odd = each.findIndex(({ length }) => length !== each[0].length);
  if (odd > 0) {
    throw new RangeError(`${name}[${odd}]: it holds ${each[odd].length} numbers; ${name}[0] holds ${each[0].length}`);
  }
  const batch = isNested ? each.length : undefined;
  return { name, tensor: undefined, extents: [each[0].length], batch, each };
}

function readNumbers(place: string, list: unknown, read: (place: string, value: unknown) => number): Float64Array {
  if (!isListLike(list)) throw createArgumentError(`${place}: it`, list, 'a list of numbers');
  return Float64Array.from({ length: list.length }, (_, index) => read(`${place}[${index}]`, list[index]));
}

function tensorDatum<Each, Name extends string>(name: Name, tensor: Tensor, rank: number): Datum<Each, Name> {
  const { shape } = tensor;
  if (shape.length !== rank && shape.length !== rank + 1) {
    const allowed = rank === 1 ? '[length] or [batch, length]' : '[rows, columns] or [batch, rows, columns]';
    throw new RangeError(`${name}: the shape is ${formatShape(shape)}; it must be ${allowed}`);
  }
  const batch = shape.length > rank ? shape[0] : undefined;
  return { name, tensor, extents: shape.slice(-rank), batch, each: undefined };
}

/** P as given, exactly symmetric. */
function symmetricDatum(P: Datum<SparseMatrix, 'P'>): Datum<SparseMatrix, 'P'> {
  return { ...P, each: P.each?.map((matrix, sample) => symmetrise(`P, sample ${sample}`, matrix, Number.EPSILON)) };
}

/** The direction of each sample; undefined where none was given. */
export type DirectionOf<Each> = (sample: number) => Each | undefined;

function createDirection<Each>(each: readonly Each[] | undefined): DirectionOf<Each> {
  return (sample) => each && (each.length === 1 ? each[0] : each[sample]);
}

function fitDirection<Each>(datum: Datum<Each>, extents: Shape, batch: number): readonly Each[] | undefined {
  if (datum.tensor) throw createArgumentError(`${datum.name}: it`, datum.tensor, IN_ARRAYS);
  if (datum.extents.join() !== extents.join()) {
    throw new RangeError(`${datum.name}: it is ${datum.extents.join(' × ')}; it must be ${extents.join(' × ')}`);
  }
  if (datum.batch !== undefined && datum.batch !== batch) {
    throw new RangeError(`${datum.name}: it is for ${datum.batch} programs; there are ${batch}`);
  }
  return datum.each;
}

/** Directions of P and A, in arrays. @throws RangeError that names the direction */
export function readMatrixDirections(
  what: string,
  given: Readonly<Partial<Record<'P' | 'A', unknown>>>,
  { n, m, batch }: Pick<Extents, 'n' | 'm' | 'batch'>,
): Readonly<Record<'P' | 'A', DirectionOf<SparseMatrix>>> {
  const matrix = (name: 'P' | 'A', rows: number): readonly SparseMatrix[] | undefined => {
    const value = given[name];
    if (value === undefined) return undefined;
    return fitDirection(readMatrix(`${what}.${name}`, value as ProgramMatrix, n), [rows, n], batch);
  };
  const symmetric = matrix('P', n)?.map((each, sample) =>
    symmetrise(`${what}.P, program ${sample}`, each, Number.EPSILON),
  );
  return { P: createDirection(symmetric), A: createDirection(matrix('A', m)) };
}

/** The direction of a vector, in arrays. @throws RangeError that names it */
export function readVectorDirection(
  place: string,
  given: unknown,
  length: number,
  { batch }: Pick<Extents, 'batch'>,
): DirectionOf<Float64Array> {
  if (given === undefined) return createDirection<Float64Array>(undefined);
  return createDirection(fitDirection(readNumbersOf(place, given, readNumber), [length], batch));
}
