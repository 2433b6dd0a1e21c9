/**
 * The symmetric system of a set of active rows, [P, A_aᵀ; A_a, −Δ], which serves tangents, adjoints and polishing: with
 * J = diag(d), d > 0 on these rows and 0 elsewhere, and Δ = (1 − d)/d, it is singular where M(J) = [P, AᵀJ; −A, I − J]
 * is, and its solution gives that of M and of Mᵀ.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { factorise, solve } from '../../solvers/matrices.ts';
import { Sums } from '../../solvers/programs/compensated.ts';
import { KktSystem } from '../../solvers/programs/kkt.ts';
import { combineCorrections } from '../../solvers/programs/krylov.ts';
import type { ProgramMatrices, SparseMatrix } from '../../solvers/programs/problem.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import { eachEntry, selectRows } from '../../solvers/programs/sparse.ts';

/** A set of rows, and Δ ≥ 0 for each. */
export interface RowSet {
  readonly rows: readonly number[];
  readonly damping: Float64Array;
}

/** The matrix [P, A_aᵀ; A_a, −Δ] of order n + a, and its diagonal scaling. */
export interface KktMatrix {
  readonly order: number;
  readonly data: ProgramMatrices;
  readonly set: RowSet;
  /** A_a */
  readonly active: SparseMatrix;
  /** S, so that the largest entry of each row of SKS is about 1. */
  readonly scale: Float64Array;
}

const SWEEPS = 15;
/** Sweeps end where the largest entries of all rows are within this factor of 1. */
const EVEN = 1.2;

export function* createKktMatrix(data: ProgramMatrices, set: RowSet): Interruptible<KktMatrix> {
  const { n, m } = data;
  const order = n + set.rows.length;
  const places = new Int32Array(m).fill(-1);
  for (const [place, row] of set.rows.entries()) places[row] = place;
  const scale = new Float64Array(order).fill(1);
  const matrix = { order, data, set, active: selectRows(data.A, places, set.rows.length), scale };
  // Ruiz, "A scaling algorithm to equilibrate both rows and columns norms in matrices" (2001).
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const norms = new Float64Array(order);
    eachKktEntry(matrix, (i, j, value) => {
      norms[i] = Math.max(norms[i], Math.abs(value * scale[i] * scale[j]));
    });
    for (let i = 0; i < order; i++) if (norms[i] > 0) scale[i] /= Math.sqrt(norms[i]);
    yield;
    if (norms.every((size) => size === 0 || (size > 1 / EVEN && size < EVEN))) break;
  }
  // With powers of two the scaled system has the residuals of the given one.
  for (let i = 0; i < order; i++) scale[i] = 2 ** Math.round(Math.log2(scale[i]));
  return matrix;
}

/** Calls the function for each entry of K, those above the diagonal and those below. */
function eachKktEntry(
  { data: { n, P }, active, set: { damping } }: KktMatrix,
  visit: (i: number, j: number, value: number) => void,
): void {
  eachEntry(P, visit);
  eachEntry(active, (place, column, value) => {
    visit(n + place, column, value);
    visit(column, n + place, value);
  });
  for (let place = 0; place < damping.length; place++) {
    if (damping[place] !== 0) visit(n + place, n + place, -damping[place]);
  }
}

/** SKS as a dense matrix, row-major. */
function toDense(matrix: KktMatrix): Float64Array {
  const { order, scale } = matrix;
  const dense = new Float64Array(order * order);
  eachKktEntry(matrix, (i, j, value) => {
    dense[i * order + j] += value * scale[i] * scale[j];
  });
  return dense;
}

/** right − K·solution, summed with compensation. */
function residualOf(
  { order, data: { n, P }, active, set: { damping } }: KktMatrix,
  right: Float64Array,
  solution: Float64Array,
): Float64Array {
  const [x, y] = [solution.subarray(0, n), solution.subarray(n)];
  const residual = new Float64Array(order);
  const upper = new Sums(n).add(right.subarray(0, n)).addProduct(P, x, -1).addTransposedProduct(active, y, -1);
  const lower = new Sums(order - n).add(right.subarray(n)).addProduct(active, x, -1).addScaled(damping, y, 1);
  upper.round(residual.subarray(0, n));
  lower.round(residual.subarray(n));
  return residual;
}

/** K·vector */
export function kktProduct(matrix: KktMatrix, vector: Float64Array): Float64Array {
  return residualOf(matrix, new Float64Array(matrix.order), vector).map((value) => -value);
}

