/**
 * The data of quadratic programs, min ½xᵀPx + qᵀx over l ≤ Ax ≤ u, as callers give them: as tensors, which may be
 * differentiated, or as arrays, which stay float64 all the way.
 */
import { createArgumentError, isList, isListLike, isObject } from '../../arguments/check.ts';
import type { ProgramData, SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows, sparseFromTriples } from '../../solvers/programs/sparse.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Directions, GradientPlaces, Places } from './directions.ts';
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

/** Bounds, in which null, ±∞, and in tensors any number of at least 1e20, stand for no bound. */
export type ProgramBounds = Tensor | ArrayLike<number | null> | readonly ArrayLike<number | null>[];

/** From this size on, a bound means that there is none. */
export const NO_BOUND = 1e20;

/** The names of the data, in the order of their gradients. */
export const DATA_NAMES = ['P', 'q', 'A', 'l', 'u'] as const;
/** The name of a datum. */
export type DatumName = (typeof DATA_NAMES)[number];

/** One datum, checked as far as it can be without reading tensors. */
export interface Datum<Each, Name extends string = DatumName> {
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
export type TensorDatum = Datum<unknown> & { readonly tensor: Tensor };

/** All data of a batch. */
export interface BatchData {
  readonly n: number;
  readonly m: number;
  readonly batch: number;
  /** Whether solutions have an axis for samples. */
  readonly isBatched: boolean;
  readonly P: Datum<SparseMatrix>;
  readonly q: Datum<Float64Array>;
  readonly A: Datum<SparseMatrix>;
  readonly l: Datum<Float64Array>;
  readonly u: Datum<Float64Array>;
}

/** The data as they are given. */
export interface GivenData {
  readonly P?: ProgramMatrix;
  readonly q: ProgramVector;
  readonly A?: ProgramMatrix;
  readonly l?: ProgramBounds;
  readonly u?: ProgramBounds;
}

/** @throws RangeError that names the datum, what it was and what it must be */
export function readData(given: GivenData): BatchData {
  const q = readVector('q', given.q, undefined);
  const [n] = q.extents;
  if (n === 0) throw new RangeError('q: it holds no numbers; a program needs at least one variable');
  const A = given.A === undefined ? noMatrix('A', 0, n) : readMatrix('A', given.A, n);
  const [m, columns] = A.extents;
  if (columns !== n && m > 0)
    throw new RangeError(`A: it has ${columns} columns; q has ${n} numbers, so it needs ${n}`);
  const P = given.P === undefined ? noMatrix('P', n, n) : readMatrix('P', given.P, n);
  if (P.extents[0] !== n || P.extents[1] !== n) {
    throw new RangeError(`P: it is ${P.extents.join(' × ')}; q has ${n} numbers, so it must be ${n} × ${n}`);
  }
  const l = given.l === undefined ? unbounded('l', m, Number.NEGATIVE_INFINITY) : readVector('l', given.l, m);
  const u = given.u === undefined ? unbounded('u', m, Number.POSITIVE_INFINITY) : readVector('u', given.u, m);
  const data = { P: symmetricDatum(P), q, A, l, u };
  const owners = Object.values(data).filter(({ batch }) => batch !== undefined);
  const batch = owners.length === 0 ? 1 : Math.max(...owners.map((datum) => datum.batch as number));
  for (const { name, batch: own } of owners) {
    if (own !== batch) throw new RangeError(`${name}: it is for ${own} samples; others are for ${batch}`);
  }
  if (batch === 0) throw new RangeError(`${owners[0].name}: it is for no sample; there must be at least one`);
  return { n, m, batch, isBatched: owners.length > 0, ...data };
}

/** The tensors among the data. */
export function tensorsAmong(data: BatchData): TensorDatum[] {
  return DATA_NAMES.map((name) => data[name] as Datum<unknown>).filter(
    (datum): datum is TensorDatum => datum.tensor !== undefined,
  );
}

/** Where the gradients in P and A of a sample are wanted. */
export function placesOfSample({ P, A }: BatchData, sample: number): GradientPlaces {
  const at = ({ places, batch }: Datum<unknown>): Places | undefined => places?.[batch === undefined ? 0 : sample];
  return { P: at(P), A: at(A) };
}

/** The numbers of tensors that were read, by the name of the datum. */
export type ReadNumbers = Readonly<Partial<Record<DatumName, ArrayLike<number>>>>;

/** The numbers of one sample, of which each has `size`. */
export function numbersOfSample(numbers: ArrayLike<number>, size: number, sample: number): Float64Array {
  const own = new Float64Array(size);
  for (let index = 0; index < size; index++) own[index] = numbers[sample * size + index];
  return own;
}

/**
 * The data of one sample.
 * @param epsilon the precision of tensors
 * @throws RangeError where numbers of a tensor are not finite, P is not symmetric, or a bound is on the wrong side
 */
export function dataOfSample(data: BatchData, read: ReadNumbers, sample: number, epsilon: number): ProgramData {
  const { n, m } = data;
  const numbersOf = ({ name, extents, batch }: Datum<unknown>): Float64Array => {
    const size = sizeOf(extents);
    return numbersOfSample(read[name] as ArrayLike<number>, size, batch === undefined ? 0 : sample);
  };
  const each = <Each>(datum: Datum<Each>, make: (numbers: Float64Array) => Each): Each => {
    if (datum.each) return datum.each[datum.batch === undefined ? 0 : sample];
    const numbers = numbersOf(datum);
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new RangeError(
        `quadraticProgram: ${datum.name}, sample ${sample}, holds ${numbers[bad]}; every number must be finite, and a bound of 1e20 or more means none`,
      );
    }
    return make(numbers);
  };
  return {
    n,
    m,
    P: each(data.P, (numbers) => symmetrise(`P, sample ${sample}`, sparseFromRows(numbers, n, n), epsilon)),
    q: each(data.q, (numbers) => numbers),
    A: each(data.A, (numbers) => sparseFromRows(numbers, m, n)),
    l: each(data.l, (numbers) => numbers.map((value, row) => readBound('l', `l, sample ${sample}, row ${row}`, value))),
    u: each(data.u, (numbers) => numbers.map((value, row) => readBound('u', `u, sample ${sample}, row ${row}`, value))),
  };
}

