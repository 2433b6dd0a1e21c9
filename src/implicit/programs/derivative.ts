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
import { createKktMatrix, type RowSet } from './kkt-system.ts';
import { multiplySparse, multiplySparseTransposed, multiplySparseTransposedAbsolute } from './products.ts';
import { createSystem, type SolvableKkt, solveConsistent } from './solvable-kkt.ts';

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

/** A row with less than this part in a unit vector of the kernel is not among the dependent ones. */
const TAKES_PART = 1e-9;

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
  const matrix = yield* createKktMatrix(data, set);
  const system = yield* createSystem(matrix, shares, activity.accuracy);
  const { kernel } = system;
  const bases = { data, solution, activity, system };
  return {
    isSingular: kernel !== undefined,
    dependentRows: rows.filter((_, place) => kernel?.rows.some((w) => Math.abs(w[place]) > TAKES_PART) ?? false),
    adjoint: (cotangents) => solveAdjoint(bases, cotangents),
    gradients: (adjoint, places) => gradientsOf(data, solution, activity.states, adjoint, places),
    tangent: (directions) => solveTangent(bases, directions),
  };
}

interface Bases {
  readonly data: ProgramData;
  readonly solution: PrimalDual;
  readonly activity: RowActivity;
  readonly system: SolvableKkt;
}

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
