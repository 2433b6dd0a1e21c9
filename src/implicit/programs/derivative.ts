/** Derivatives of a quadratic program at a solution, forwards and backwards, in float64. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { PrimalDual, ProgramData } from '../../solvers/programs/problem.ts';
import { type RowActivity, type RowSelection, sharesOf } from './active-rows.ts';
import {
  type AdjointSolution,
  type Determined,
  type Directions,
  type GradientPlaces,
  gradientsOf,
  type ProgramGradients,
  rightSideOf,
} from './directions.ts';
import { findKktKernel, isConsistent, type KktKernel } from './kkt-kernel.ts';
import {
  type ApproximateSolve,
  createKktMatrix,
  factoriseKkt,
  type KktMatrix,
  type RowSet,
  refine,
} from './kkt-system.ts';
import { multiplySparse, multiplySparseTransposed, multiplySparseTransposedAbsolute } from './products.ts';
import { removeComponents } from './rank.ts';

/** Cotangents of x [n], y [m] and z = Ax [m]; one that is absent is 0. */
export interface ProgramCotangents {
  readonly x?: Float64Array;
  readonly y?: Float64Array;
  readonly z?: Float64Array;
}

/** The solution of Mᵀ(w_u, w_v) = −(x̄ + Aᵀz̄, Jȳ). */
export interface ProgramAdjoint extends AdjointSolution {
  /** n; NaN where the system has no solution. */
  readonly wu: Float64Array;
  /** m; NaN where the system has no solution. */
  readonly wv: Float64Array;
  /** z̄, m, which the gradient in A contains. */
  readonly z: Float64Array;
  /** The true residual, relative to its terms, after scaling. */
  readonly residual: number;
  /** Whether M is singular and the cotangent asks for what is not determined. All numbers are then NaN. */
  readonly singular: boolean;
  /** Which gradients are determined. Those that are not are the ones of least norm; all are false where it is singular. */
  readonly determined: Determined<'P' | 'q' | 'A' | 'l' | 'u'>;
}

/** A directional derivative. */
export interface ProgramTangent {
  /** dx, n. */
  readonly x: Float64Array;
  /** dy, m. */
  readonly y: Float64Array;
  /** dz = A dx + dA x, m. */
  readonly z: Float64Array;
  /** The true residual of the linear system, relative to its terms, after scaling. */
  readonly residual: number;
  /** Whether M is singular and no solution follows the direction. All numbers are then NaN. */
  readonly singular: boolean;
  /** Which of the three are determined. Those that are not are the ones of least norm; all are false where it is singular. */
  readonly determined: Determined<'x' | 'y' | 'z'>;
}

/** The derivative of (P, q, A, l, u) ↦ (x, y, z) for one selection, with a factorised M. */
export interface ProgramDerivative {
  /** Whether M is singular to the accuracy of the data. */
  readonly isSingular: boolean;
  /** The rows, of those that count as active, that depend on others: their multipliers are not determined. */
  readonly dependentRows: readonly number[];
  adjoint(cotangents: ProgramCotangents): Interruptible<ProgramAdjoint>;
  /** The gradients in the data. NaN where the adjoint is singular. */
  gradients(adjoint: AdjointSolution, places?: GradientPlaces): ProgramGradients;
  tangent(directions: Directions): Interruptible<ProgramTangent>;
}

const SWEEPS = 12;
/** In the kernel test, a matrix whose σ_min is estimated above this is not examined further. */
const CLEARLY_INVERTIBLE = 1e-6;

/**
 * @param solution as in `activity.solution`
 * @param selection the share in [0, 1] with which weakly active rows count as active
 */
export function* createDerivative(
  data: ProgramData,
  solution: PrimalDual,
  activity: RowActivity,
  selection: RowSelection,
): Interruptible<ProgramDerivative> {
  const shares = sharesOf(activity, selection);
  const rows = activity.states.flatMap((_, row) => (shares[row] > 0 ? [row] : []));
  const set: RowSet = { rows, damping: Float64Array.from(rows, (row) => (1 - shares[row]) / shares[row]) };
  const matrix = createKktMatrix(data, set);
  const plain = yield* factoriseKkt(matrix, {});
  const isClear = estimateSmallest(matrix, plain) > Math.max(CLEARLY_INVERTIBLE, 1000 * activity.accuracy);
  const kernel = isClear ? undefined : yield* findKktKernel(matrix, shares, activity.accuracy);
  const isSingular = kernel !== undefined && kernel.scaled.length > 0;
  const approximate = isSingular ? yield* factoriseKkt(matrix, { kernel: kernel.scaled }) : plain;
  const system: System = { matrix, approximate, kernel: isSingular ? kernel : undefined };
  const bases = { data, solution, activity, shares, system };
  return {
    isSingular,
    dependentRows: rows.filter((_, place) => kernel?.rows.some((w) => Math.abs(w[place]) > 1e-9) ?? false),
    adjoint: (cotangents) => solveAdjoint(bases, cotangents),
    gradients: (adjoint, places) => gradientsOf(data, solution, activity.states, adjoint, places),
    tangent: (directions) => solveTangent(bases, directions),
  };
}

interface System {
  readonly matrix: KktMatrix;
  readonly approximate: ApproximateSolve;
  /** Absent where K is invertible. */
  readonly kernel: KktKernel | undefined;
}

interface Bases {
  readonly data: ProgramData;
  readonly solution: PrimalDual;
  readonly activity: RowActivity;
  readonly shares: Float64Array;
  readonly system: System;
}

