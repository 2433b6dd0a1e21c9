/** The data of cone programs, min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K, as callers give them. */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import { type Cone, readCones, rowsOfCones } from '../../solvers/cones/cone.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromRows } from '../../solvers/programs/sparse.ts';
import {
  countSamples,
  type Datum,
  type Extents,
  type ProgramMatrix,
  type ProgramVector,
  type ReadNumbers,
  readMatrices,
  readMatrixDirections,
  readVector,
  readVectorDirection,
  sampleOf,
  type TensorDatum,
  tensorsIn,
} from '../programs/datum.ts';
import { symmetrise } from '../programs/symmetry.ts';
import { shareOfSample } from '../programs/tensor-data.ts';
import type { ConeDirections } from './directions.ts';

/** The names of the data, in the order of their gradients. */
export const DATA_NAMES = ['P', 'A', 'b', 'c'] as const;
/** The name of a datum. */
export type ConeDatumName = (typeof DATA_NAMES)[number];

/** The data as they are given. */
export interface GivenCones {
  readonly P?: ProgramMatrix;
  readonly c: ProgramVector;
  readonly A: ProgramMatrix;
  readonly b: ProgramVector;
  readonly cones: readonly Cone[];
}

/** All data of a batch. */
export interface ConeBatch extends Extents {
  readonly P: Datum<SparseMatrix, 'P'>;
  readonly A: Datum<SparseMatrix, 'A'>;
  readonly b: Datum<Float64Array, 'b'>;
  readonly c: Datum<Float64Array, 'c'>;
  readonly blocks: readonly ConeBlock[];
}

/** @throws RangeError that names the datum, what it was and what it must be */
export function readData(given: GivenCones): ConeBatch {
  const c = readVector('c', given.c, undefined);
  const [n] = c.extents;
  const { P, A } = readMatrices(given, n, 'c');
  const [m] = A.extents;
  const b = readVector('b', given.b, m);
  const blocks = readCones('cones', given.cones);
  const rows = rowsOfCones(blocks);
  if (rows !== m)
    throw new RangeError(`cones: by type and dim they have ${rows} rows together; A has ${m}, so they must have ${m}`);
  return { n, m, ...countSamples([P, A, b, c]), P, A, b, c, blocks };
}

/** All data of a batch, in the order of their names. */
export function listData(batch: ConeBatch): Datum<unknown, ConeDatumName>[] {
  return DATA_NAMES.map((name): Datum<unknown, ConeDatumName> => batch[name]);
}

/** The tensors among the data. */
export function tensorsAmong(batch: ConeBatch): TensorDatum<ConeDatumName>[] {
  return tensorsIn(listData(batch));
}

/**
 * The data of one program.
 * @param epsilon the precision of tensors
 * @throws RangeError where numbers of a tensor are not finite, or P is not symmetric
 */
export function dataOfSample(
  batch: ConeBatch,
  read: ReadNumbers<ConeDatumName>,
  sample: number,
  epsilon: number,
): ConeData {
  const { n, m, blocks } = batch;
  const each = <Each>(datum: Datum<Each, ConeDatumName>, make: (numbers: Float64Array) => Each): Each =>
    sampleOf('coneProgram', datum, read[datum.name], sample, make);
  return {
    n,
    m,
    blocks,
    P: each(batch.P, (numbers) => symmetrise(`P, sample ${sample}`, sparseFromRows(numbers, n, n), epsilon)),
    A: each(batch.A, (numbers) => sparseFromRows(numbers, m, n)),
    b: each(batch.b, (numbers) => numbers),
    c: each(batch.c, (numbers) => numbers),
  };
}

/** The directions of one program, from tangents of the shapes of the data. */
export function directionsOfSample(
  batch: ConeBatch,
  tangents: ReadNumbers<ConeDatumName>,
  sample: number,
): ConeDirections {
  const { n, m } = batch;
  const [P, A, b, c] = listData(batch).map((datum) => shareOfSample(datum, tangents, sample));
  return { P: P && sparseFromRows(P, n, n), A: A && sparseFromRows(A, m, n), b, c };
}

/**
 * Directions of the data, in arrays.
 * @param what what messages call them
 * @throws RangeError that names the direction
 */
export function readDirectionData(
  what: string,
  given: Readonly<Partial<Record<ConeDatumName, unknown>>>,
  extents: Pick<Extents, 'n' | 'm' | 'batch'>,
): (sample: number) => ConeDirections {
  const { n, m } = extents;
  const { P, A } = readMatrixDirections(what, given, extents);
  const b = readVectorDirection(`${what}.b`, given.b, m, extents);
  const c = readVectorDirection(`${what}.c`, given.c, n, extents);
  return (sample) => ({ P: P(sample), A: A(sample), b: b(sample), c: c(sample) });
}
