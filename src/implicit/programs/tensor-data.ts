/** Between the numbers of tensors and the data, directions and gradients of single programs. */
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { BatchData, DatumName } from './data.ts';
import { type Datum, numbersOfSample, type ReadNumbers } from './datum.ts';
import type { Directions } from './directions.ts';

/** One program's share of a tangent, of the shape of a datum. */
export function shareOfSample<Name extends string>(
  { name, extents, batch }: Datum<unknown, Name>,
  tangents: ReadNumbers<Name>,
  sample: number,
): Float64Array | undefined {
  const numbers = tangents[name];
  return numbers && numbersOfSample(numbers, sizeOf(extents), batch === undefined ? 0 : sample);
}

/** The directions of one program, from tangents of the shapes of the data. */
export function directionsOfSample(data: BatchData, tangents: ReadNumbers<DatumName>, sample: number): Directions {
  const { n, m } = data;
  const part = (name: DatumName): Float64Array | undefined => shareOfSample(data[name], tangents, sample);
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
export function countNotFinite<Name extends string>(
  data: readonly Datum<unknown, Name>[],
  tangents: ReadNumbers<Name>,
  batch: number,
): number[] {
  return Array.from({ length: batch }, (_, sample) => {
    let count = 0;
    for (const { name, extents, batch: own } of data) {
      const numbers = tangents[name];
      if (!numbers) continue;
      const length = sizeOf(extents);
      const start = own === undefined ? 0 : sample * length;
      for (let index = 0; index < length; index++) if (!Number.isFinite(numbers[start + index])) count += 1;
    }
    return count;
  });
}
