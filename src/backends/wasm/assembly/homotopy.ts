// Solves Lasso problems by a homotopy; see HomotopyCall in lasso-kernels.ts, and cpu/homotopy.ts for the same in plain
// loops. X is float32; β, g and the factor are float64. How g changes along a step decides only where the step ends,
// and is summed in float32.
import { HOMOTOPY_RECORD, Homotopy } from '../instructions';
import { addMixed, dot, dotMixed, dotNarrow, dotWide } from './columns';
import { appendFeature } from './entering';
import { clearFactor, factorRows, useFactor } from './factor';
import { buffer, word } from './memory';
import { beginStage, followStage, resume as resumeStage, save as saveStage, stepsOfStage } from './stage';
import * as walk from './walk';

/** A problem is solved when its violation, relative to maxⱼ‖Xⱼ‖·‖y‖, is at most this. */
const SOLVED: f64 = 1e-10;
/** Bounds the rounding error of Xⱼᵀr in float32, relative to ‖Xⱼ‖·‖r‖. */
const NARROW: f64 = 1e-5;
/** Correlations above this share of their threshold are computed in float64. */
const NEAR: f64 = 0.98;
/** A stage makes progress if it lowers the violation to this share of the least so far, or less. */
const PROGRESS: f64 = 0.9;
/** The number of stages without progress after which the rest of the violation is taken for rounding. */
const STALE_STAGES: i32 = 2;

/**
 * Where the record of a group holds what walk.ts, factor.ts and stage.ts save, in numbers of float64 (HOMOTOPY_RECORD
 * has 32).
 */
const WALK: i32 = 10;
const FACTOR: i32 = 13;
const STAGE: i32 = 14;

/** How far a group has come. It lies at the start of the group's record, so that it outlasts an interruption. */
@unmanaged
class Group {
  /** The current problem. */
  problem: i32;
  /** Steps and stages of the problem. */
  steps: i32;
  stages: i32;
  /** Stages in a row that made no progress. */
  staleStages: i32;
  /** Address of the y of the latest problem, and its ρ. */
  y: usize;
  ridge: f32;
  isProblemBegun: bool;
  isStageBegun: bool;
  /** Whether g belongs to the present β. */
  isCurrent: bool;
  /** The least violation of the problem so far, and the one before the current stage. */
  leastViolation: f64;
  violation: f64;
}

/** The groups `first` to `last`, each as far as time allows. */
export function homotopy(at: usize, first: i32, last: i32): void {
  const length = problemsOf(at);
  for (let index = first; index < last; index++) {
    const record = recordOf(at, index);
    const group = changetype<Group>(record);
    layOut(at, index, record);
    if (word(at, Homotopy.isBegun) !== 0) resume(record);
    else {
      walk.begin();
      group.isCurrent = false;
      group.ridge = NaN;
      group.y = 0;
      group.problem = index * length;
      group.isProblemBegun = false;
    }
    while (group.problem < (index + 1) * length && solveProblem(at, group)) group.problem += 1;
    save(record);
  }
}

/** Whether all problems are solved. */
export function isHomotopyDone(at: usize): bool {
  const groups = word(at, Homotopy.groups);
  const length = problemsOf(at);
  for (let index = 0; index < groups; index++) {
    if (changetype<Group>(recordOf(at, index)).problem < (index + 1) * length) return false;
  }
  return true;
}

/** The number of problems in a group. */
function problemsOf(at: usize): i32 {
  return word(at, Homotopy.batch) / word(at, Homotopy.groups);
}

function recordOf(at: usize, group: i32): usize {
  return buffer(at, Homotopy.space) + <usize>group * ((<usize>word(at, Homotopy.spaceOfGroup)) << 2);
}

function layOut(at: usize, group: i32, record: usize): void {
  const rows = word(at, Homotopy.rows);
  const features = word(at, Homotopy.features);
  const capacity = word(at, Homotopy.capacity);
  const columns = narrow(buffer(at, Homotopy.columns), group * features * rows);
  walk.layOut(rows, features, capacity, columns, record + ((<usize>HOMOTOPY_RECORD) << 2));
  useFactor(walk.end, capacity, 0);
}

function save(record: usize): void {
  walk.save(walk.wide(record, WALK));
  store<f64>(walk.wide(record, FACTOR), <f64>factorRows());
  saveStage(walk.wide(record, STAGE));
}

function resume(record: usize): void {
  walk.resume(walk.wide(record, WALK));
  useFactor(walk.end, walk.capacity, <i32>load<f64>(walk.wide(record, FACTOR)));
  resumeStage(walk.wide(record, STAGE));
}

function narrow(values: usize, index: i32): usize {
  return values + ((<usize>index) << 2);
}

/** @returns false where the time ran out before the problem was solved */
function solveProblem(at: usize, group: Group): bool {
  const features = walk.features;
  const problem = group.problem;
  walk.usePenalty(narrow(buffer(at, Homotopy.penalty), problem * features));
  if (!group.isProblemBegun) {
    beginProblem(
      group,
      narrow(buffer(at, Homotopy.y), problem * walk.rows),
      narrow(buffer(at, Homotopy.initial), problem * features),
      load<f32>(narrow(buffer(at, Homotopy.ridge), problem)),
    );
    group.steps = 0;
    group.stages = 0;
    group.leastViolation = f64.MAX_VALUE;
    group.staleStages = 0;
    group.isProblemBegun = true;
    group.isStageBegun = false;
  }
  if (!runStages(at, group)) return false;
  const out = narrow(buffer(at, Homotopy.out), problem * (features + 2));
  for (let j = 0; j < features; j++) store<f32>(narrow(out, j), <f32>walk.betaOf(j));
  store<f32>(narrow(out, features), <f32>group.steps);
  store<f32>(narrow(out, features + 1), <f32>gapOf(out, group.y));
  group.isProblemBegun = false;
  return true;
}

