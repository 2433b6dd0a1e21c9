// Lasso problems by a homotopy; see HomotopyCall in kernels.ts, and cpu/homotopy.ts for the same in plain loops. X is float32, β,
// g and the factor are float64; how g moves along a step, which only decides where the step ends, is summed up in float32.
import { HOMOTOPY_RECORD, Homotopy } from '../instructions';
import { addMixed, dot, dotMixed, dotNarrow, dotWide } from './columns';
import { enters } from './entering';
import { clear, factorRows, useFactor } from './factor';
import { buffer, word } from './memory';
import { beginStage, follow, resume as resumeStage, save as saveStage, stepsOfStage } from './stage';
import * as walk from './walk';

/** Of the residual at which a problem is solved: relative to maxⱼ‖Xⱼ‖·‖y‖. */
const SOLVED: f64 = 1e-10;
/** More than what float32 makes of Xⱼᵀr, relative to ‖Xⱼ‖·‖r‖, and what float64 is spent on, relative to the threshold. */
const NARROW: f64 = 1e-5;
const NEAR: f64 = 0.98;
const PROGRESS: f64 = 0.9;
const STALE_STAGES: i32 = 2;

/** What is kept of a group when it is left unfinished, in numbers of float64; HOMOTOPY_RECORD has room for 32 of them. */
const OWN: i32 = 0;
const WALK: i32 = 10;
const FACTOR: i32 = 13;
const STAGE: i32 = 14;

let limit: i32 = 0;
let isCutShort: bool = false;
let y: usize = 0;
/** Of the problem before. */
let ridge: f32 = NaN;
/** Whether g is that of β. */
let isCurrent: bool = false;

/** The problem at work, whether it was begun, and whether a stage of it was. */
let problem: i32 = 0;
let isBegun: bool = false;
let isInStage: bool = false;
/** Its steps and stages, the least violation so far, that of the stage, and the stages since then that brought nothing. */
let steps: i32 = 0;
let stage: i32 = 0;
let best: f64 = 0;
let violated: f64 = 0;
let stale: i32 = 0;

/** The groups `first` to `last`, each as far as time allows. */
export function homotopy(at: usize, first: i32, last: i32): void {
  limit = word(at, Homotopy.limit);
  isCutShort = word(at, Homotopy.isCutShort) !== 0;
  const length = problemsOf(at);
  for (let group = first; group < last; group++) {
    const record = recordOf(at, group);
    layOut(at, group, record);
    if (word(at, Homotopy.isBegun) !== 0) resume(record);
    else {
      walk.begin();
      isCurrent = false;
      ridge = NaN;
      problem = group * length;
      isBegun = false;
    }
    while (problem < (group + 1) * length && solveProblem(at)) problem += 1;
    save(record);
  }
}

/** Whether all problems are solved. */
export function endsHomotopy(at: usize): bool {
  const groups = word(at, Homotopy.groups);
  const length = problemsOf(at);
  for (let group = 0; group < groups; group++) {
    if (<i32>load<f64>(walk.wide(recordOf(at, group), OWN)) < (group + 1) * length) return false;
  }
  return true;
}

/** Of a group. */
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
  const own = walk.wide(record, OWN);
  store<f64>(own, <f64>problem);
  store<f64>(walk.wide(own, 1), <f64>ridge);
  store<u32>(walk.wide(own, 2), <u32>y);
  store<f64>(walk.wide(own, 3), <f64>((isBegun ? 1 : 0) + (isInStage ? 2 : 0) + (isCurrent ? 4 : 0)));
  store<f64>(walk.wide(own, 4), <f64>steps);
  store<f64>(walk.wide(own, 5), <f64>stage);
  store<f64>(walk.wide(own, 6), best);
  store<f64>(walk.wide(own, 7), violated);
  store<f64>(walk.wide(own, 8), <f64>stale);
  walk.save(walk.wide(record, WALK));
  store<f64>(walk.wide(record, FACTOR), <f64>factorRows());
  saveStage(walk.wide(record, STAGE));
}

function resume(record: usize): void {
  const own = walk.wide(record, OWN);
  problem = <i32>load<f64>(own);
  ridge = <f32>load<f64>(walk.wide(own, 1));
  y = <usize>load<u32>(walk.wide(own, 2));
  const flags = <i32>load<f64>(walk.wide(own, 3));
  isBegun = (flags & 1) !== 0;
  isInStage = (flags & 2) !== 0;
  isCurrent = (flags & 4) !== 0;
  steps = <i32>load<f64>(walk.wide(own, 4));
  stage = <i32>load<f64>(walk.wide(own, 5));
  best = load<f64>(walk.wide(own, 6));
  violated = load<f64>(walk.wide(own, 7));
  stale = <i32>load<f64>(walk.wide(own, 8));
  walk.resume(walk.wide(record, WALK));
  useFactor(walk.end, walk.capacity, <i32>load<f64>(walk.wide(record, FACTOR)));
  resumeStage(walk.wide(record, STAGE));
}

function narrow(values: usize, index: i32): usize {
  return values + ((<usize>index) << 2);
}

/** @returns false where it is to be gone on with later */
function solveProblem(at: usize): bool {
  const features = walk.features;
  walk.usePenalty(narrow(buffer(at, Homotopy.penalty), problem * features));
  if (!isBegun) {
    begin(
      narrow(buffer(at, Homotopy.y), problem * walk.rows),
      narrow(buffer(at, Homotopy.initial), problem * features),
      load<f32>(narrow(buffer(at, Homotopy.ridge), problem)),
    );
    steps = 0;
    stage = 0;
    best = f64.MAX_VALUE;
    stale = 0;
    isBegun = true;
    isInStage = false;
  }
  if (!solve()) return false;
  const out = narrow(buffer(at, Homotopy.out), problem * (features + 2));
  for (let j = 0; j < features; j++) store<f32>(narrow(out, j), <f32>walk.betaOf(j));
  store<f32>(narrow(out, features), <f32>steps);
  store<f32>(narrow(out, features + 1), <f32>gap(out));
  isBegun = false;
  return true;
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

/** Stages until g = t∘sign on A, and |g| ≤ t elsewhere. @returns false where the time was over before */
function solve(): bool {
  const rounding = SOLVED * walk.largest * sqrt(dotWide(y, y, walk.rows));
  while (isInStage || (steps < limit && stale < STALE_STAGES)) {
    if (!isInStage) {
      if (!isCurrent) correlate(0);
      isCurrent = true;
      violated = violation();
      if (!(violated > rounding) || isCutShort) break;
      isCurrent = false;
      beginStage(stage);
      isInStage = true;
    }
    if (!follow(limit - steps) && !isCutShort) return false;
    isInStage = false;
    const taken = stepsOfStage();
    steps += taken;
    stale = violated < PROGRESS * best || taken > 1 ? 0 : stale + 1;
    best = min(best, violated);
    stage += 1;
  }
  return true;
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
