/**
 * Solves sparse models in float64: proximal Newton steps on a working set of groups by coordinate descent (J. Lee, Y. Sun,
 * M. Saunders 2014; working sets as in M. Massias, A. Gramfort, J. Salmon 2018), and Newton's method on the groups in use,
 * which makes the solution exact up to rounding.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { descend, GroupSteps } from './descent.ts';
import { groupsInUse, polish, type SparsePoint } from './newton.ts';
import { gradientRounding, objectiveAt, separates, violationOf, violationScale } from './optimality.ts';
import {
  addColumn,
  gradientOf,
  isFree,
  marginsOf,
  normOf,
  type SparseProblem,
  sharedColumns,
  slopesAt,
} from './problem.ts';

export interface SparseSolveOptions {
  /** Bound of the violation of the optimality conditions, relative to the largest threshold. */
  readonly tolerance: number;
  /** The largest number of proximal Newton steps. */
  readonly limit: number;
  /** Where to start; default zeros. */
  readonly initial?: ArrayLike<number>;
  readonly isCutShort?: (() => boolean) | undefined;
}

export interface SparseResult {
  /**
   * converged: the violation is below the tolerance, or at the level of rounding. separable: the free columns separate the
   * classes, so that there is no solution. limit: neither was reached.
   */
  readonly status: 'converged' | 'separable' | 'limit';
  readonly beta: Float64Array;
  /** Xβ, output by output. */
  readonly margins: Float64Array;
  /** ∇f(β) */
  readonly gradient: Float64Array;
  readonly objective: number;
  readonly iterations: number;
  /** The largest violation, relative to the largest threshold, and its rounding. */
  readonly residual: number;
  readonly floor: number;
}

/** The least number of groups that enter the working set at once. */
const ENTERING = 10;

export function* solveSparse(problem: SparseProblem, options: SparseSolveOptions): Interruptible<SparseResult> {
  const { tolerance, limit, initial, isCutShort } = options;
  const steps = new GroupSteps(problem);
  let point = startAt(problem, initial);
  const all = [...problem.groups.keys()];
  const free = groupsInUse(problem, new Float64Array(point.beta.length), all);
  const working = new Set(groupsInUse(problem, point.beta, all));
  const scale = violationScale(problem, () =>
    gradientOf(problem, slopesAt(problem, new Float64Array(problem.rows * problem.outputs)).slopes),
  );
  const rounding = gradientRounding(problem);
  let before: Float64Array = new Float64Array(point.beta.length);
  for (let iterations = 0; ; iterations++) {
    const at = slopesAt(problem, point.margins);
    const gradient = gradientOf(problem, at.slopes);
    yield;
    const violations = new Float64Array(problem.groups.length);
    let worst = 0;
    for (let group = 0; group < violations.length; group++) {
      violations[group] = violationOf(problem, group, point.beta, gradient);
      worst = Math.max(worst, violations[group]);
    }
    const made = {
      ...centreShared(problem, point),
      gradient,
      iterations,
      residual: scale > 0 ? worst / scale : 0,
      floor: scale > 0 ? rounding / scale : 0,
    };
    if (worst <= Math.max(tolerance * scale, rounding)) return { status: 'converged', ...made };
    if (areSeparated(problem, free, point.beta, before)) return { status: 'separable', ...made };
    if (iterations >= limit || isCutShort?.()) return { status: 'limit', ...made };
    before = point.beta;
    addViolators(problem, working, violations, tolerance * scale);
    point = yield* improve(problem, steps, [...working], point, at, gradient, 0.1 * tolerance * scale);
  }
}

function startAt(problem: SparseProblem, initial: ArrayLike<number> | undefined): SparsePoint {
  const { columns, outputs, nonNegative, groups } = problem;
  const beta = new Float64Array(columns * outputs);
  if (initial) beta.set(initial);
  if (nonNegative) {
    for (const [group, members] of groups.entries()) {
      if (!isFree(problem, group)) for (const at of members) beta[at] = Math.max(beta[at], 0);
    }
  }
  const margins = marginsOf(problem, beta);
  return { beta, margins, objective: objectiveAt(problem, beta, margins, [...groups.keys()]) };
}

/** The same solution with the coefficients of each shared column adding up to 0. */
function centreShared(problem: SparseProblem, point: SparsePoint): SparsePoint {
  const columns = sharedColumns(problem);
  if (columns.length === 0) return point;
  const { outputs } = problem;
  const beta = Float64Array.from(point.beta);
  for (const column of columns) {
    const own = beta.subarray(column * outputs, (column + 1) * outputs);
    const mean = own.reduce((sum, value) => sum + value, 0) / outputs;
    for (let k = 0; k < outputs; k++) own[k] -= mean;
  }
  return { ...point, beta, margins: marginsOf(problem, beta) };
}

/** Whether the free coefficients, or their last change, separate the classes. */
function areSeparated(
  problem: SparseProblem,
  free: readonly number[],
  beta: Float64Array,
  before: Float64Array,
): boolean {
  if (problem.loss === 'square' || free.length === 0) return false;
  const { X, rows, outputs, groups } = problem;
  const only = (value: (at: number) => number): Float64Array => {
    const margins = new Float64Array(rows * outputs);
    for (const group of free) for (const at of groups[group]) addColumn(margins, X, rows, outputs, at, value(at));
    return margins;
  };
  return (
    separates(
      problem,
      only((at) => beta[at]),
    ) ||
    separates(
      problem,
      only((at) => beta[at] - before[at]),
    )
  );
}

/** Adds the groups with the largest violations to the working set, as many as are in use. */
function addViolators({ groups }: SparseProblem, working: Set<number>, violations: Float64Array, bound: number): void {
  const entering: number[] = [];
  for (let group = 0; group < groups.length; group++) {
    if (violations[group] > bound && !working.has(group)) entering.push(group);
  }
  entering.sort((a, b) => violations[b] - violations[a]);
  for (const group of entering.slice(0, Math.max(ENTERING, working.size))) working.add(group);
}

/** A share of the decrease that the model predicts, which a step must achieve (Armijo 1966). */
const SUFFICIENT_DECREASE = 1e-4;
const HALVINGS = 40;

/** One proximal Newton step with a line search, and Newton's method on the groups in use. */
function* improve(
  problem: SparseProblem,
  steps: GroupSteps,
  working: readonly number[],
  point: SparsePoint,
  at: ReturnType<typeof slopesAt>,
  gradient: Float64Array,
  enough: number,
): Interruptible<SparsePoint> {
  const target = Float64Array.from(point.beta);
  descend(problem, steps, working, target, at);
  yield;
  let slope = 0;
  for (let j = 0; j < target.length; j++) slope += gradient[j] * (target[j] - point.beta[j]);
  // Groups outside of the working set are 0 before and after.
  for (const group of working) {
    const members = problem.groups[group];
    const t = problem.thresholds[group];
    if (t > 0) slope += t * (normOf(target, members) - normOf(point.beta, members));
  }
  let found = point;
  let length = 1;
  for (let halving = 0; halving < HALVINGS; halving++, length /= 2) {
    const moved = length === 1 ? target : point.beta.map((value, j) => value + length * (target[j] - value));
    const margins = marginsOf(problem, moved);
    const next = { beta: moved, margins, objective: objectiveAt(problem, moved, margins, working) };
    // Near the solution the objective cannot tell, and rounding must not end the search.
    const slack = 1e-14 * Math.abs(point.objective);
    if (next.objective <= point.objective + SUFFICIENT_DECREASE * length * Math.min(slope, 0) + slack) {
      found = next;
      break;
    }
  }
  return yield* polish(problem, found, working, enough);
}
