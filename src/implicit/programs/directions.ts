/** From directions of the data to the right-hand side of the tangent, and from the adjoint to gradients in the data. */
import type { PrimalDual, ProgramData, SparseMatrix } from '../../solvers/programs/problem.ts';
import { isAtLower, type RowState } from './active-rows.ts';
import { eachEntry } from './products.ts';

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
  { n, m }: ProgramData,
  { x, y }: PrimalDual,
  states: readonly RowState[],
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

/** Gradients in the data. */
export interface ProgramGradients {
  /** n × n, symmetric; or one number for each entry of P. */
  readonly P: Float64Array;
  readonly q: Float64Array;
  /** m × n; or one number for each entry of A. */
  readonly A: Float64Array;
  /** m. Of a row with l = u it is 0: the total stands in u. */
  readonly l: Float64Array;
  readonly u: Float64Array;
}

/** P̄ = ½(w_u xᵀ + x w_uᵀ) and Ā = y w_uᵀ + (z̄ − w_v)xᵀ, dense and row-major. */
export function gradientsOf(
  { n, m }: ProgramData,
  { x, y }: PrimalDual,
  states: readonly RowState[],
  { wu, wv, z }: AdjointSolution,
): ProgramGradients {
  const P = new Float64Array(n * n);
  const A = new Float64Array(m * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) P[i * n + j] = 0.5 * (wu[i] * x[j] + x[i] * wu[j]);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) A[i * n + j] = y[i] * wu[j] + (z[i] - wv[i]) * x[j];
  return { P, q: wu.slice(), A, ...boundGradients(states, wv) };
}

/** The same for the stored entries of P and A alone, in their order. */
export function sparseGradientsOf(
  { P, A }: ProgramData,
  { x, y }: PrimalDual,
  states: readonly RowState[],
  { wu, wv, z }: AdjointSolution,
): ProgramGradients {
  const [ofP, ofA] = [new Float64Array(P.values.length), new Float64Array(A.values.length)];
  eachEntry(P, (i, j, _, entry) => {
    ofP[entry] = 0.5 * (wu[i] * x[j] + x[i] * wu[j]);
  });
  eachEntry(A, (i, j, _, entry) => {
    ofA[entry] = y[i] * wu[j] + (z[i] - wv[i]) * x[j];
  });
  return { P: ofP, q: wu.slice(), A: ofA, ...boundGradients(states, wv) };
}

function boundGradients(states: readonly RowState[], wv: Float64Array): Pick<ProgramGradients, 'l' | 'u'> {
  return {
    l: wv.map((value, row) => (isAtLower(states[row]) ? value : 0)),
    u: wv.map((value, row) => (isAtLower(states[row]) ? 0 : value)),
  };
}
