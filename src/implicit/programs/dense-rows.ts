import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import type { Datum } from './data.ts';

/** The numbers of a datum given in arrays, row by row and sample by sample. */
export function denseRows({ each, extents }: Pick<Datum<unknown>, 'each' | 'extents'>): Float64Array {
  const size = extents.reduce((product, extent) => product * extent, 1);
  const samples = each as readonly (SparseMatrix | Float64Array)[];
  const numbers = new Float64Array(samples.length * size);
  for (const [sample, own] of samples.entries()) {
    if (own instanceof Float64Array) numbers.set(own, sample * size);
    else {
      for (let column = 0; column < own.columns; column++) {
        for (let k = own.starts[column]; k < own.starts[column + 1]; k++) {
          numbers[sample * size + own.indices[k] * own.columns + column] += own.values[k];
        }
      }
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
