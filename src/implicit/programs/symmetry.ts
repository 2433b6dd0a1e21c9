/** P of a quadratic program is symmetric: what rounding has left of that is made exact. */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { sparseFromEntries, transpose } from '../../solvers/programs/sparse.ts';

/** Entries of P and Pᵀ may differ by this many units of ε·max|P|: products that are symmetric but for rounding do. */
const UNITS = 64;

/**
 * (P + Pᵀ)/2, where the two differ by no more than rounding.
 * @throws RangeError that names the place where they differ most
 */
export function symmetrise(place: string, P: SparseMatrix, epsilon: number): SparseMatrix {
  const other = transpose(P);
  if (isEqual(P, other)) return P;
  const entries = [...entriesOf(P, 1), ...entriesOf(other, -1)];
  const difference = sparseFromEntries(
    entries.map(({ row }) => row),
    entries.map(({ column }) => column),
    entries.map(({ value }) => value),
    P.rows,
    P.columns,
  );
  const largest = P.values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const worst = [...entriesOf(difference, 1)].reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a));
  if (Math.abs(worst.value) > UNITS * epsilon * P.rows * largest) {
    const { row, column } = worst;
    throw new RangeError(
      `${place}: it is not symmetric: the entries at (${row}, ${column}) and (${column}, ${row}) differ by ${Math.abs(worst.value)}; give all of the matrix, not a triangle`,
    );
  }
  const halves = [...entriesOf(P, 0.5), ...entriesOf(other, 0.5)];
  return sparseFromEntries(
    halves.map(({ row }) => row),
    halves.map(({ column }) => column),
    halves.map(({ value }) => value),
    P.rows,
    P.columns,
  );
}

function isEqual(a: SparseMatrix, b: SparseMatrix): boolean {
  const same = (x: ArrayLike<number>, y: ArrayLike<number>): boolean => {
    if (x.length !== y.length) return false;
    for (let index = 0; index < x.length; index++) if (x[index] !== y[index]) return false;
    return true;
  };
  return same(a.starts, b.starts) && same(a.indices, b.indices) && same(a.values, b.values);
}

function* entriesOf(
  { columns, starts, indices, values }: SparseMatrix,
  factor: number,
): Generator<{ readonly row: number; readonly column: number; readonly value: number }> {
  for (let column = 0; column < columns; column++) {
    for (let k = starts[column]; k < starts[column + 1]; k++) {
      yield { row: indices[k], column, value: factor * values[k] };
    }
  }
}
