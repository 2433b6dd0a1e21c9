// A stage of the homotopy, in which widened thresholds shrink to those at the end of the stage; see cpu/stage.ts.
import { isTimeOver } from './clock';
import { addNarrow, dotNarrow, dotWide } from './columns';
import { appendFeature, exchange } from './entering';
import { remove, setRightSide, solveRightSide } from './factor';
import * as walk from './walk';

const LOWERED: f64 = 0.8;
const APART: f64 = 0.05;
const GOLDEN: f64 = 0.6180339887498949;
const IDLE_STEPS: i32 = 50;
/** The rounding error of a sum in float32, relative to its terms, and the distance in τ below which a step is idle. */
const ROUNDING: f64 = 1e-6;
const IDLE: f64 = 1e-12;

/** τ, and its value at the end of the stage. */
let tau: f64 = 0;
let end: f64 = 0;
let candidateCount: i32 = 0;
/** ‖X_A·direction‖ */
let moving: f64 = 0;

/**
 * The next event: its distance in τ, and either the place of the feature that leaves, or a feature that enters and its
 * sign.
 */
let length: f64 = 0;
let leaving: i32 = -1;
let entering: i32 = -1;
let sign: i32 = 0;

/** The feature that left in the last step (−1 where none did), and the sign of the threshold at which it is. */
let leftFeature: i32 = -1;
let leftSign: i32 = 0;

/** The steps of the stage, and the latest steps in a row that were idle. */
let steps: i32 = 0;
let idle: i32 = 0;

export function stepsOfStage(): i32 {
  return steps;
}

/** Widens the thresholds for τ = 1. */
export function beginStage(stage: i32): void {
  setThresholds(stage);
  for (let place = 0; place < walk.count; place++) {
    const j = walk.usedAt(place);
    store<f64>(walk.wide(walk.products, place), rate(j, walk.signOf(j)));
  }
  setRightSide(walk.products);
  leftFeature = -1;
  steps = 0;
  idle = 0;
}

/** Follows the solution to the end of the stage. @returns false where the time ran out before */
export function followStage(limit: i32): bool {
  const stageLimit = min(10 * (walk.rows + walk.features), limit);
  do {
    steps += 1;
    solveRightSide(walk.direction);
    findSlopes();
    findEvent();
    move();
    idle = length > IDLE ? 0 : idle + 1;
    if ((leaving < 0 && entering < 0) || steps >= stageLimit || idle >= IDLE_STEPS) return true;
    leftFeature = -1;
    if (leaving >= 0) leave(leaving);
    else enter();
  } while (!isTimeOver());
  return false;
}

/** Stores how far the stage has come, in seven numbers. */
export function save(at: usize): void {
  store<f64>(at, tau);
  store<f64>(walk.wide(at, 1), end);
  store<f64>(walk.wide(at, 2), <f64>candidateCount);
  store<f64>(walk.wide(at, 3), <f64>leftFeature);
  store<f64>(walk.wide(at, 4), <f64>leftSign);
  store<f64>(walk.wide(at, 5), <f64>steps);
  store<f64>(walk.wide(at, 6), <f64>idle);
}

export function resume(at: usize): void {
  tau = load<f64>(at);
  end = load<f64>(walk.wide(at, 1));
  candidateCount = <i32>load<f64>(walk.wide(at, 2));
  leftFeature = <i32>load<f64>(walk.wide(at, 3));
  leftSign = <i32>load<f64>(walk.wide(at, 4));
  steps = <i32>load<f64>(walk.wide(at, 5));
  idle = <i32>load<f64>(walk.wide(at, 6));
}

function setThresholds(stage: i32): void {
  let excess: f64 = 0;
  for (let j = 0; j < walk.features; j++) {
    const t = walk.penaltyOf(j);
    if (walk.signOf(j) === 0 && t > 0) excess = max(excess, abs<f64>(walk.correlationOf(j)) / t - 1);
  }
  tau = 1;
  end = excess === 0 ? 0 : max<f64>(0, (LOWERED * (1 + excess) - 1) / excess);
  candidateCount = 0;
  for (let j = 0; j < walk.features; j++) {
    const t = walk.penaltyOf(j);
    const g = walk.correlationOf(j);
    const own = walk.signOf(j);
    let width: f64 = 0;
    let shift: f64 = 0;
    if (own === 0) {
      const share = <f64>(j + 1) * <f64>(stage + 1) * GOLDEN;
      width = (1 + APART * (share - floor<f64>(share))) * (t > 0 ? excess * t : abs<f64>(g));
    } else {
      const rest = g - <f64>own * t;
      width = max<f64>(<f64>own * rest, 0);
      shift = rest - <f64>own * width;
    }
    store<f64>(walk.wide(walk.width, j), width);
    store<f64>(walk.wide(walk.shift, j), shift);
    store<f64>(walk.wide(walk.q, j), g);
    store<i32>(walk.whole(walk.blocked, j), 0);
    if (own === 0 && abs<f64>(g) + (1 - end) * width < t + end * width) continue;
    store<i32>(walk.whole(walk.candidates, candidateCount), j);
    candidateCount += 1;
  }
}

