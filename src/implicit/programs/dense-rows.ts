import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Datum } from './datum.ts';

/** The numbers of a datum given in arrays, row by row and sample by sample. */
export function denseRows({ each, extents }: Pick<Datum<unknown>, 'each' | 'extents'>): Float64Array {
  const size = sizeOf(extents);
  const samples = each as readonly (SparseMatrix | Float64Array)[];
  const numbers = new Float64Array(samples.length * size);
  for (const [sample, own] of samples.entries()) {
    if (own instanceof Float64Array) numbers.set(own, sample * size);
    else {
      eachEntry(own, (row, column, value) => {
        numbers[sample * size + row * own.columns + column] += value;
      });
    }
  }
  return numbers;
}

/** What stands for an infinite bound in tensors. */
const FAR = 1e30;

/** The same for a tensor, in which ±FAR stands for no bound. */
export function finiteRows(datum: Pick<Datum<unknown>, 'each' | 'extents'>): Float64Array {
  return denseRows(datum).map((value) => Math.max(-FAR, Math.min(value, FAR)));
}
