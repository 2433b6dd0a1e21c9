/** Which groups of a solved sparse model are in use, and which are at a kink. */
import { countedGradient } from '../../solvers/sparse/optimality.ts';
import { isFree, normOf, type SparseProblem } from '../../solvers/sparse/problem.ts';
import type { Direction } from '../../solvers/sparse/reduced.ts';

/** A solution in numbers. */
export interface SparsePoint {
  readonly problem: SparseProblem;
  readonly beta: Float64Array;
  /** ∇f(β) */
  readonly gradient: Float64Array;
}

/** A group at a kink: β_g = 0 and ‖∇_g f‖ = t_g, within the tolerance. */
export interface GroupKink {
  readonly group: number;
  /** ‖∇_g f‖ */
  readonly value: number;
  readonly distance: number;
}

export interface ActiveGroups {
  /** Groups without a penalty that may have either sign. */
  readonly free: readonly number[];
  /** Penalised groups with β_g ≠ 0 beyond the tolerance. */
  readonly support: readonly number[];
  readonly kinks: readonly GroupKink[];
  /** Support and kinks together, in increasing order. */
  readonly equicorrelation: readonly number[];
  /** The largest tolerance. */
  readonly kinkTolerance: number;
}

/** @param tolerance relative to the threshold of a group and to a share of the largest one */
export function findActiveGroups({ problem, beta, gradient }: SparsePoint, tolerance: number): ActiveGroups {
  const { groups, thresholds, nonNegative } = problem;
  const free: number[] = [];
  const support: number[] = [];
  const kinks: GroupKink[] = [];
  const equicorrelation: number[] = [];
  const largest = thresholds.reduce((a, b) => Math.max(a, b), 0);
  for (let group = 0; group < groups.length; group++) {
    const members = groups[group];
    if (isFree(problem, group)) {
      free.push(group);
      continue;
    }
    const within = tolerance * (thresholds[group] + largest / 16);
    const value = countedGradient(nonNegative, gradient, members);
    // A coefficient of the size of rounding is 0: hβ stands beside gradients, as in the proximal map of step 1/h.
    const norm = normOf(beta, members);
    const excess = norm > 0 ? scaleOf(problem, members) * norm : 0;
    if (excess > within) support.push(group);
    else if (value >= thresholds[group] - within)
      kinks.push({ group, value, distance: Math.abs(value - thresholds[group]) });
    else continue;
    equicorrelation.push(group);
  }
  return { free, support, kinks, equicorrelation, kinkTolerance: tolerance * largest * (1 + 1 / 16) };
}

/** h = max ω‖X_j‖² over the group: the scale between coefficients and gradients. */
function scaleOf({ X, rows, outputs, rowWeights }: SparseProblem, members: Int32Array): number {
  let largest = 0;
  for (const at of members) {
    const start = Math.floor(at / outputs) * rows;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += rowWeights[row] * X[start + row] ** 2;
    largest = Math.max(largest, sum);
  }
  return largest;
}

/**
 * v_g, along which J_max of a group has the eigenvalue 1: β_g/‖β_g‖ in use, −∇_g f/‖∇_g f‖ at a kink.
 * @param isKink whether the group is at a kink
 */
export function directionOf({ problem, beta, gradient }: SparsePoint, group: number, isKink: boolean): Direction {
  const members = problem.groups[group];
  const values = Float64Array.from(members, (at) => (isKink ? -gradient[at] : beta[at]));
  if (members.length === 1)
    return { group, members, values: Float64Array.of(problem.nonNegative || values[0] >= 0 ? 1 : -1) };
  const norm = Math.hypot(...values);
  return { group, members, values: values.map((value) => value / norm) };
}
