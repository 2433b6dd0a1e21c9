// Cyclic coordinate descent for Lasso problems; see CoordinateDescentCall in lasso-kernels.ts. A pass over all features
// is followed by passes over the support until one of them changes no coefficient by more than the tolerance, then by a
// pass over all features again, and so on.
import { DESCENT_RECORD, Descend } from '../instructions';
import { isTimeOver } from './clock';
import { addNarrow } from './columns';
import { buffer, firstLanes, sumOfLanes, word } from './memory';

const BYTES: usize = 4;

let rows: i32 = 0;
let features: i32 = 0;
let isCutShort: bool = false;

/** Of the current group: the columns of X, the squares of their lengths, and a list with room for all features. */
let columns: usize = 0;
let squares: usize = 0;
let used: usize = 0;

/** How far a group has come. It lies in the group's record, so that it outlasts an interruption. */
@unmanaged
class Group {
  /** The current problem. */
  problem: i32;
  /** The passes of the current problem; 0 before it has begun. */
  passes: i32;
  /** The length of the list of features; −1 before a pass over all features. */
  usedCount: i32;
}

/**
 * Of the current problem: thresholds t, ridge ρ, the largest number of passes, coefficients β, and the residual y − Xβ.
 */
let penalty: usize = 0;
let ridge: f32 = 0;
let limit: i32 = 0;
let beta: usize = 0;
let residual: usize = 0;

/** The groups `first` to `last`, each as far as time allows. */
export function descend(at: usize, first: i32, last: i32): void {
  rows = word(at, Descend.rows);
  features = word(at, Descend.features);
  isCutShort = word(at, Descend.isCutShort) !== 0;
  const length = problemsOf(at);
  for (let index = first; index < last; index++) {
    const record = recordOf(at, index);
    const group = changetype<Group>(record);
    columns = place(buffer(at, Descend.columns), index * features * rows);
    squares = place(record, DESCENT_RECORD);
    used = place(squares, features);
    residual = place(used, features);
    const start = index * length;
    if (word(at, Descend.isBegun) === 0) {
      for (let j = 0; j < features; j++) store<f32>(place(squares, j), dot(columnOf(j), columnOf(j)));
      group.problem = start;
      group.passes = 0;
    }
    while (group.problem < start + length && solveProblem(at, group, group.problem > start)) group.problem += 1;
  }
}

/** Whether all problems are solved. */
export function isDescentDone(at: usize): bool {
  const groups = word(at, Descend.groups);
  const length = problemsOf(at);
  for (let index = 0; index < groups; index++) {
    if (changetype<Group>(recordOf(at, index)).problem < (index + 1) * length) return false;
  }
  return true;
}

/** The number of problems in a group. */
function problemsOf(at: usize): i32 {
  return word(at, Descend.batch) / word(at, Descend.groups);
}

function recordOf(at: usize, group: i32): usize {
  const size = DESCENT_RECORD + 2 * word(at, Descend.features) + word(at, Descend.rows) + 4;
  return place(buffer(at, Descend.space), group * size);
}

function place(values: usize, index: i32): usize {
  return values + <usize>index * BYTES;
}

function columnOf(j: i32): usize {
  return place(columns, j * rows);
}

/** @returns false where the time ran out before the problem was solved */
function solveProblem(at: usize, group: Group, hasPrevious: bool): bool {
  const problem = group.problem;
  beta = place(buffer(at, Descend.out), problem * (features + 1));
  const remaining = load<f32>(place(buffer(at, Descend.remaining), problem));
  limit = min(word(at, Descend.limit), <i32>remaining);
  penalty = place(buffer(at, Descend.penalty), problem * features);
  ridge = load<f32>(place(buffer(at, Descend.ridge), problem));
  if (group.passes === 0) {
    memory.copy(beta, place(buffer(at, Descend.initial), problem * features), (<usize>features) << 2);
    if (load<f32>(place(buffer(at, Descend.stopped), problem)) !== 0) {
      store<f32>(place(beta, features), 0);
      return true;
    }
    beginProblem(at, group, hasPrevious);
  }
  if (!repeatPasses(group, load<f32>(place(buffer(at, Descend.tolerance), problem)))) return false;
  store<f32>(place(beta, features), <f32>group.passes);
  group.passes = 0;
  return true;
}