/** |right| + |K||solution|: the sizes of the terms of the residual. */
export function kktTerms(matrix: KktMatrix, right: Float64Array, solution: Float64Array): Float64Array {
  const sizes = right.map(Math.abs);
  eachKktEntry(matrix, (i, j, value) => {
    sizes[i] += Math.abs(value * solution[j]);
  });
  return sizes;
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

/** Beyond this order K is factorised as a sparse matrix. */
const DENSE_ORDER = 300;
/** Sparse factors exist only with some regularisation; refinement takes its effect away. */
const LEAST_SPARSE_REGULARISATION = 1e-8;

export const isDense = (order: number): boolean => order <= DENSE_ORDER;

/** Factorises SKS, changed as asked. Every factorisation of a program passes here. A sparse one leaves out the kernel. */
export function* factoriseKkt(
  matrix: KktMatrix,
  { regularisation = 0, kernel = [] }: KktChange,
): Interruptible<ApproximateSolve> {
  if (!isDense(matrix.order)) {
    return yield* factoriseSparse(matrix, Math.max(regularisation, LEAST_SPARSE_REGULARISATION));
  }
  const { order, data } = matrix;
  const dense = toDense(matrix);
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

function* factoriseSparse(matrix: KktMatrix, regularisation: number): Interruptible<ApproximateSolve> {
  const { order, data, active, scale, set } = matrix;
  const { n } = data;
  const scaled = (part: SparseMatrix, offset: number): SparseMatrix => {
    const values = part.values.slice();
    eachEntry(part, (row, column, value, entry) => {
      values[entry] = value * scale[offset + row] * scale[column];
    });
    return { ...part, values };
  };
  const system = yield* KktSystem.of(scaled(data.P, 0), scaled(active, n));
  const damping = set.damping.map((value, place) => value * scale[n + place] ** 2);
  const strength = { variables: regularisation, rows: regularisation, isProximal: false };
  const hasFactors = yield* system.factorise(new Float64Array(n), damping, strength);
  return (right) => {
    const solution = new Float64Array(order).fill(Number.NaN);
    if (hasFactors) system.precondition(right, solution);
    return solution;
  };
}

/** A solution of K·solution = right, and how good it is. */
export interface Refined {
  readonly solution: Float64Array;
  /** The max norm of the scaled residual over `size`. */
  readonly residual: number;
  /** The max norm of its terms at the solution or at the start, if these are larger: a solution may be 0. */
  readonly size: number;
}

/** A sweep that leaves more than this share of the residual is the last but one. */
const PROGRESS = 0.5;
/** Where sweeps leave a residual above this, their corrections are combined, so many of them, in so many rounds. */
const ENOUGH = 1e-14;
const COMBINED = 12;
const ROUNDS = 3;

/**
 * Iterates on the true residual until it is rounding or no longer falls; with a regularised K this is the proximal
 * point method.
 */
export function* refine(
  matrix: KktMatrix,
  approximate: ApproximateSolve,
  right: Float64Array,
  start: Float64Array,
  sweeps: number,
): Interruptible<Refined> {
  const { scale } = matrix;
  const sizeAt = (solution: Float64Array): number =>
    kktTerms(matrix, right, solution).reduce((most, value, i) => Math.max(most, value * scale[i]), 0);
  const least = sizeAt(start);
  const measure = (solution: Float64Array): Refined & { scaled: Float64Array } => {
    const scaled = residualOf(matrix, right, solution).map((value, i) => value * scale[i]);
    const size = Math.max(sizeAt(solution), least);
    const residual = largestMagnitude(scaled) / (size || 1);
    return { solution, residual: Number.isFinite(residual) ? residual : Number.POSITIVE_INFINITY, size, scaled };
  };
  const corrected = (solution: Float64Array, step: Float64Array): Float64Array =>
    solution.map((value, i) => value + scale[i] * step[i]);
  yield;
  let best = measure(start);
  yield;
  let idle = 0;
  for (let sweep = 0; sweep < sweeps && idle < 2 && best.residual > Number.EPSILON / 8; sweep++) {
    const step = approximate(best.scaled);
    yield;
    const next = measure(corrected(best.solution, step));
    yield;
    idle = next.residual < PROGRESS * best.residual ? 0 : idle + 1;
    if (!(next.residual < best.residual)) break;
    best = next;
  }
  const system = scaledSystem(matrix, approximate);
  for (let round = 0; round < ROUNDS && best.residual > ENOUGH && best.residual < 1; round++) {
    const step = yield* combineCorrections(system, best.scaled, COMBINED, ENOUGH / best.residual);
    const next = measure(corrected(best.solution, step));
    const isWorthwhile = next.residual < PROGRESS * best.residual;
    if (next.residual < best.residual) best = next;
    if (!isWorthwhile) break;
  }
  return { solution: best.solution, residual: best.residual, size: best.size };
}

function scaledSystem(matrix: KktMatrix, approximate: ApproximateSolve): Parameters<typeof combineCorrections>[0] {
  const { scale } = matrix;
  return {
    apply: (vector, target) => {
      target.set(
        kktProduct(
          matrix,
          vector.map((value, i) => value * scale[i]),
        ),
      );
      for (let i = 0; i < target.length; i++) target[i] *= scale[i];
    },
    precondition: (vector, target) => target.set(approximate(vector)),
  };
}
