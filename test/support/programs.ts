/** Programs for tests: from nested arrays, and planted at random. */
import type { Random } from '../../src/data/random.ts';
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

/** A program with a solution that is known because it was chosen first. */
export interface PlantedProgram extends NestedProgram {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What a row of a planted program is: at a bound with a multiplier, at a bound without one, or off its bounds. */
export type PlantedRow = 'at u' | 'at l' | 'weakly at u' | 'weakly at l' | 'equality' | 'inactive' | 'free';

const multiplyRows = (A: Rows, x: readonly number[]): number[] =>
  A.map((row) => row.reduce((sum, value, j) => sum + value * x[j], 0));

export const transposeRows = (A: Rows, columns: number): number[][] =>
  Array.from({ length: columns }, (_, j) => A.map((row) => row[j]));

/** Chooses y, l, u and q such that x is a solution at which the rows are as asked. */
export function plant(
  P: Rows,
  A: Rows,
  x: readonly number[],
  rows: readonly PlantedRow[],
  draws: Random,
): PlantedProgram {
  const room = (): number => 0.5 + draws.uniform();
  const y = rows.map((row) =>
    row === 'equality' ? draws.normal() : row === 'at u' ? room() : row === 'at l' ? -room() : 0,
  );
  const z = multiplyRows(A, x);
  const far = (): number | null => (draws.uniform() < 0.3 ? null : room());
  const away = (value: number, side: number): number | null => {
    const distance = far();
    return distance === null ? null : value + side * distance;
  };
  const bounds = rows.map((row, i): readonly [number | null, number | null] => {
    if (row === 'free') return [null, null];
    if (row === 'equality') return [z[i], z[i]];
    if (row === 'inactive')
      return draws.uniform() < 0.5 ? [z[i] - room(), away(z[i], 1)] : [away(z[i], -1), z[i] + room()];
    return row.endsWith('u') ? [away(z[i], -1), z[i]] : [z[i], away(z[i], 1)];
  });
  const pulled = multiplyRows(transposeRows(A, x.length), y);
  const q = multiplyRows(P, x).map((value, j) => -value - pulled[j]);
  return { P, q, A, l: bounds.map(([l]) => l), u: bounds.map(([, u]) => u), x, y };
}

/** Normal numbers. */
export function normalRows(rows: number, columns: number, draws: Random): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => draws.normal()));
}

/** BᵀB for a normal B of so many rows: positive semidefinite, of that rank. */
export function normalCurvature(n: number, rank: number, draws: Random): number[][] {
  const B = normalRows(rank, n, draws);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => B.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
}

/** The same program in other units: x divided by D, rows multiplied by E. */
export function rescaleNested(
  { P, q, A, l, u }: NestedProgram,
  D: readonly number[],
  E: readonly number[],
): NestedProgram {
  const bound = (value: number | null, i: number): number | null => (value === null ? null : value * E[i]);
  return {
    P: P.map((row, i) => row.map((value, j) => value * D[i] * D[j])),
    q: q.map((value, j) => value * D[j]),
    A: A.map((row, i) => row.map((value, j) => value * E[i] * D[j])),
    l: l.map(bound),
    u: u.map(bound),
  };
}

/** The same with its solution. */
export function rescale(one: PlantedProgram, D: readonly number[], E: readonly number[]): PlantedProgram {
  return {
    ...rescaleNested(one, D, E),
    x: one.x.map((value, j) => value / D[j]),
    y: one.y.map((value, i) => value / E[i]),
  };
}
