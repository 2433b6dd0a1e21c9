/**
 * A cone program at a solution, in the eigenvectors U of J: with the rows UᵀA and the eigenvalues d of J, the system
 * M(J) = [P, AᵀJ; −A, I − J] is that of a quadratic program in which row i is active to the share dᵢ. What is known of
 * those holds here: their factorisations, their kernels, and the two rank tests.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import type { Eigenvector, SparseVector } from '../../solvers/cones/projection.ts';
import type { ProgramMatrices } from '../../solvers/programs/problem.ts';
import { assembleSparse, transpose } from '../../solvers/programs/sparse.ts';

/** The rows of A in eigenvectors. */
export interface Eigenrows {
  readonly eigenvectors: readonly Eigenvector[];
  /** P and UᵀA. */
  readonly matrices: ProgramMatrices;
}

/** Multiplications after which the rows may be interrupted: some milliseconds. */
const WORK_PER_TURN = 5e4;

export function* createEigenrows(
  { n, m, P, A }: ConeData,
  eigenvectors: readonly Eigenvector[],
): Interruptible<Eigenrows> {
  const { starts, indices, values } = transpose(A);
  yield;
  const [rowOf, columnOf, entries]: number[][] = [[], [], []];
  const sums = new Float64Array(n);
  /** The place of the last eigenvector to which a column belongs. */
  const last = new Int32Array(n).fill(-1);
  let spent = 0;
  for (const [place, { vector }] of eigenvectors.entries()) {
    const touched: number[] = [];
    for (const [index, row] of vector.rows.entries()) {
      for (let entry = starts[row]; entry < starts[row + 1]; entry++) {
        const column = indices[entry];
        sums[column] += vector.values[index] * values[entry];
        if (last[column] === place) continue;
        last[column] = place;
        touched.push(column);
      }
      spent += starts[row + 1] - starts[row];
    }
    for (const column of touched) {
      rowOf.push(place);
      columnOf.push(column);
      entries.push(sums[column]);
      sums[column] = 0;
    }
    if (spent > WORK_PER_TURN) {
      spent = 0;
      yield;
    }
  }
  yield;
  return { eigenvectors, matrices: { n, m, P, A: yield* assembleSparse(rowOf, columnOf, entries, m, n) } };
}

/** Uᵀx */
export function toEigenvectors(eigenvectors: readonly Eigenvector[], x: Float64Array): Float64Array {
  return Float64Array.from(eigenvectors, ({ vector: { rows, values } }) =>
    rows.reduce((sum, row, k) => sum + values[k] * x[row], 0),
  );
}

/** |Uᵀ||x|, the sizes of the terms of Uᵀx. */
export function sizesInEigenvectors(eigenvectors: readonly Eigenvector[], sizes: Float64Array): Float64Array {
  return Float64Array.from(eigenvectors, ({ vector: { rows, values } }) =>
    rows.reduce((sum, row, k) => sum + Math.abs(values[k]) * sizes[row], 0),
  );
}

/** Uη, where η has a number for each of the eigenvectors at the places. */
export function fromEigenvectors(
  eigenvectors: readonly Eigenvector[],
  places: readonly number[],
  coordinates: ArrayLike<number>,
): Float64Array {
  const x = new Float64Array(eigenvectors.length);
  for (const [index, place] of places.entries()) addVector(x, eigenvectors[place].vector, coordinates[index]);
  return x;
}

function addVector(x: Float64Array, { rows, values }: SparseVector, factor: number): void {
  for (let k = 0; k < rows.length; k++) x[rows[k]] += factor * values[k];
}