/** An estimate, from above, of σ_min of SKS by a few steps of inverse iteration. */
function estimateSmallest({ order }: KktMatrix, approximate: ApproximateSolve): number {
  let vector: Float64Array = Float64Array.from({ length: order }, (_, i) => 1 + ((i * 2654435761) % 1024) / 1024);
  let smallest = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 4; step++) {
    const size = Math.hypot(...vector);
    if (size === 0) return smallest;
    const next = approximate(vector.map((value) => value / size));
    const grown = Math.hypot(...next);
    if (!Number.isFinite(grown)) return 0;
    if (grown > 0) smallest = Math.min(smallest, 1 / grown);
    vector = next;
  }
  return smallest;
}

/** The solution of least norm of K·solution = right; undefined where there is none. */
function* solveConsistent(
  { matrix, approximate, kernel }: System,
  right: Float64Array,
  sizes: Float64Array,
  accuracy: number,
): Interruptible<{ solution: Float64Array; residual: number } | undefined> {
  if (kernel && !isConsistent(matrix, kernel, right, sizes, accuracy)) return undefined;
  const start = new Float64Array(matrix.order);
  const { solution, residual } = yield* refine(matrix, approximate, right, start, SWEEPS);
  if (!solution.every(Number.isFinite) || !(residual <= UNSOLVED)) return undefined;
  if (kernel) {
    removeComponents(solution.subarray(0, matrix.data.n), kernel.variables);
    removeComponents(solution.subarray(matrix.data.n), kernel.rows);
  }
  return { solution, residual };
}

/** A relative residual above this leaves no digit of a solution to be relied on. */
const UNSOLVED = 1e-3;

/** [P, A_aᵀ; A_a, −Δ](w_u, −w_v) = −(x̄ + Aᵀz̄, ȳ), which is Mᵀ(w_u, w_v) = −(x̄ + Aᵀz̄, Jȳ) divided by d on each row. */
function* solveAdjoint(
  { data, activity, system }: Bases,
  { x, y, z = new Float64Array(data.m) }: ProgramCotangents,
): Interruptible<ProgramAdjoint> {
  const { n, m, A } = data;
  const { matrix, kernel } = system;
  const [pulled, pulledSizes] = [multiplySparseTransposed(A, z), multiplySparseTransposedAbsolute(A, z)];
  const right = new Float64Array(matrix.order);
  const sizes = new Float64Array(matrix.order);
  for (let j = 0; j < n; j++) {
    right[j] = -((x?.[j] ?? 0) + pulled[j]);
    sizes[j] = Math.abs(x?.[j] ?? 0) + pulledSizes[j];
  }
  for (const [place, row] of matrix.set.rows.entries()) {
    right[n + place] = -(y?.[row] ?? 0);
    sizes[n + place] = Math.abs(right[n + place]);
  }
  const solved = yield* solveConsistent(system, right, sizes, activity.accuracy);
  if (!solved) {
    return {
      wu: new Float64Array(n).fill(Number.NaN),
      wv: new Float64Array(m).fill(Number.NaN),
      z,
      residual: Number.NaN,
      singular: true,
      determined: { P: false, q: false, A: false, l: false, u: false },
    };
  }
  const wv = new Float64Array(m);
  for (const [place, row] of matrix.set.rows.entries()) wv[row] = -solved.solution[n + place];
  const isUnique = !kernel || kernel.variables.length === 0;
  const areIndependent = !kernel || kernel.rows.length === 0;
  return {
    wu: solved.solution.slice(0, n),
    wv,
    z,
    residual: solved.residual,
    singular: false,
    determined: {
      P: isUnique,
      q: isUnique,
      A: isUnique && areIndependent,
      l: areIndependent,
      u: areIndependent,
    },
  };
}

/** [P, A_aᵀ; A_a, −Δ](dx, dy) = (−(dP x + dq + dAᵀy), db − dA x), and dz = A dx + dA x. */
function* solveTangent(
  { data, solution, activity, system }: Bases,
  directions: Directions,
): Interruptible<ProgramTangent> {
  const { n, m, A } = data;
  const { matrix, kernel } = system;
  const { dual, moved, dualSizes, movedSizes, image } = rightSideOf(data, solution, activity.states, directions);
  const right = new Float64Array(matrix.order);
  const sizes = new Float64Array(matrix.order);
  right.set(dual);
  sizes.set(dualSizes);
  for (const [place, row] of matrix.set.rows.entries()) {
    right[n + place] = moved[row];
    sizes[n + place] = movedSizes[row];
  }
  const solved = yield* solveConsistent(system, right, sizes, activity.accuracy);
  if (!solved) {
    return {
      x: new Float64Array(n).fill(Number.NaN),
      y: new Float64Array(m).fill(Number.NaN),
      z: new Float64Array(m).fill(Number.NaN),
      residual: Number.NaN,
      singular: true,
      determined: { x: false, y: false, z: false },
    };
  }
  const dx = solved.solution.slice(0, n);
  const dy = new Float64Array(m);
  for (const [place, row] of matrix.set.rows.entries()) dy[row] = solved.solution[n + place];
  const isUnique = !kernel || kernel.variables.length === 0;
  return {
    x: dx,
    y: dy,
    z: multiplySparse(A, dx).map((value, row) => value + image[row]),
    residual: solved.residual,
    singular: false,
    determined: { x: isUnique, y: !kernel || kernel.rows.length === 0, z: isUnique },
  };
}