/**
 * Starts from the solution of the problem before, if that has the same y and ρ and `initial` is 0; otherwise from
 * `initial`.
 */
function beginProblem(group: Group, target: usize, initial: usize, rho: f32): void {
  const isSame = group.ridge === rho && memory.compare(target, group.y, (<usize>walk.rows) << 2) === 0;
  group.y = target;
  group.ridge = rho;
  if (isSame && isZero(initial)) return;
  group.isCurrent = false;
  walk.restart(<f64>rho);
  clearFactor();
  for (let j = 0; j < walk.features; j++) {
    const value = <f64>load<f32>(narrow(initial, j));
    if (value !== 0 && appendFeature(j, value < 0 ? -1 : 1, 0)) walk.setBeta(j, value);
  }
}

function isZero(values: usize): bool {
  for (let j = 0; j < walk.features; j++) if (load<f32>(narrow(values, j)) !== 0) return false;
  return true;
}

/**
 * Runs stages until g = t∘sign on A, the features in use, and |g| ≤ t elsewhere.
 * @returns false where the time ran out before
 */
function runStages(at: usize, group: Group): bool {
  const limit = word(at, Homotopy.limit);
  const isCutShort = word(at, Homotopy.isCutShort) !== 0;
  const rounding = SOLVED * walk.largest * sqrt(dotWide(group.y, group.y, walk.rows));
  while (group.isStageBegun || (group.steps < limit && group.staleStages < STALE_STAGES)) {
    if (!group.isStageBegun) {
      if (!group.isCurrent) correlate(group.y, 0);
      group.isCurrent = true;
      group.violation = violation();
      if (!(group.violation > rounding) || isCutShort) break;
      group.isCurrent = false;
      beginStage(group.stages);
      group.isStageBegun = true;
    }
    if (!followStage(limit - group.steps) && !isCutShort) return false;
    group.isStageBegun = false;
    const taken = stepsOfStage();
    group.steps += taken;
    const madeProgress = group.violation < PROGRESS * group.leastViolation || taken > 1;
    group.staleStages = madeProgress ? 0 : group.staleStages + 1;
    group.leastViolation = min(group.leastViolation, group.violation);
    group.stages += 1;
  }
  return true;
}

/**
 * Computes the residual y − Xβ and from it g, in float64 for the features in use and those that may be at their
 * threshold.
 * @param rounded address of β in float32, or 0 for the β of the walk, in float64
 */
function correlate(y: usize, rounded: usize): void {
  const rows = walk.rows;
  const residual = walk.residual;
  for (let row = 0; row < rows; row++) store<f64>(walk.wide(residual, row), <f64>load<f32>(narrow(y, row)));
  for (let place = 0; place < walk.count; place++) {
    const j = walk.usedAt(place);
    const value = rounded === 0 ? walk.betaOf(j) : <f64>load<f32>(narrow(rounded, j));
    addMixed(residual, walk.columnOf(j), -value, rows);
  }
  const short = walk.moved;
  for (let row = 0; row < rows; row++) store<f32>(narrow(short, row), <f32>load<f64>(walk.wide(residual, row)));
  const doubt = NARROW * sqrt(dot(residual, residual, rows));
  for (let j = 0; j < walk.features; j++) {
    const column = walk.columnOf(j);
    let g = <f64>dotNarrow(column, short, rows);
    const isClear = walk.signOf(j) === 0 && abs<f64>(g) + doubt * sqrt(walk.squareOf(j)) < NEAR * walk.penaltyOf(j);
    if (!isClear) g = dotMixed(column, residual, rows);
    const value = rounded === 0 ? walk.betaOf(j) : <f64>load<f32>(narrow(rounded, j));
    walk.setCorrelation(j, g - walk.ridge * value);
  }
}

/** The largest |g − t∘sign| on A, the features in use, and |g| − t elsewhere. */
function violation(): f64 {
  let largest: f64 = 0;
  for (let j = 0; j < walk.features; j++) {
    const sign = walk.signOf(j);
    const g = walk.correlationOf(j);
    const t = walk.penaltyOf(j);
    largest = max(largest, sign === 0 ? abs<f64>(g) - t : abs<f64>(g - <f64>sign * t));
  }
  return largest;
}

/**
 * The duality gap relative to the objective at β = 0; see cpu/homotopy.ts for the formula.
 * @param beta address of β in float32
 */
function gapOf(beta: usize, y: usize): f64 {
  const rows = walk.rows;
  const atZero = 0.5 * dotWide(y, y, rows);
  if (atZero === 0) return 0;
  walk.saveCorrelation();
  correlate(y, beta);
  let l1: f64 = 0;
  let ridged: f64 = 0;
  let excess: f64 = 1;
  for (let j = 0; j < walk.features; j++) {
    const t = walk.penaltyOf(j);
    const value = <f64>load<f32>(narrow(beta, j));
    l1 += t * abs<f64>(value);
    ridged += walk.ridge * value * value;
    if (t > 0) excess = max(excess, abs<f64>(walk.correlationOf(j)) / t);
  }
  walk.restoreCorrelation();
  const quadratic = dot(walk.residual, walk.residual, rows) + ridged;
  const along = dotMixed(y, walk.residual, rows);
  return (0.5 * quadratic + l1 - along / excess + (0.5 * quadratic) / (excess * excess)) / atZero;
}
