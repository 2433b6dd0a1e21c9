/**
 * The data of quadratic programs, min ½xᵀPx + qᵀx over l ≤ Ax ≤ u, as callers give them: as tensors, which may be
 * differentiated, or as arrays, which stay float64 all the way.
 */
import { createArgumentError } from '../../arguments/check.ts';
import type { ProgramData, SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  checkLength,
  countSamples,
  type Datum,
  type Extents,
  type ReadNumbers as NumbersByName,
  type ProgramMatrix,
  type ProgramVector,
  readMatrices,
  readMatrixDirections,
  readNumbersOf,
  readVector,
  readVectorDirection,
  sampleOf,
  type TensorDatum,
  tensorsIn,
} from './datum.ts';
import type { Directions } from './directions.ts';
import { symmetrise } from './symmetry.ts';

/** Bounds, in which null, ±∞, and in tensors any number of at least 1e20, stand for no bound. */
export type ProgramBounds = Tensor | ArrayLike<number | null> | readonly ArrayLike<number | null>[];

/** From this size on, a bound means that there is none. */
export const NO_BOUND = 1e20;

/** The names of the data, in the order of their gradients. */
export const DATA_NAMES = ['P', 'q', 'A', 'l', 'u'] as const;
/** The name of a datum. */
export type DatumName = (typeof DATA_NAMES)[number];

/** All data of a batch. */
export interface BatchData extends Extents {
  readonly P: Datum<SparseMatrix, DatumName>;
  readonly q: Datum<Float64Array, DatumName>;
  readonly A: Datum<SparseMatrix, DatumName>;
  readonly l: Datum<Float64Array, DatumName>;
  readonly u: Datum<Float64Array, DatumName>;
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
  const { P, A } = readMatrices(given, n, 'q');
  const [m] = A.extents;
  const l = given.l === undefined ? unbounded('l', m, Number.NEGATIVE_INFINITY) : readBounds('l', given.l, m);
  const u = given.u === undefined ? unbounded('u', m, Number.POSITIVE_INFINITY) : readBounds('u', given.u, m);
  const data = { P, q, A, l, u };
  return { n, m, ...countSamples(Object.values(data)), ...data };
}

/** All data of a batch, in the order of their names. */
export function listData(data: BatchData): Datum<unknown, DatumName>[] {
  return DATA_NAMES.map((name): Datum<unknown, DatumName> => data[name]);
}

/** The tensors among the data. */
export function tensorsAmong(data: BatchData): TensorDatum<DatumName>[] {
  return tensorsIn(listData(data));
}

/** The numbers of tensors that were read, by the name of the datum. */
export type ReadNumbers = NumbersByName<DatumName>;

/**
 * The data of one sample.
 * @param epsilon the precision of tensors
 * @throws RangeError where numbers of a tensor are not finite, P is not symmetric, or a bound is on the wrong side
 */
export function dataOfSample(data: BatchData, read: ReadNumbers, sample: number, epsilon: number): ProgramData {
  const { n, m } = data;
  const each = <Each>(datum: Datum<Each, DatumName>, make: (numbers: Float64Array) => Each): Each =>
    sampleOf('quadraticProgram', datum, read[datum.name], sample, make, ', and a bound of 1e20 or more means none');
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
  extents: Pick<BatchData, 'n' | 'm' | 'batch'>,
): (sample: number) => Directions {
  const { n, m } = extents;
  const { P, A } = readMatrixDirections(what, given, extents);
  const [q, l, u] = (['q', 'l', 'u'] as const).map((name) =>
    readVectorDirection(`${what}.${name}`, given[name], name === 'q' ? n : m, extents),
  );
  return (sample) => ({ P: P(sample), q: q(sample), A: A(sample), l: l(sample), u: u(sample) });
}

function unbounded<Name extends DatumName>(name: Name, m: number, value: number): Datum<Float64Array, Name> {
  const each = [new Float64Array(m).fill(value)];
  return { name, tensor: undefined, extents: [m], batch: undefined, each };
}

function readBounds<Name extends 'l' | 'u'>(name: Name, given: ProgramBounds, m: number): Datum<Float64Array, Name> {
  return checkLength(
    readNumbersOf(name, given, (place, value) => readBound(name, place, value)),
    m,
  );
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
