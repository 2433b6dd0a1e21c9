/** Programs for tests: from nested arrays, and planted at random. */
import type { ProgramData, SparseMatrix } from '../../src/solvers/programs/problem.ts';

export type Rows = readonly (readonly number[])[];

/** A dense matrix in compressed columns; zeros are not stored. */
export function sparse(rows: Rows, columns: number): SparseMatrix {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows.length; i++) {
      if (rows[i][j] === 0) continue;
      indices.push(i);
      values.push(rows[i][j]);
    }
    starts.push(indices.length);
  }
  return {
    rows: rows.length,
    columns,
    starts: Int32Array.from(starts),
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  };
}

/** A program in nested arrays; null stands for an infinite bound. */
export interface NestedProgram {
  readonly P: Rows;
  readonly q: readonly number[];
  readonly A: Rows;
  readonly l: readonly (number | null)[];
  readonly u: readonly (number | null)[];
}

export function programData({ P, q, A, l, u }: NestedProgram): ProgramData {
  const n = q.length;
  return {
    n,
    m: A.length,
    P: sparse(P, n),
    q: Float64Array.from(q),
    A: sparse(A, n),
    l: Float64Array.from(l, (value) => value ?? Number.NEGATIVE_INFINITY),
    u: Float64Array.from(u, (value) => value ?? Number.POSITIVE_INFINITY),
  };
}
