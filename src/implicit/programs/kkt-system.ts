/**
 * The symmetric system of a set of active rows, [P, A_aᵀ; A_a, −Δ], which serves tangents, adjoints and polishing: with
 * J = diag(d), d > 0 on these rows and 0 elsewhere, and Δ = (1 − d)/d, it is singular where M(J) = [P, AᵀJ; −A, I − J]
 * is, and its solution gives that of M and of Mᵀ.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramData } from '../../solvers/programs/problem.ts';
import { factorise, solve } from '../hypothesis/matrices.ts';
import { createExactSums, eachEntry } from './products.ts';

/** A set of rows, and Δ ≥ 0 for each. */
export interface RowSet {
  readonly rows: readonly number[];
  readonly damping: Float64Array;
}

/** The matrix [P, A_aᵀ; A_a, −Δ] of order n + a, and its diagonal scaling. */
export interface KktMatrix {
  readonly order: number;
  readonly data: ProgramData;
  readonly set: RowSet;
  /** The place of each row of A in the set, −1 where it is not in it. */
  readonly places: Int32Array;
  /** S, so that the largest entry of each row of SKS is about 1. */
  readonly scale: Float64Array;
}

const SWEEPS = 15;

export function createKktMatrix(data: ProgramData, set: RowSet): KktMatrix {
  const { n, m } = data;
  const order = n + set.rows.length;
  const places = new Int32Array(m).fill(-1);
  for (const [place, row] of set.rows.entries()) places[row] = place;
  const scale = new Float64Array(order).fill(1);
  const matrix = { order, data, set, places, scale };
  // Ruiz, A scaling algorithm to equilibrate both rows and columns norms in matrices (2001).
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const norms = new Float64Array(order);
    eachKktEntry(matrix, (i, j, value) => {
      norms[i] = Math.max(norms[i], Math.abs(value * scale[i] * scale[j]));
    });
    for (let i = 0; i < order; i++) if (norms[i] > 0) scale[i] /= Math.sqrt(norms[i]);
  }
  return matrix;
}

/** Calls the function for each entry of K, those above the diagonal and those below. */
function eachKktEntry(
  { data: { n, P, A }, set: { damping }, places }: KktMatrix,
  visit: (i: number, j: number, value: number) => void,
): void {
  eachEntry(P, visit);
  eachEntry(A, (row, column, value) => {
    if (places[row] < 0) return;
    visit(n + places[row], column, value);
    visit(column, n + places[row], value);
  });
  for (let place = 0; place < damping.length; place++) {
    if (damping[place] !== 0) visit(n + place, n + place, -damping[place]);
  }
}

/** SKS as a dense matrix, row-major. */
export function toDenseKkt(matrix: KktMatrix): Float64Array {
  const { order, scale } = matrix;
  const dense = new Float64Array(order * order);
  eachKktEntry(matrix, (i, j, value) => {
    dense[i * order + j] += value * scale[i] * scale[j];
  });
  return dense;
}

/** right − K·solution, summed with compensation. */
export function kktResidual(matrix: KktMatrix, right: Float64Array, solution: Float64Array): Float64Array {
  const sums = createExactSums(matrix.order);
  for (let i = 0; i < matrix.order; i++) sums.add(i, right[i], 1);
  eachKktEntry(matrix, (i, j, value) => sums.add(i, -value, solution[j]));
  return sums.values();
}

/** max over the rows of S·(|right| + |K||solution|): the size to which a residual is compared. */
function sizeOfTerms(matrix: KktMatrix, right: Float64Array, solution: Float64Array): number {
  const sizes = right.map(Math.abs);
  eachKktEntry(matrix, (i, j, value) => {
    sizes[i] += Math.abs(value * solution[j]);
  });
  return sizes.reduce((size, value, i) => Math.max(size, value * matrix.scale[i]), 0);
}

/** Solves with a matrix near SKS. */
export type ApproximateSolve = (right: Float64Array) => Float64Array;

/** How K is changed before it is factorised. */
export interface KktChange {
  /** δ: SKS + diag(δ, −δ) is quasi-definite. Default 0. */
  readonly regularisation?: number;
  /** Orthonormal vectors N: NNᵀ is added to SKS. Where N spans the kernel, the sum is invertible. */
  readonly kernel?: readonly Float64Array[];
}

/** Factorises SKS, changed as asked. Every factorisation of a program passes here. */
export function* factoriseKkt(
  matrix: KktMatrix,
  { regularisation = 0, kernel = [] }: KktChange,
): Interruptible<ApproximateSolve> {
  const { order, data } = matrix;
  const dense = toDenseKkt(matrix);
  for (let i = 0; i < order; i++) dense[i * order + i] += i < data.n ? regularisation : -regularisation;
  for (const vector of kernel) {
    for (let i = 0; i < order; i++) {
      if (vector[i] === 0) continue;
      for (let j = 0; j < order; j++) dense[i * order + j] += vector[i] * vector[j];
    }
  }
  const factorisation = yield* factorise(dense, order);
  return (right) => solve(factorisation, right);
}

/** A solution of K·solution = right, and how good it is. */
export interface Refined {
  readonly solution: Float64Array;
  /** The max norm of the scaled residual over that of its terms. */
  readonly residual: number;
}

/** A sweep that gains less than this factor is the last but one. */
const PROGRESS = 0.5;

/** Iterates on the true residual until it is rounding or no longer falls; with a regularised K this is the proximal point method. */
export function* refine(
  matrix: KktMatrix,
  approximate: ApproximateSolve,
  right: Float64Array,
  start: Float64Array,
  sweeps: number,
): Interruptible<Refined> {
  const { scale } = matrix;
  const measure = (solution: Float64Array): Refined & { scaled: Float64Array } => {
    const scaled = kktResidual(matrix, right, solution).map((value, i) => value * scale[i]);
    const size = sizeOfTerms(matrix, right, solution);
    const residual = scaled.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / (size || 1);
    return { solution, residual: scaled.every(Number.isFinite) ? residual : Number.POSITIVE_INFINITY, scaled };
  };
  let best = measure(start);
  let idle = 0;
  for (let sweep = 0; sweep < sweeps && idle < 2 && best.residual > Number.EPSILON / 8; sweep++) {
    const step = approximate(best.scaled);
    const next = measure(best.solution.map((value, i) => value + scale[i] * step[i]));
    yield;
    idle = next.residual < PROGRESS * best.residual ? 0 : idle + 1;
    if (!(next.residual < best.residual)) break;
    best = next;
  }
  return { solution: best.solution, residual: best.residual };
}
