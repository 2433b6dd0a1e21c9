/** P of a quadratic program is symmetric: what rounding has left of that is made exact. */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { eachEntry, sparseFromTriples, transpose } from '../../solvers/programs/sparse.ts';

/** Entries of P and Pᵀ may differ by this many units of ε·max|P|: products that are symmetric but for rounding do. */
const UNITS = 64;

/**
 * (P + Pᵀ)/2, where the two differ by no more than rounding.
 * @throws RangeError that names the place where they differ most
 */
export function symmetrise(place: string, P: SparseMatrix, epsilon: number): SparseMatrix {
  const other = transpose(P);
  if (isEqual(P, other)) return P;
  const difference = sparseFromTriples([...triplesOf(P, 1), ...triplesOf(other, -1)], P.rows, P.columns);
  const largest = P.values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const entries = triplesOf(difference, 1);
  const [row, column, gap] = entries.reduce((a, b) => (Math.abs(b[2]) > Math.abs(a[2]) ? b : a));
  if (Math.abs(gap) > UNITS * epsilon * P.rows * largest) {
    throw new RangeError(
      `${place}: it is not symmetric: the entries at (${row}, ${column}) and (${column}, ${row}) differ by ${Math.abs(gap)}; give all of the matrix, not a triangle`,
    );
  }
  return sparseFromTriples([...triplesOf(P, 0.5), ...triplesOf(other, 0.5)], P.rows, P.columns);
}

function isEqual(a: SparseMatrix, b: SparseMatrix): boolean {
  const same = (x: ArrayLike<number>, y: ArrayLike<number>): boolean => {
    if (x.length !== y.length) return false;
    for (let index = 0; index < x.length; index++) if (x[index] !== y[index]) return false;
    return true;
  };
  return same(a.starts, b.starts) && same(a.indices, b.indices) && same(a.values, b.values);
}

/** The entries of factor·M, as triples [row, column, value]. */
function triplesOf(matrix: SparseMatrix, factor: number): (readonly [number, number, number])[] {
  const triples: (readonly [number, number, number])[] = [];
  eachEntry(matrix, (row, column, value) => {
    triples.push([row, column, factor * value]);
  });
  return triples;
}