/**
 * Directions of the data, in arrays.
 * @param what what messages call them
 * @throws RangeError that names the direction
 */
export function readDirectionData(
  what: string,
  given: Readonly<Partial<Record<DatumName, unknown>>>,
  { n, m, batch }: Pick<BatchData, 'n' | 'm' | 'batch'>,
): (sample: number) => Directions {
  const fit = <Each>(datum: Datum<Each, string>, extents: Shape): readonly Each[] | undefined => {
    if (datum.tensor) throw createArgumentError(`${datum.name}: it`, datum.tensor, IN_ARRAYS);
    if (datum.extents.join() !== extents.join()) {
      throw new RangeError(`${datum.name}: it is ${datum.extents.join(' × ')}; it must be ${extents.join(' × ')}`);
    }
    if (datum.batch !== undefined && datum.batch !== batch) {
      throw new RangeError(`${datum.name}: it is for ${datum.batch} programs; there are ${batch}`);
    }
    return datum.each;
  };
  const matrix = (name: 'P' | 'A', rows: number): readonly SparseMatrix[] | undefined => {
    const value = given[name];
    return value === undefined ? undefined : fit(readMatrix(`${what}.${name}`, value as ProgramMatrix, n), [rows, n]);
  };
  const vector = (name: 'q' | 'l' | 'u', length: number): readonly Float64Array[] | undefined => {
    const value = given[name];
    if (isTensor(value)) throw createArgumentError(`${what}.${name}: it`, value, IN_ARRAYS);
    return value === undefined ? undefined : fit(hostVector(`${what}.${name}`, value, readNumber), [length]);
  };
  const [P, q, A, l, u] = [matrix('P', n), vector('q', n), matrix('A', m), vector('l', m), vector('u', m)];
  const symmetric = P?.map((each, sample) => symmetrise(`${what}.P, program ${sample}`, each, Number.EPSILON));
  const at = <Each>(each: readonly Each[] | undefined, sample: number): Each | undefined =>
    each && (each.length === 1 ? each[0] : each[sample]);
  return (sample) => ({
    P: at(symmetric, sample),
    q: at(q, sample),
    A: at(A, sample),
    l: at(l, sample),
    u: at(u, sample),
  });
}

function noMatrix(name: DatumName, rows: number, columns: number): Datum<SparseMatrix> {
  const each = [sparseFromTriples([], rows, columns)];
  return { name, tensor: undefined, extents: [rows, columns], batch: undefined, each };
}

function unbounded(name: DatumName, m: number, value: number): Datum<Float64Array> {
  const each = [new Float64Array(m).fill(value)];
  return { name, tensor: undefined, extents: [m], batch: undefined, each };
}

const IN_ARRAYS = 'in arrays; the derivatives of tensors are those of valueAndGrad and its neighbours';

const MATRIX = 'a tensor, a list of rows of equal length, { rows, columns, entries }, or a list of these';

function readMatrix<Name extends string>(name: Name, given: ProgramMatrix, n: number): Datum<SparseMatrix, Name> {
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

function readNumber(place: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw createArgumentError(`${place}: it`, value, 'a finite number');
  return value;
}

/** @param length the number of numbers for each sample; undefined for q, which decides it */
function readVector(
  name: 'q' | 'l' | 'u',
  given: ProgramVector | ProgramBounds,
  length: number | undefined,
): Datum<Float64Array> {
  const read = name === 'q' ? readNumber : (place: string, value: unknown) => readBound(name, place, value);
  const datum = isTensor(given)
    ? tensorDatum<Float64Array, 'q' | 'l' | 'u'>(name, given, 1)
    : hostVector(name, given, read);
  if (length !== undefined && datum.extents[0] !== length) {
    throw new RangeError(
      `${name}: it holds ${datum.extents[0]} numbers; A has ${length} rows, so it must hold ${length}`,
    );
  }
  return datum;
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

/** A bound, or ±∞ where there is none. */
export function readBound(name: 'l' | 'u', place: string, value: unknown): number {
  const none = name === 'l' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (value === null) return none;
  if (typeof value === 'number' && !Number.isNaN(value)) {
    if (Math.abs(value) < NO_BOUND) return value;
    if (value > 0 === none > 0) return none;
  }
  const unboundedBy = name === 'l' ? '−∞' : '∞';
  throw createArgumentError(`${place}: it`, value, `a finite number, or null or ${unboundedBy} for no bound`);
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
function symmetricDatum(P: Datum<SparseMatrix>): Datum<SparseMatrix> {
  return { ...P, each: P.each?.map((matrix, sample) => symmetrise(`P, sample ${sample}`, matrix, Number.EPSILON)) };
}
