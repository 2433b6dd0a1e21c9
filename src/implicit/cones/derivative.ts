/** Derivatives of a cone program at a solution, forwards and backwards, in float64 (Bolte et al. 2021, Proposition 4). */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import type { Determined } from '../programs/directions.ts';
import { createKktMatrix } from '../programs/kkt-system.ts';
import { multiplySparse, multiplySparseTransposed, multiplySparseTransposedAbsolute } from '../programs/products.ts';
import { removeComponents } from '../programs/rank.ts';
import { createSystem, type SolvableKkt, solveConsistent } from '../programs/solvable-kkt.ts';
import { type ConeActivity, type ConeSelection, dampingOf, sharesOf } from './activity.ts';
import { type SharedDerivatives, sharedDerivatives } from './curvature.ts';
import { type ConeDirections, rightSideOf } from './directions.ts';
import { type Eigenrows, fromEigenvectors, sizesInEigenvectors, toEigenvectors } from './eigenrows.ts';

/** Cotangents of x [n], y [m] and s [m]; one that is absent is 0. */
export interface ConeCotangents {
  readonly x?: Float64Array;
  readonly y?: Float64Array;
  readonly s?: Float64Array;
}

/** The solution of Mᵀ(w_u, w_v) = −g, g = (x̄, J(ȳ + s̄) − s̄), as gradients take it. */
export interface ConeAdjoint {
  /** w_u, n; NaN where the system has no solution. */
  readonly wu: Float64Array;
  /** b̄ = w_v, m; NaN where the system has no solution. */
  readonly wv: Float64Array;
  /** The true residual, relative to its terms, after scaling. */
  readonly residual: number;
  /** Whether M is singular and the cotangent asks for what is not determined. All numbers are NaN, unless the least norm was asked for. */
  readonly singular: boolean;
  /** Which gradients are determined. Those that are not are the ones of least norm; all are false where it is singular. */
  readonly determined: Determined<'P' | 'A' | 'b' | 'c'>;
}

/** A directional derivative. */
export interface ConeTangent {
  /** dx, n. */
  readonly x: Float64Array;
  /** dy, m. */
  readonly y: Float64Array;
  /** ds = db − dA x − A dx, m. */
  readonly s: Float64Array;
  /** The true residual of the linear system, relative to its terms, after scaling. */
  readonly residual: number;
  /** Whether M is singular and no solution follows the direction. All numbers are NaN, unless the least norm was asked for. */
  readonly singular: boolean;
  /** Which of the three are determined. Those that are not are the ones of least norm; all are false where it is singular. */
  readonly determined: Determined<'x' | 'y' | 's'>;
}

/** The derivative of (P, A, b, c) ↦ (x, y, s) for one element J, with a factorised M. */
export interface ConeDerivative {
  /** Whether M is singular to the accuracy of the data. */
  readonly isSingular: boolean;
  adjoint(cotangents: ConeCotangents): Interruptible<ConeAdjoint>;
  tangent(directions: ConeDirections): Interruptible<ConeTangent>;
}

/** How a derivative is taken. */
export interface DerivativeChoice {
  /** q at the kinks. */
  readonly selection: ConeSelection;
  /** Whether a singular system is solved in the least-squares sense, by the solution of least norm. */
  readonly leastNorm: boolean;
}

export function* createConeDerivative(
  data: ConeData,
  activity: ConeActivity,
  { selection, leastNorm }: DerivativeChoice,
): Interruptible<ConeDerivative> {
  const shares = sharesOf(activity, selection);
  const rows = Array.from(shares.keys()).filter((place) => shares[place] > 0);
  const damping = dampingOf(activity, shares, rows);
  const matrix = yield* createKktMatrix(activity.eigenrows.matrices, { rows, damping });
  const system = yield* createSystem(matrix, shares, activity.accuracy);
  const { kernel } = system;
  const { eigenrows } = activity;
  const shared = kernel ? sharedDerivatives(data, eigenrows, rows, kernel) : { ofPrimal: true, ofDual: true };
  const bases: Bases = { data, activity, eigenrows, system, leastNorm, shared };
  return {
    isSingular: system.kernel !== undefined,
    adjoint: (cotangents) => solveAdjoint(bases, cotangents),
    tangent: (directions) => solveTangent(bases, directions),
  };
}

interface Bases {
  readonly data: ConeData;
  readonly activity: ConeActivity;
  readonly eigenrows: Eigenrows;
  readonly system: SolvableKkt;
  readonly leastNorm: boolean;
  readonly shared: SharedDerivatives;
}

/**
 * A loss in s = b − Ax is one in x and b: x̄ − Aᵀs̄ and b̄ + s̄. What is left, Mᵀ(w_u, w) = −(x̄ − Aᵀs̄, Jȳ), is in
 * eigenvectors with d > 0, divided by d, [P, (UᵀA)ᵀ; UᵀA, −Δ](w_u, −Uᵀw) = −(x̄ − Aᵀs̄, Uᵀȳ).
 */
