/**
 * Coordinate descent on a quadratic model of the loss, group by group (J. Friedman, T. Hastie, R. Tibshirani 2010; for
 * groups with the step that a bound of the curvature makes safe).
 */
import { LOSSES } from './loss.ts';
import { gradientAt, isFree, type Slopes, type SparseProblem } from './problem.ts';

/** The most sweeps over the groups for one model. */
const SWEEPS = 30;
/** Sweeps end when their changes are this share of those of the first one. */
const ENOUGH = 1e-3;

/** Steps of groups with more than one coefficient, kept for the problem: they depend on X alone. */
export class GroupSteps {
  private readonly bounds = new Map<number, number>();

  constructor(private readonly problem: SparseProblem) {}

  /** A bound of the curvature of f along a group: the largest row sum of |X_gᵀΩX_g|, times that of ℓ″. */
  boundOf(group: number): number {
    let bound = this.bounds.get(group);
    if (bound === undefined) {
      bound = this.computeBound(this.problem.groups[group]);
      this.bounds.set(group, bound);
    }
    return bound;
  }

  private computeBound(members: Int32Array): number {
    const { X, rows, outputs, rowWeights, loss } = this.problem;
    let largest = 0;
    for (const a of members) {
      let sum = 0;
      for (const b of members) {
        if (a % outputs !== b % outputs) continue;
        let product = 0;
        const [i, j] = [Math.floor(a / outputs) * rows, Math.floor(b / outputs) * rows];
        for (let row = 0; row < rows; row++) product += rowWeights[row] * X[i + row] * X[j + row];
        sum += Math.abs(product);
      }
      largest = Math.max(largest, sum);
    }
    return largest * LOSSES[loss].curvatureBound;
  }
}

/**
 * Improves β in place on some groups, for the model of the loss at the slopes.
 * @param slopes overwritten by those of the model at the new β
 */
export function descend(
  problem: SparseProblem,
  steps: GroupSteps,
  working: readonly number[],
  beta: Float64Array,
  { slopes, curvatures }: Slopes,
): void {
  const curvatureOf = new Float64Array(working.length);
  for (const [place, group] of working.entries()) {
    const members = problem.groups[group];
    curvatureOf[place] = members.length === 1 ? curvatureAlong(problem, curvatures, members[0]) : steps.boundOf(group);
  }
  let first = 0;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let largest = 0;
    for (const [place, group] of working.entries()) {
      if (!(curvatureOf[place] > 0)) continue;
      const moved = updateGroup(problem, group, curvatureOf[place], beta, slopes, curvatures);
      largest = Math.max(largest, moved * Math.sqrt(curvatureOf[place]));
    }
    if (sweep === 0) first = largest;
    if (largest <= ENOUGH * first) return;
  }
}

/** xᵀ(ω∘ℓ″)x along one coefficient. */
function curvatureAlong({ X, rows, outputs }: SparseProblem, curvatures: Float64Array, at: number): number {
  const start = Math.floor(at / outputs) * rows;
  const k = at % outputs;
  const block = (k * outputs + k) * rows;
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += curvatures[block + row] * X[start + row] ** 2;
  return sum;
}

/** @returns the length of the move */
function updateGroup(
  problem: SparseProblem,
  group: number,
  curvature: number,
  beta: Float64Array,
  slopes: Float64Array,
  curvatures: Float64Array,
): number {
  const members = problem.groups[group];
  const size = members.length;
  const next = new Float64Array(size);
  let norm = 0;
  for (let i = 0; i < size; i++) {
    next[i] = beta[members[i]] - gradientAt(problem, slopes, members[i]) / curvature;
    norm = size === 1 ? Math.abs(next[i]) : Math.hypot(norm, next[i]);
  }
  const factor = isFree(problem, group) ? 1 : shrinkage(problem, next[0], norm, problem.thresholds[group] / curvature);
  let moved = 0;
  for (let i = 0; i < size; i++) {
    const change = factor * next[i] - beta[members[i]];
    if (change === 0) continue;
    moved = Math.hypot(moved, change);
    beta[members[i]] += change;
    moveSlopes(problem, members[i], change, slopes, curvatures);
  }
  return moved;
}

/** By what the proximal operator multiplies a group. */
function shrinkage({ nonNegative }: SparseProblem, first: number, norm: number, threshold: number): number {
  if (nonNegative && first < 0) return 0;
  return norm > threshold ? 1 - threshold / norm : 0;
}

function moveSlopes(
  { X, rows, outputs, loss }: SparseProblem,
  at: number,
  change: number,
  slopes: Float64Array,
  curvatures: Float64Array,
): void {
  const start = Math.floor(at / outputs) * rows;
  const k = at % outputs;
  for (let l = 0; l < outputs; l++) {
    if (l !== k && loss === 'square') continue;
    const block = (l * outputs + k) * rows;
    const to = l * rows;
    for (let row = 0; row < rows; row++) slopes[to + row] += curvatures[block + row] * X[start + row] * change;
  }
}
