/** Singular values of the small matrices of declarative nodes, and vectors made of their rows. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../../solvers/matrices.ts';
import { orthogonalise } from '../../solvers/one-sided-jacobi.ts';

/** B = UΣVᵀ with the singular values in ascending order. */
export interface SingularTriples {
  readonly values: Float64Array;
  /** The columns of V. */
  readonly right: readonly Float64Array[];
  /** The columns of BV, which are those of U times the singular values. */
  readonly images: readonly Float64Array[];
}

/** @param rows row by row, m × n */
export function* decompose(rows: Float64Array, m: number, n: number): Interruptible<SingularTriples> {
  const scale = rows.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: m }, (_, i) => rows[i * n + j] / scale),
  );
  const rotations = yield* orthogonalise(columns);
  const norms = columns.map((column) => scale * Math.sqrt(dot(column, column)));
  const order = Array.from(norms.keys()).sort((a, b) => norms[a] - norms[b]);
  return {
    values: Float64Array.from(order, (index) => norms[index]),
    right: order.map((index) => rotations[index]),
    images: order.map((index) => columns[index].map((value) => value * scale)),
  };
}

/** For each column of an m × n matrix a power of two that makes its largest entry one of about 1. */
export function columnScales(rows: Float64Array, n: number): Float64Array {
  const largest = new Float64Array(n);
  for (const [at, value] of rows.entries()) largest[at % n] = Math.max(largest[at % n], Math.abs(value));
  return largest.map(scaleFor);
}

/** The same for each row. */
export function rowScales(rows: Float64Array, m: number, n: number): Float64Array {
  return Float64Array.from({ length: m }, (_, i) =>
    scaleFor(rows.subarray(i * n, i * n + n).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)),
  );
}

/** A power of two that neither overflows nor underflows: a product with it is not rounded. */
export function scaleFor(largest: number): number {
  return largest > 0 ? 2 ** Math.min(Math.max(-Math.ceil(Math.log2(largest)), -1000), 1000) : 1;
}

/** Ax, [m]. @param rows row by row, m × n */
export function applyRows(rows: Float64Array, x: Float64Array, m: number): Float64Array {
  const n = x.length;
  return Float64Array.from({ length: m }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += rows[i * n + j] * x[j];
    return sum;
  });
}

/** Aᵀv, [n]. */
export function applyColumns(rows: Float64Array, v: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n);
  for (let i = 0; i < v.length; i++) for (let j = 0; j < n; j++) result[j] += rows[i * n + j] * v[i];
  return result;
}
