/** What is needed of one program of a batch without making its matrices. */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { SampleSizes } from './clear-activity.ts';
import type { BatchData, DatumName, ReadNumbers } from './data.ts';
import { NO_BOUND, readBound } from './data.ts';
import { type Datum, type Extents, type ReadNumbers as NumbersByName, numbersOfSample } from './datum.ts';
import { denseRows } from './dense-rows.ts';
import { symmetrise } from './symmetry.ts';

/** The bounds of a sample, in which ±∞ stands for no bound. */
type Bounds = Readonly<Record<'l' | 'u', Float64Array>>;

/** The function itself for data with a batch; for those that samples share, its value for the first, found once. */
function onceWhereShared<Value extends object | boolean>(
  batch: number | undefined,
  of: (sample: number) => Value,
): (sample: number) => Value {
  if (batch !== undefined) return of;
  let shared: Value | undefined;
  return () => {
    shared ??= of(0);
    return shared;
  };
}

/** Reads l and u of each sample; what samples share is read once, and is the same array for all of them. */
export function createBoundsReader(data: BatchData, read: ReadNumbers): (sample: number) => Bounds {
  const [l, u] = (['l', 'u'] as const).map((name) => {
    const { each, batch } = data[name];
    const readOne = (sample: number): Float64Array => (each ? each[sample] : readBounds(name, data.m, read, sample));
    return onceWhereShared(batch, readOne);
  });
  return (sample) => ({ l: l(sample), u: u(sample) });
}

function readBounds(name: 'l' | 'u', m: number, read: ReadNumbers, sample: number): Float64Array {
  const bounds = new Float64Array(m);
  const numbers = read[name] as ArrayLike<number>;
  for (let row = 0; row < m; row++) {
    const value = numbers[sample * m + row];
    // Only what is not plain needs a name, which takes longer to make than to read the bound.
    const isPlain = Math.abs(value) < NO_BOUND;
    bounds[row] = isPlain ? value : readBound(name, `${name}, sample ${sample}, row ${row}`, value);
  }
  return bounds;
}

/** The sizes of the data of one sample, beside its solution x. */
export function sizesOfSample(data: BatchData, read: ReadNumbers, sample: number, x: Float64Array): SampleSizes {
  const { n, m, q } = data;
  const rows = new Float64Array(m);
  const A = denseOfSample(data.A, read, sample);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) rows[i] = Math.max(rows[i], Math.abs(A[i * n + j]));
  }
  const index = q.batch === undefined ? 0 : sample;
  const linear = q.each?.[index] ?? numbersOfSample(read.q as ArrayLike<number>, n, index);
  const P = denseOfSample(data.P, read, sample);
  let objective = 0;
  for (let i = 0; i < n; i++) {
    let terms = Math.abs(linear[i]);
    for (let j = 0; j < n; j++) terms += Math.abs(P[i * n + j] * x[j]);
    objective = Math.max(objective, terms);
  }
  return { rows, objective };
}

/** A matrix of one sample, row by row. */
function denseOfSample(datum: Datum<SparseMatrix, DatumName>, read: ReadNumbers, sample: number): ArrayLike<number> {
  const { name, each, batch, extents } = datum;
  const index = batch === undefined ? 0 : sample;
  if (each) return denseRows({ each: [each[index]], extents });
  const [rows, columns] = extents;
  return numbersOfSample(read[name] as ArrayLike<number>, rows * columns, index);
}

/**
 * A test whether the numbers that were read for a sample need no second look: all are finite, and P is exactly symmetric.
 * What is wrong with others, `dataOfSample` says. What samples share is tested once.
 */
export function createPlainTest<Name extends string>(
  data: Pick<Extents, 'n'> & Readonly<Record<Name, Datum<unknown>>>,
  read: NumbersByName<Name>,
): (sample: number) => boolean {
  const tests = (Object.keys(read) as Name[]).map((name) => {
    const numbers = read[name] as ArrayLike<number>;
    const { extents, batch } = data[name];
    const length = sizeOf(extents);
    const test = (sample: number): boolean =>
      areFinite(numbers, sample * length, (sample + 1) * length) &&
      (name !== 'P' || isSymmetric(numbers, sample * length, data.n));
    return onceWhereShared(batch, test);
  });
  return (sample) => tests.every((test) => test(sample));
}

/** An objective of numbers below this is small beside the default tolerance. */
const SMALL = 1e-2;

/** A test whether no number of P and q of a sample is above SMALL. What samples share is tested once. */
export function createSmallnessTest(data: BatchData, read: ReadNumbers): (sample: number) => boolean {
  const tests = (['P', 'q'] as const).map((name) => {
    const { each, extents, batch } = data[name] as Datum<SparseMatrix | Float64Array>;
    const length = sizeOf(extents);
    const test = (sample: number): boolean => {
      const own = each?.[sample];
      const numbers = own ? (own instanceof Float64Array ? own : own.values) : (read[name] as ArrayLike<number>);
      const start = own ? 0 : sample * length;
      const end = own ? numbers.length : start + length;
      for (let index = start; index < end; index++) if (Math.abs(numbers[index]) > SMALL) return false;
      return true;
    };
    return onceWhereShared(batch, test);
  });
  return (sample) => tests.every((test) => test(sample));
}

function areFinite(numbers: ArrayLike<number>, start: number, end: number): boolean {
  // 0 times a number is NaN unless it is finite, and the sum remains so.
  let zero = 0;
  for (let index = start; index < end; index++) zero += 0 * numbers[index];
  return zero === 0;
}

function isSymmetric(numbers: ArrayLike<number>, start: number, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) if (numbers[start + i * n + j] !== numbers[start + j * n + i]) return false;
  }
  return true;
}

/** P of one sample, exactly symmetric. @throws RangeError where it is not symmetric to its precision */
export function quadraticOfSample(
  { P, n }: Pick<Extents, 'n'> & { readonly P: Datum<SparseMatrix> },
  read: Readonly<Partial<Record<'P', ArrayLike<number>>>>,
  sample: number,
  epsilon: number,
): SparseMatrix {
  const index = P.batch === undefined ? 0 : sample;
  if (P.each) return P.each[index];
  const numbers = read.P as ArrayLike<number>;
  const own = numbersOfSample(numbers, n * n, index);
  return symmetrise(`P, sample ${sample}`, sparseFromRows(own, n, n), epsilon);
}
