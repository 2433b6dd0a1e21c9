/** What is needed of one program of a batch without making its matrices. */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import type { BatchData, Datum, DatumName, ReadNumbers } from './data.ts';
import { readBound } from './data.ts';
import { symmetrise } from './symmetry.ts';

/** The numbers of a vector for one sample. */
function vectorOf(data: BatchData, read: ReadNumbers, sample: number, name: 'q' | 'l' | 'u'): Float64Array {
  const { each, batch, extents } = data[name];
  if (each) return each[batch === undefined ? 0 : sample];
  const [length] = extents;
  const numbers = read[name] as ArrayLike<number>;
  const start = batch === undefined ? 0 : sample * length;
  return Float64Array.from({ length }, (_, index) => numbers[start + index]);
}

/** l and u of one sample, in which ±∞ stands for no bound. */
export function boundsOfSample(
  data: BatchData,
  read: ReadNumbers,
  sample: number,
): { readonly l: Float64Array; readonly u: Float64Array } {
  const boundsOf = (name: 'l' | 'u'): Float64Array =>
    vectorOf(data, read, sample, name).map((value, row) =>
      readBound(name, `${name}, sample ${sample}, row ${row}`, value),
    );
  return { l: boundsOf('l'), u: boundsOf('u') };
}

/**
 * Whether the numbers that were read for a sample need no second look: all are finite, and P is exactly symmetric. What
 * is wrong with others, `dataOfSample` says.
 */
export function isPlainSample(data: BatchData, read: ReadNumbers, sample: number): boolean {
  for (const name of Object.keys(read) as DatumName[]) {
    const numbers = read[name] as ArrayLike<number>;
    const { extents, batch } = data[name] as Datum<unknown>;
    const length = extents.reduce((product, extent) => product * extent, 1);
    const start = batch === undefined ? 0 : sample * length;
    for (let index = start; index < start + length; index++) if (!Number.isFinite(numbers[index])) return false;
  }
  const { P } = read;
  if (!P) return true;
  const { n } = data;
  const start = data.P.batch === undefined ? 0 : sample * n * n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) if (P[start + i * n + j] !== P[start + j * n + i]) return false;
  }
  return true;
}

/** P of one sample, exactly symmetric. @throws RangeError where it is not symmetric to its precision */
export function quadraticOfSample(
  { P, n }: BatchData,
  read: ReadNumbers,
  sample: number,
  epsilon: number,
): SparseMatrix {
  const index = P.batch === undefined ? 0 : sample;
  if (P.each) return P.each[index];
  const numbers = read.P as ArrayLike<number>;
  const own = Float64Array.from({ length: n * n }, (_, place) => numbers[index * n * n + place]);
  return symmetrise(`P, sample ${sample}`, sparseFromRows(own, n, n), epsilon);
}