function* solveAdjoint(bases: Bases, { x, y, s }: ConeCotangents): Interruptible<ConeAdjoint> {
  const { data, eigenrows } = bases;
  const { n, m, A } = data;
  const pulled = s ? multiplySparseTransposed(A, s) : new Float64Array(n);
  const pulledSizes = s ? multiplySparseTransposedAbsolute(A, s) : new Float64Array(n);
  const upper = Float64Array.from({ length: n }, (_, j) => pulled[j] - (x?.[j] ?? 0));
  const upperSizes = pulledSizes.map((size, j) => size + Math.abs(x?.[j] ?? 0));
  const dual = y ?? new Float64Array(m);
  yield;
  const lower = toEigenvectors(eigenrows.eigenvectors, dual).map((value) => -value);
  yield;
  const lowerSizes = sizesInEigenvectors(eigenrows.eigenvectors, dual.map(Math.abs));
  yield;
  const solved = yield* solveInEigenvectors(bases, { upper, upperSizes, lower, lowerSizes });
  if (!solved) {
    return {
      wu: new Float64Array(n).fill(Number.NaN),
      wv: new Float64Array(m).fill(Number.NaN),
      residual: Number.NaN,
      singular: true,
      determined: { P: false, A: false, b: false, c: false },
    };
  }
  const { isUnique, areIndependent, singular } = solved;
  return {
    wu: solved.upper,
    wv: solved.lower.map((value, row) => (s?.[row] ?? 0) - value),
    residual: solved.residual,
    singular,
    determined: {
      P: isUnique && !singular,
      c: isUnique && !singular,
      A: isUnique && areIndependent && !singular,
      b: areIndependent && !singular,
    },
  };
}

/** [P, (UᵀA)ᵀ; UᵀA, −Δ](dx, Uᵀdy) = (−(dP x + dAᵀy + dc), Uᵀ(db − dA x)), and ds = db − dA x − A dx. */
function* solveTangent(bases: Bases, directions: ConeDirections): Interruptible<ConeTangent> {
  const { data, activity, eigenrows } = bases;
  const { n, m, A } = data;
  const { dual, moved, dualSizes, movedSizes } = rightSideOf(data, activity.point, directions);
  yield;
  const solved = yield* solveInEigenvectors(bases, {
    upper: dual,
    upperSizes: dualSizes,
    lower: toEigenvectors(eigenrows.eigenvectors, moved),
    lowerSizes: sizesInEigenvectors(eigenrows.eigenvectors, movedSizes),
  });
  if (!solved) {
    return {
      x: new Float64Array(n).fill(Number.NaN),
      y: new Float64Array(m).fill(Number.NaN),
      s: new Float64Array(m).fill(Number.NaN),
      residual: Number.NaN,
      singular: true,
      determined: { x: false, y: false, s: false },
    };
  }
  const { isUnique, areIndependent, singular } = solved;
  const image = multiplySparse(A, solved.upper);
  return {
    x: solved.upper,
    y: solved.lower,
    s: moved.map((value, row) => value - image[row]),
    residual: solved.residual,
    singular,
    determined: { x: isUnique && !singular, y: areIndependent && !singular, s: isUnique && !singular },
  };
}

interface RightSide {
  /** n */
  readonly upper: Float64Array;
  readonly upperSizes: Float64Array;
  /** m, in eigenvectors; those with d = 0 are not read. */
  readonly lower: Float64Array;
  readonly lowerSizes: Float64Array;
}

interface Solved {
  /** n */
  readonly upper: Float64Array;
  /** m */
  readonly lower: Float64Array;
  readonly residual: number;
  /** Whether the derivatives of x and s are determined. */
  readonly isUnique: boolean;
  /** Whether that of y is. */
  readonly areIndependent: boolean;
  /** Whether the right-hand side was moved into the range. */
  readonly singular: boolean;
}

function* solveInEigenvectors(
  { data: { n }, activity, eigenrows, system, leastNorm, shared }: Bases,
  { upper, upperSizes, lower, lowerSizes }: RightSide,
): Interruptible<Solved | undefined> {
  const { matrix, kernel } = system;
  const { rows } = matrix.set;
  const right = new Float64Array(matrix.order);
  const sizes = new Float64Array(matrix.order);
  right.set(upper);
  sizes.set(upperSizes);
  for (const [index, place] of rows.entries()) {
    right[n + index] = lower[place];
    sizes[n + index] = lowerSizes[place];
  }
  let solved = yield* solveConsistent(system, right, sizes, activity.accuracy);
  const singular = solved === undefined;
  if (!solved && leastNorm && kernel) solved = yield* solveConsistent(system, inRange(right, kernel, n), sizes, 1);
  if (!solved) return undefined;
  return {
    upper: solved.solution.slice(0, n),
    lower: fromEigenvectors(eigenrows.eigenvectors, rows, solved.solution.subarray(n)),
    residual: solved.residual,
    isUnique: (!kernel || kernel.variables.length === 0) && shared.ofPrimal,
    areIndependent: (!kernel || kernel.rows.length === 0) && shared.ofDual,
    singular,
  };
}

/** The nearest right-hand side that the symmetric matrix can reach. */
function inRange(
  right: Float64Array,
  { variables, rows }: NonNullable<SolvableKkt['kernel']>,
  n: number,
): Float64Array {
  const nearest = right.slice();
  removeComponents(nearest.subarray(0, n), variables);
  removeComponents(nearest.subarray(n), rows);
  return nearest;
}
