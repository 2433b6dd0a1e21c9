/** Between the numbers of tensors and the data, directions and gradients of single programs. */
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type BatchData, DATA_NAMES, type DatumName, type ReadNumbers } from './data.ts';
import { numbersOfSample } from './datum.ts';
import type { Directions } from './directions.ts';

/** The directions of one program, from tangents of the shapes of the data. */
export function directionsOfSample(data: BatchData, tangents: ReadNumbers, sample: number): Directions {
  const { n, m } = data;
  const part = (name: DatumName): Float64Array | undefined => {
    const numbers = tangents[name];
    if (!numbers) return undefined;
    const { extents, batch } = data[name];
    return numbersOfSample(numbers, sizeOf(extents), batch === undefined ? 0 : sample);
  };
  const [P, A] = [part('P'), part('A')];
  return {
    P: P && sparseFromRows(P, n, n),
    q: part('q'),
    A: A && sparseFromRows(A, m, n),
    l: part('l'),
    u: part('u'),
  };
}

/** How many numbers of each program's share of the tensors are not finite. */
export function countNotFinite(data: BatchData, tangents: ReadNumbers): number[] {
  return Array.from({ length: data.batch }, (_, sample) => {
    let count = 0;
    for (const name of DATA_NAMES) {
      const numbers = tangents[name];
      if (!numbers) continue;
      const length = sizeOf(data[name].extents);
      const start = data[name].batch === undefined ? 0 : sample * length;
      for (let index = 0; index < length; index++) if (!Number.isFinite(numbers[start + index])) count += 1;
    }
    return count;
  });
}