function widthOf(j: i32): f64 {
  return load<f64>(walk.wide(walk.width, j));
}

function qOf(j: i32): f64 {
  return load<f64>(walk.wide(walk.q, j));
}

function candidateAt(index: i32): i32 {
  return load<i32>(walk.whole(walk.candidates, index));
}

/** How fast the correlation of a feature in use, with this sign, falls with τ. */
function rate(j: i32, own: i32): f64 {
  return load<f64>(walk.wide(walk.shift, j)) + <f64>own * widthOf(j);
}

function directionAt(place: i32): f64 {
  return load<f64>(walk.wide(walk.direction, place));
}

function slopeOf(j: i32): f64 {
  return load<f64>(walk.wide(walk.slopes, j));
}

/** Computes dq/d(−τ) = shift − Xᵀ(X_A·direction) for the candidates outside A. */
function findSlopes(): void {
  const rows = walk.rows;
  const moved = walk.moved;
  memory.fill(moved, 0, (<usize>rows) << 2);
  for (let place = 0; place < walk.count; place++) {
    addNarrow(moved, walk.columnOf(walk.usedAt(place)), <f32>directionAt(place), rows);
  }
  moving = sqrt(dotWide(moved, moved, rows));
  for (let index = 0; index < candidateCount; index++) {
    const j = candidateAt(index);
    if (walk.signOf(j) !== 0) continue;
    const slope = load<f64>(walk.wide(walk.shift, j)) - <f64>dotNarrow(walk.columnOf(j), moved, rows);
    store<f64>(walk.wide(walk.slopes, j), slope);
  }
}

function findEvent(): void {
  length = tau - end;
  leaving = -1;
  entering = -1;
  for (let place = 0; place < walk.count; place++) {
    const j = walk.usedAt(place);
    const along = directionAt(place);
    if (<f64>walk.signOf(j) * along >= 0) continue;
    const reached = -walk.betaOf(j) / along;
    if (reached < length) {
      length = reached;
      leaving = place;
    }
  }
  for (let index = 0; index < candidateCount; index++) {
    const j = candidateAt(index);
    if (walk.signOf(j) !== 0 || load<i32>(walk.whole(walk.blocked, j)) !== 0) continue;
    approach(j, 1);
    approach(j, -1);
  }
}

/** Makes the arrival of a feature at one of its thresholds the next event, if it comes before the present one. */
function approach(j: i32, side: i32): void {
  if (leftFeature === j && leftSign === side) return;
  const slope = slopeOf(j);
  const width = widthOf(j);
  const closing = <f64>side * slope + width;
  if (!(closing > ROUNDING * width)) return;
  const rounding = sqrt(walk.squareOf(j)) * moving + abs<f64>(load<f64>(walk.wide(walk.shift, j)));
  if (!(closing > ROUNDING * (rounding + width))) return;
  const reached = max<f64>(walk.penaltyOf(j) + tau * width - <f64>side * qOf(j), 0) / closing;
  if (reached >= length) return;
  length = reached;
  leaving = -1;
  entering = j;
  sign = side;
}

function move(): void {
  for (let place = 0; place < walk.count; place++) {
    const j = walk.usedAt(place);
    walk.setBeta(j, walk.betaOf(j) + length * directionAt(place));
  }
  for (let index = 0; index < candidateCount; index++) {
    const j = candidateAt(index);
    if (walk.signOf(j) === 0) store<f64>(walk.wide(walk.q, j), qOf(j) + length * slopeOf(j));
  }
  tau -= length;
}

function leave(place: i32): void {
  const j = walk.usedAt(place);
  leftFeature = j;
  leftSign = walk.signOf(j);
  store<f64>(walk.wide(walk.q, j), <f64>leftSign * (walk.penaltyOf(j) + tau * widthOf(j)));
  walk.drop(place);
  remove(place);
}

function enter(): void {
  const j = entering;
  const along = rate(j, sign);
  if (appendFeature(j, sign, along)) return;
  const place = exchange(j, sign);
  if (place >= 0) leave(place);
  if (place < 0 || !appendFeature(j, sign, along)) store<i32>(walk.whole(walk.blocked, j), 1);
}