/** Starts from the solution of the problem before, if there is one and `initial` is 0; otherwise from `initial`. */
function beginProblem(at: usize, group: Group, hasPrevious: bool): void {
  if (hasPrevious && isZero(beta)) memory.copy(beta, place(beta, -(features + 1)), (<usize>features) << 2);
  memory.copy(residual, place(buffer(at, Descend.y), group.problem * rows), (<usize>rows) << 2);
  for (let j = 0; j < features; j++) addColumn(j, -load<f32>(place(beta, j)));
  group.passes = 1;
  group.usedCount = -1;
}

function isZero(values: usize): bool {
  for (let j = 0; j < features; j++) if (load<f32>(place(values, j)) !== 0) return false;
  return true;
}

/** @returns false where the time ran out before the end */
function repeatPasses(group: Group, tolerance: f32): bool {
  while (true) {
    if (group.usedCount < 0) {
      if (!(passOver(features, 0) > tolerance) || group.passes >= limit) return true;
      group.usedCount = listUsed();
    } else {
      group.passes += 1;
      const isStill = !(passOver(group.usedCount, used) > tolerance);
      if (group.passes >= limit) return true;
      if (isStill) {
        group.passes += 1;
        group.usedCount = -1;
      }
    }
    if (isCutShort) return true;
    if (isTimeOver()) return false;
  }
}

/** Lists the features whose coefficient is not 0, and returns their number. */
function listUsed(): i32 {
  let count = 0;
  for (let j = 0; j < features; j++) {
    if (load<f32>(place(beta, j)) === 0) continue;
    store<i32>(place(used, count), j);
    count += 1;
  }
  return count;
}

/**
 * Updates `count` features once: those in `list`, or the first ones where `list` is 0.
 * @returns the largest change of a coefficient, relative to the largest coefficient
 */
function passOver(count: i32, list: usize): f32 {
  let change: f32 = 0;
  let largest: f32 = 0;
  for (let index = 0; index < count; index++) {
    const j = list === 0 ? index : load<i32>(place(list, index));
    const square = load<f32>(place(squares, j));
    const curvature = square + ridge;
    if (curvature === 0) continue;
    const before = load<f32>(place(beta, j));
    const p = dot(columnOf(j), residual) + square * before;
    const size = max<f32>(abs<f32>(p) - load<f32>(place(penalty, j)), 0);
    const after = (p < 0 ? -size : size) / curvature;
    if (after !== before) {
      store<f32>(place(beta, j), after);
      addColumn(j, before - after);
    }
    change = max<f32>(change, abs<f32>(after - before));
    largest = max<f32>(largest, abs<f32>(after));
  }
  return change === 0 ? 0 : change / largest;
}

/** residual += factor·Xⱼ. The numbers beyond the last row, which `addNarrow` overwrites, are not used. */
function addColumn(j: i32, factor: f32): void {
  if (factor === 0) return;
  addNarrow(residual, columnOf(j), factor, rows);
}

function dot(x: usize, y: usize): f32 {
  const end = x + (((<usize>rows) << 2) & ~15);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 16 < end; x += 32, y += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(x), v128.load(y)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  for (; x < end; x += 16, y += 16) even = f32x4.add(even, f32x4.mul(v128.load(x), v128.load(y)));
  if (rows & 3) odd = f32x4.add(odd, v128.and(f32x4.mul(v128.load(x), v128.load(y)), firstLanes(rows & 3)));
  return sumOfLanes(f32x4.add(even, odd));
}
