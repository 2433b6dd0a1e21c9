/** Newton's method on the coefficients in use, where a sparse model is smooth. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { CholeskyFactorisation } from '../matrices.ts';
import { objectiveAt, violationOf } from './optimality.ts';
import { gradientAt, isFree, marginsOf, normOf, type SparseProblem, slopesAt } from './problem.ts';
import { addPenaltyCurvature, type Direction, fixShared, reducedHessian, unitDirections } from './reduced.ts';

/** A point of the solve. */
export interface SparsePoint {
  readonly beta: Float64Array;
  readonly margins: Float64Array;
  readonly objective: number;
}

/** A multiple of the largest diagonal entry that makes a singular matrix definite. */
const DAMPING = 1e-10;
/** Newton steps in a row at most. */
const STEPS = 8;
/** The violation must fall to this share, or the objective must fall. */
const PROGRESS = 0.5;
/** How often a step may be halved. */
const HALVINGS = 4;
/** A group of this share of its former length is 0, but for rounding. */
const VANISHING = 1e-9;
/** Coefficients in use above which the factorisation would cost more than descent. */
const LARGEST = 2000;

/**
 * Takes Newton steps on the groups in use and the free ones, as long as they make progress.
 * @param working groups that hold all that is not 0
 * @param enough the violation at which it ends
 */
export function* polish(
  problem: SparseProblem,
  given: SparsePoint,
  working: readonly number[],
  enough: number,
): Interruptible<SparsePoint> {
  let point = given;
  let violation = Number.NaN;
  for (let step = 0; step < STEPS; step++) {
    const active = groupsInUse(problem, point.beta, working);
    if (active.length === 0 || active.length > LARGEST) return point;
    if (Number.isNaN(violation)) violation = violationAmong(problem, active, point);
    if (violation <= enough) return point;
    const next = yield* takeStep(problem, active, point, violation);
    if (!next) return point;
    point = next.point;
    violation = next.violation;
  }
  return point;
}

/** Those of some groups that are free or not 0. */
export function groupsInUse(problem: SparseProblem, beta: Float64Array, among: readonly number[]): number[] {
  return among.filter((group) => normOf(beta, problem.groups[group]) > 0 || isFree(problem, group));
}

interface Stepped {
  readonly point: SparsePoint;
  /** The largest violation among the groups that are in use. */
  readonly violation: number;
}

function* takeStep(
  problem: SparseProblem,
  active: readonly number[],
  point: SparsePoint,
  violation: number,
): Interruptible<Stepped | undefined> {
  const { groups, thresholds } = problem;
  const { beta } = point;
  const { slopes, curvatures } = slopesAt(problem, point.margins);
  const directions = unitDirections(problem, active);
  const matrix = yield* reducedHessian(problem, curvatures, directions);
  addPenaltyCurvature(problem, beta, directions, matrix, directions.length);
  fixShared(problem, directions, matrix, directions.length);
  const right = Float64Array.from(directions, ({ group, members: [at] }) => {
    const norm = normOf(beta, groups[group]);
    const penalty = norm > 0 ? (thresholds[group] * beta[at]) / norm : 0;
    return -gradientAt(problem, slopes, at) - penalty;
  });
  const factor = yield* factoriseOrDamp(matrix, directions.length);
  if (!factor) return undefined;
  const change = factor.solve(right);
  const nearest = nearestToZero(problem, beta, directions, change);
  for (const length of lengthsOf(nearest)) {
    const moved = Float64Array.from(beta);
    for (const [index, { group, members }] of directions.entries()) {
      const at = members[0];
      moved[at] += length * change[index];
      // A coefficient of its own group that changes its sign has passed the kink at 0, and stops there.
      const isSingle = groups[group].length === 1 && !isFree(problem, group);
      if (isSingle && moved[at] * beta[at] <= 0) moved[at] = 0;
    }
    const isLeaving = length === nearest?.length && vanishes(groups[nearest.group], moved, beta);
    if (isLeaving) for (const at of groups[nearest.group]) moved[at] = 0;
    const margins = marginsOf(problem, moved);
    const next = { beta: moved, margins, objective: objectiveAt(problem, moved, margins, active) };
    const left = violationAmong(problem, active, next);
    const isLower = next.objective < point.objective - 1e-13 * Math.abs(point.objective);
    const isSame = next.objective <= point.objective + 1e-12 * Math.abs(point.objective);
    if (isLower || (isSame && (isLeaving || left <= PROGRESS * violation))) return { point: next, violation: left };
    yield;
  }
  return undefined;
}

/** Where a step takes a group nearest to 0. */
interface Nearest {
  readonly group: number;
  /** The share of the step, below 1. */
  readonly length: number;
}

/**
 * Of the groups that have a penalty, the first that a step takes as near to 0 as it can. Where columns are dependent, steps go
 * along their null space, in which the fit stays the same and the penalty falls until then: its curvature says nothing of how
 * far that is.
 */
function nearestToZero(
  problem: SparseProblem,
  beta: Float64Array,
  directions: readonly Direction[],
  change: Float64Array,
): Nearest | undefined {
  let found: Nearest | undefined;
  for (let start = 0; start < directions.length; ) {
    const { group } = directions[start];
    const members = problem.groups[group];
    let [along, square] = [0, 0];
    for (let i = 0; i < members.length; i++) {
      along -= beta[members[i]] * change[start + i];
      square += change[start + i] ** 2;
    }
    const length = along / square;
    if (!isFree(problem, group) && along > 0 && length < (found?.length ?? 1)) found = { group, length };
    start += members.length;
  }
  return found;
}

/** The whole step and shares of it; then that share at which a group comes nearest to 0, and shares of that. */
function lengthsOf(nearest: Nearest | undefined): number[] {
  const halved = (from: number): number[] => Array.from({ length: HALVINGS + 1 }, (_, halving) => from * 2 ** -halving);
  return nearest ? [...halved(1), ...halved(nearest.length)] : halved(1);
}

/** Whether what a step leaves of a group is rounding. */
function vanishes(members: Int32Array, moved: Float64Array, beta: Float64Array): boolean {
  return normOf(moved, members) <= VANISHING * normOf(beta, members);
}

function* factoriseOrDamp(matrix: Float64Array, size: number): Interruptible<CholeskyFactorisation | undefined> {
  const factor = yield* CholeskyFactorisation.of(size, Float64Array.from(matrix));
  if (factor) return factor;
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, matrix[i * size + i]);
  for (let i = 0; i < size; i++) matrix[i * size + i] += DAMPING * largest;
  return yield* CholeskyFactorisation.of(size, matrix);
}

function violationAmong(problem: SparseProblem, active: readonly number[], { beta, margins }: SparsePoint): number {
  const { slopes } = slopesAt(problem, margins);
  const gradient = new Float64Array(beta.length);
  let largest = 0;
  for (const group of active) {
    for (const at of problem.groups[group]) gradient[at] = gradientAt(problem, slopes, at);
    largest = Math.max(largest, violationOf(problem, group, beta, gradient));
  }
  return largest;
}
