// Lasso problems by a homotopy; see HomotopyCall in kernels.ts, and cpu/homotopy.ts for the same in plain loops. X is float32, β,
// g and the factor are float64; how g moves along a step, which only decides where the step ends, is summed up in float32.
import { Homotopy } from '../instructions';
import { addMixed, dot, dotMixed, dotNarrow, dotWide } from './columns';
import { enters } from './entering';
import { clear, useFactor } from './factor';
import { buffer, word } from './memory';
import { follow } from './stage';
import * as walk from './walk';

/** Of the residual at which a problem is solved: relative to maxⱼ‖Xⱼ‖·‖y‖. */
const SOLVED: f64 = 1e-10;
/** More than what float32 makes of Xⱼᵀr, relative to ‖Xⱼ‖·‖r‖, and what float64 is spent on, relative to the threshold. */
const NARROW: f64 = 1e-5;
const NEAR: f64 = 0.98;
const PROGRESS: f64 = 0.9;
const STALE_STAGES: i32 = 2;

let limit: i32 = 0;
let y: usize = 0;
/** Of the problem before. */
let ridge: f32 = NaN;
/** Whether g is that of β. */
let isCurrent: bool = false;

/** The groups `first` to `last`. */
export function homotopy(at: usize, first: i32, last: i32): void {
  const rows = word(at, Homotopy.rows);
  const features = word(at, Homotopy.features);
  const capacity = word(at, Homotopy.capacity);
  limit = word(at, Homotopy.limit);
  const groups = word(at, Homotopy.groups);
  const length = word(at, Homotopy.batch) / groups;
  for (let group = first; group < last; group++) {
    const space = buffer(at, Homotopy.space) + <usize>group * ((<usize>word(at, Homotopy.spaceOfGroup)) << 2);
    walk.begin(rows, features, capacity, narrow(buffer(at, Homotopy.columns), group * features * rows), space);
    useFactor(walk.end, capacity);
    isCurrent = false;
    ridge = NaN;
    for (let problem = group * length; problem < (group + 1) * length; problem++) solveProblem(at, problem);
  }
}

function narrow(values: usize, index: i32): usize {
  return values + ((<usize>index) << 2);
}

function solveProblem(at: usize, problem: i32): void {
  const features = walk.features;
  begin(
    narrow(buffer(at, Homotopy.y), problem * walk.rows),
    narrow(buffer(at, Homotopy.initial), problem * features),
    load<f32>(narrow(buffer(at, Homotopy.ridge), problem)),
  );
  walk.usePenalty(narrow(buffer(at, Homotopy.penalty), problem * features));
  const steps = solve();
  const out = narrow(buffer(at, Homotopy.out), problem * (features + 2));
  for (let j = 0; j < features; j++) store<f32>(narrow(out, j), <f32>walk.betaOf(j));
  store<f32>(narrow(out, features), <f32>steps);
  store<f32>(narrow(out, features + 1), <f32>gap(out));
}

/** From the solution before, where that is of the same y and nothing else is given, or from the start that is given. */
function begin(target: usize, initial: usize, rho: f32): void {
  const isNext = ridge === rho && memory.compare(target, y, (<usize>walk.rows) << 2) === 0;
  y = target;
  ridge = rho;
  if (isNext && isZero(initial)) return;
  isCurrent = false;
  walk.restart(<f64>rho);
  clear();
  for (let j = 0; j < walk.features; j++) {
    const value = <f64>load<f32>(narrow(initial, j));
    if (value !== 0 && enters(j, value < 0 ? -1 : 1, 0)) walk.setBeta(j, value);
  }
}

function isZero(values: usize): bool {
  for (let j = 0; j < walk.features; j++) if (load<f32>(narrow(values, j)) !== 0) return false;
  return true;
}

/** Stages until g = t∘sign on A, and |g| ≤ t elsewhere; returns the number of steps. */
function solve(): i32 {
  const rounding = SOLVED * walk.largest * sqrt(dotWide(y, y, walk.rows));
  let steps = 0;
  let best = f64.MAX_VALUE;
  let stale = 0;
  for (let stage = 0; stage < limit && stale < STALE_STAGES; stage++) {
    if (!isCurrent) correlate(0);
    isCurrent = true;
    const violated = violation();
    if (!(violated > rounding)) break;
    isCurrent = false;
    const taken = follow(stage);
    steps += taken;
    stale = violated < PROGRESS * best || taken > 1 ? 0 : stale + 1;
    best = min(best, violated);
  }
  return steps;
}

/**
 * y − Xβ, and g anew from it: in float64 for the features in use and those that may be at their threshold.
 * @param rounded β in float32, or 0: that of the walk, in float64
 */
function correlate(rounded: usize): void {
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

/** The largest |g − t∘sign| on A and |g| − t elsewhere. */
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
 * The duality gap relative to the objective at 0, as in cpu/homotopy.ts.
 * @param beta in float32
 */
function gap(beta: usize): f64 {
  const rows = walk.rows;
  const atZero = 0.5 * dotWide(y, y, rows);
  if (atZero === 0) return 0;
  walk.saveCorrelation();
  correlate(beta);
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
