/** From directions of the data to the right-hand side of the tangent, and from the adjoint to gradients in the data. */
import type { PrimalDual, ProgramData, SparseMatrix } from '../../solvers/programs/problem.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';
import { isAtLower, type RowState } from './active-rows.ts';

/** Directions of the data; one that is absent is 0. */
export interface Directions {
  /** n × n; its symmetric part counts. */
  readonly P?: SparseMatrix;
  readonly q?: Float64Array;
  readonly A?: SparseMatrix;
  /** Of a row with l = u, u's direction moves both. */
  readonly l?: Float64Array;
  readonly u?: Float64Array;
}

/** Whether each of these is determined. */
export type Determined<Name extends string> = Readonly<Record<Name, boolean>>;

interface RightSide {
  /** −(dP x + dq + dAᵀy), n. */
  readonly dual: Float64Array;
  /** db − dA x, m, where b is the bound at which the row is active. */
  readonly moved: Float64Array;
  /** The sums of the sizes of the terms. */
  readonly dualSizes: Float64Array;
  readonly movedSizes: Float64Array;
  /** dA x, m. */
  readonly image: Float64Array;
}

export function rightSideOf(
  { n, m }: Pick<ProgramData, 'n' | 'm'>,
  { x, y }: PrimalDual,
  states: readonly (RowState | undefined)[],
  { P, q, A, l, u }: Directions,
): RightSide {
  const [dual, dualSizes] = [new Float64Array(n), new Float64Array(n)];
  const [moved, movedSizes, image] = [new Float64Array(m), new Float64Array(m), new Float64Array(m)];
  const pull = (j: number, term: number): void => {
    dual[j] -= term;
    dualSizes[j] += Math.abs(term);
  };
  for (let j = 0; j < n; j++) pull(j, q?.[j] ?? 0);
  if (P) {
    eachEntry(P, (row, column, value) => {
      pull(row, 0.5 * value * x[column]);
      pull(column, 0.5 * value * x[row]);
    });
  }
  if (A) {
    eachEntry(A, (row, column, value) => {
      pull(column, value * y[row]);
      image[row] += value * x[column];
      movedSizes[row] += Math.abs(value * x[column]);
    });
  }
  for (let row = 0; row < m; row++) {
    const bound = (isAtLower(states[row]) ? l : u)?.[row] ?? 0;
    moved[row] = bound - image[row];
    movedSizes[row] += Math.abs(bound);
  }
  return { dual, moved, dualSizes, movedSizes, image };
}

/** Of a solved adjoint system: w_u, w_v and z̄. */
export interface AdjointSolution {
  readonly wu: Float64Array;
  readonly wv: Float64Array;
  readonly z: Float64Array;
}

/** Entries of a matrix, by row and column. */
export interface Places {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Where the gradients in P and A are wanted. One that is absent is wanted at all entries, row by row. */
export interface GradientPlaces {
  readonly P?: Places;
  readonly A?: Places;
}

/** Gradients in the data. */
export interface ProgramGradients {
  /** n × n, row by row, symmetric; or one number for each entry of P that was given as entries. */
  readonly P: Float64Array;
  /** n */
  readonly q: Float64Array;
  /** m × n, row by row; or one number for each entry of A that was given as entries. */
  readonly A: Float64Array;
  /** m. Of a row with l = u it is 0: the total stands in u. */
  readonly l: Float64Array;
  /** m */
  readonly u: Float64Array;
}

/** P̄ = ½(w_u xᵀ + x w_uᵀ) and Ā = y w_uᵀ + (z̄ − w_v)xᵀ */
export function gradientsOf(
  { n, m }: Pick<ProgramData, 'n' | 'm'>,
  { x, y }: PrimalDual,
  states: readonly RowState[],
  { wu, wv, z }: AdjointSolution,
  places: GradientPlaces = {},
): ProgramGradients {
  const P = evaluateAt(n, n, places.P, (i, j) => 0.5 * (wu[i] * x[j] + x[i] * wu[j]));
  const A = evaluateAt(m, n, places.A, (i, j) => y[i] * wu[j] + (z[i] - wv[i]) * x[j]);
  return { P, q: wu.slice(), A, ...boundGradients(states, wv) };
}

function evaluateAt(
  rows: number,
  columns: number,
  places: Places | undefined,
  valueAt: (row: number, column: number) => number,
): Float64Array {
  if (places) return Float64Array.from(places.rows, (row, entry) => valueAt(row, places.columns[entry]));
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) values[i * columns + j] = valueAt(i, j);
  return values;
}

function boundGradients(states: readonly RowState[], wv: Float64Array): Pick<ProgramGradients, 'l' | 'u'> {
  return {
    l: wv.map((value, row) => (isAtLower(states[row]) ? value : 0)),
    u: wv.map((value, row) => (isAtLower(states[row]) ? 0 : value)),
  };
}
