/**
 * The scaled program in the form in which the interior point method solves it. Rows without bounds are dropped; rows
 * with one entry bound a variable; the others enter the linear systems.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { equilibrate, type Scaling } from './equilibration.ts';
import type { ProgramData, SparseMatrix } from './problem.ts';
import { selectRows } from './sparse.ts';

/** What a row is. */
export const FREE = 0;
export const EQUALITY = 1;
/** An inequality with several entries. */
export const GENERAL = 2;
/** An inequality with one entry. */
export const BOX = 3;

/** One finite bound of an inequality: its slack is sign · (limit − row · x) ≥ 0. */
export interface Bounds {
  readonly count: number;
  readonly rows: Int32Array;
  /** 1 for an upper bound, −1 for a lower one. */
  readonly signs: Float64Array;
  readonly limits: Float64Array;
  /** The other bound of the same row, or −1. */
  readonly partners: Int32Array;
}

/** The scaled program. */
export interface Form {
  readonly n: number;
  readonly m: number;
  readonly P: SparseMatrix;
  readonly q: Float64Array;
  /** All rows. */
  readonly A: SparseMatrix;
  readonly l: Float64Array;
  readonly u: Float64Array;
  readonly kinds: Uint8Array;
  readonly bounds: Bounds;
  /** The rows of the linear systems, EQUALITY and GENERAL, in order. */
  readonly systemRows: Int32Array;
  /** The place of each row among them, or −1. */
  readonly systemPlaces: Int32Array;
  /** A without the other rows. */
  readonly systemA: SparseMatrix;
  /** The variable of each BOX row and the entry, else −1 and 0. */
  readonly boxVariables: Int32Array;
  readonly boxEntries: Float64Array;
  readonly isLinear: boolean;
  readonly scaling: Scaling;
}

export function* formOf(data: ProgramData): Interruptible<Form> {
  const { n, m, A } = data;
  const counts = new Int32Array(m);
  for (const i of A.indices) counts[i]++;
  const kinds = Uint8Array.from({ length: m }, (_, i) => kindOf(data.l[i], data.u[i], counts[i]));
  const scaling = yield* equilibrate(
    data.P,
    data.q,
    A,
    kinds.map((kind) => (kind === EQUALITY || kind === GENERAL ? 1 : 0)),
  );
  const { variables, rows, cost } = scaling;
  const scaledA = scaleMatrix(A, rows, variables, 1);
  const l = data.l.map((value, i) => value * rows[i]);
  const u = data.u.map((value, i) => value * rows[i]);
  const systemRows = Int32Array.from(kinds.keys()).filter((i) => kinds[i] === EQUALITY || kinds[i] === GENERAL);
  const systemPlaces = new Int32Array(m).fill(-1);
  systemRows.forEach((row, place) => {
    systemPlaces[row] = place;
  });
  const boxVariables = new Int32Array(m).fill(-1);
  const boxEntries = new Float64Array(m);
  for (let j = 0; j < n; j++) {
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      const i = A.indices[k];
      if (kinds[i] !== BOX) continue;
      boxVariables[i] = j;
      boxEntries[i] = scaledA.values[k];
    }
  }
  return {
    n,
    m,
    P: scaleMatrix(data.P, variables, variables, cost),
    q: data.q.map((value, j) => cost * variables[j] * value),
    A: scaledA,
    l,
    u,
    kinds,
    bounds: boundsOf(kinds, l, u),
    systemRows,
    systemPlaces,
    systemA: selectRows(scaledA, systemPlaces, systemRows.length),
    boxVariables,
    boxEntries,
    isLinear: data.P.values.length === 0,
    scaling,
  };
}

function kindOf(l: number, u: number, count: number): number {
  if (count === 0 || (l === Number.NEGATIVE_INFINITY && u === Number.POSITIVE_INFINITY)) return FREE;
  if (l === u) return EQUALITY;
  return count === 1 ? BOX : GENERAL;
}

function boundsOf(kinds: Uint8Array, l: Float64Array, u: Float64Array): Bounds {
  const rows: number[] = [];
  const signs: number[] = [];
  const limits: number[] = [];
  const partners: number[] = [];
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== GENERAL && kinds[i] !== BOX) continue;
    const isTwoSided = l[i] > Number.NEGATIVE_INFINITY && u[i] < Number.POSITIVE_INFINITY;
    const first = rows.length;
    if (l[i] > Number.NEGATIVE_INFINITY) {
      rows.push(i);
      signs.push(-1);
      limits.push(l[i]);
      partners.push(isTwoSided ? first + 1 : -1);
    }
    if (u[i] < Number.POSITIVE_INFINITY) {
      rows.push(i);
      signs.push(1);
      limits.push(u[i]);
      partners.push(isTwoSided ? first : -1);
    }
  }
  return {
    count: rows.length,
    rows: Int32Array.from(rows),
    signs: Float64Array.from(signs),
    limits: Float64Array.from(limits),
    partners: Int32Array.from(partners),
  };
}

/** factor · rows ∘ matrix ∘ columns */
export function scaleMatrix(
  matrix: SparseMatrix,
  rows: Float64Array,
  columns: Float64Array,
  factor: number,
): SparseMatrix {
  const values = new Float64Array(matrix.values.length);
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.starts[j]; k < matrix.starts[j + 1]; k++) {
      values[k] = factor * (rows[matrix.indices[k]] * columns[j]) * matrix.values[k];
    }
  }
  return { ...matrix, values };
}
