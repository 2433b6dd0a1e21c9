/**
 * Scaling of rows, variables and objective that makes the entries of [P Aᵀ; A 0] of one size (Ruiz, "A scaling
 * algorithm to equilibrate both rows and columns norms in matrices", 2001). All factors are powers of two, so that the
 * scaled program has exactly the residuals of the given one.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseMatrix } from './problem.ts';

const SWEEPS = 15;

export interface Scaling {
  /** n; x = variables ∘ (x scaled). */
  readonly variables: Float64Array;
  /** m; (A scaled) = rows ∘ A ∘ variables. */
  readonly rows: Float64Array;
  /** (P scaled) = cost · variables ∘ P ∘ variables. */
  readonly cost: number;
}

/**
 * @param isIncluded m; rows that shape the scaling of variables. Those with one entry do not: they get entries of about 1.
 * @param unify makes the norms of rows equal that must have one factor
 */
export function* equilibrate(
  P: SparseMatrix,
  q: Float64Array,
  A: SparseMatrix,
  isIncluded: Uint8Array,
  unify: (rowNorms: Float64Array) => void = () => {},
): Interruptible<Scaling> {
  const n = P.columns;
  const m = A.rows;
  const variables = new Float64Array(n).fill(1);
  const rows = new Float64Array(m).fill(1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const columnNorms = new Float64Array(n);
    const rowNorms = new Float64Array(m);
    for (let j = 0; j < n; j++) {
      let norm = 0;
      for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
        norm = Math.max(norm, Math.abs(P.values[k]) * variables[P.indices[k]] * variables[j]);
      }
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
        const i = A.indices[k];
        if (!isIncluded[i]) continue;
        const size = Math.abs(A.values[k]) * rows[i] * variables[j];
        norm = Math.max(norm, size);
        rowNorms[i] = Math.max(rowNorms[i], size);
      }
      columnNorms[j] = norm;
    }
    unify(rowNorms);
    for (let j = 0; j < n; j++) if (columnNorms[j] > 0) variables[j] /= Math.sqrt(columnNorms[j]);
    for (let i = 0; i < m; i++) if (rowNorms[i] > 0) rows[i] /= Math.sqrt(rowNorms[i]);
    yield;
  }
  for (let j = 0; j < n; j++) variables[j] = powerOfTwo(variables[j]);
  for (let i = 0; i < m; i++) rows[i] = powerOfTwo(rows[i]);
  scaleOthers(A, variables, rows, isIncluded);
  yield;
  return { variables, rows, cost: costFactor(P, q, variables) };
}

/** Gives the largest entry of each row that is not included a size of about 1. */
function scaleOthers(A: SparseMatrix, variables: Float64Array, rows: Float64Array, isIncluded: Uint8Array): void {
  const norms = new Float64Array(A.rows);
  for (let j = 0; j < A.columns; j++) {
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      norms[A.indices[k]] = Math.max(norms[A.indices[k]], Math.abs(A.values[k]) * variables[j]);
    }
  }
  for (let i = 0; i < A.rows; i++) if (!isIncluded[i] && norms[i] > 0) rows[i] = powerOfTwo(1 / norms[i]);
}

/** Makes the larger of q and the mean column norm of P about 1. */
function costFactor(P: SparseMatrix, q: Float64Array, variables: Float64Array): number {
  let linear = 0;
  let quadratic = 0;
  for (let j = 0; j < P.columns; j++) {
    linear = Math.max(linear, Math.abs(q[j]) * variables[j]);
    let norm = 0;
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
      norm = Math.max(norm, Math.abs(P.values[k]) * variables[P.indices[k]] * variables[j]);
    }
    quadratic += norm / P.columns;
  }
  const size = Math.max(linear, quadratic);
  return size > 0 ? powerOfTwo(1 / size) : 1;
}

/** The nearest power of two on a logarithmic scale, within the range in which products of three do not overflow. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.max(-300, Math.min(300, Math.round(Math.log2(value))));
}
