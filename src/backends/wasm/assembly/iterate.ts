// Whole loops: a block of samples iterates until all of its samples have stopped; see ITERATIONS and IterateCall in
// iteration-kernels.ts.
import { Iterate, Iteration, Operation } from '../instructions';
import { beat, isTimeOver } from './clock';
import { evaluate, STEP } from './formulas';
import { relativeTo, scaleFor } from './length';
import {
  BLOCK_DEPTH,
  BLOCK_ROWS,
  blockSpace,
  buffer,
  firstLanes,
  parametersAt,
  real,
  setWord,
  splatted,
  sumOfLanes,
  word,
} from './memory';
import { PANEL, packLeft, packRight, TILE_ROWS } from './pack';
import { observe, STATE_ROWS } from './scalar';
import { tile } from './tile';

const BYTES: usize = 4;
/**
 * Bytes between the arrays of the block. Without them, rows of length 2ᵏ would compete for the same places in the
 * cache.
 */
const APART: usize = 320;

/**
 * Numbers in a row, and the bytes from one row to the next in the arrays of this kernel, whose rows are whole panels.
 */
let n: i32 = 0;
let pitch: usize = 0;
/** Numbers of a row that are processed: n rounded up to a multiple of four. */
let count: i32 = 0;
let alpha: f32 = 0;
/**
 * Addresses of the arrays of the current block: x, intermediate results, the product with M, the factors of the
 * proximal operator, and what the sums of forwardBackward have lost to rounding.
 */
let xs: usize = 0;
let betweens: usize = 0;
let products: usize = 0;
let factors: usize = 0;
let losses: usize = 0;

/** The multiplications to perform at once while the speed of the iterations is not known. */
const AT_ONCE: i64 = 1 << 24;
/** The approximate time between two looks at the clock, in milliseconds. */
const BETWEEN_LOOKS: f64 = 8;
const MAXIMUM_AT_ONCE: i32 = 1 << 20;

/** Chooses the iterations to perform next, and packs M before the first of them. @returns their number */
export function chooseIterations(at: usize): i32 {
  const done = word(at, Iterate.done);
  let iterations = word(at, Iterate.atOnce);
  if (iterations === 0) {
    const perIteration = <i64>word(at, Iterate.batch) * <i64>word(at, Iterate.n) * <i64>word(at, Iterate.stride) + 1;
    iterations = <i32>max<i64>(AT_ONCE / perIteration, 1);
    setWord(at, Iterate.atOnce, iterations);
  }
  if (isTimeOver()) iterations = 1;
  iterations = min(iterations, word(at, Iterate.limit) - done);
  setWord(at, Iterate.until, done + iterations);
  if (done > 0) return iterations;
  packRight(
    buffer(at, Iterate.matrix),
    buffer(at, Iterate.packed),
    word(at, Iterate.stride),
    word(at, Iterate.n),
    false,
  );
  return iterations;
}

/** Adapts the number of iterations performed at once to the time that `made` of them have taken. */
export function adjustPace(at: usize, made: i32, milliseconds: f64): void {
  const iterations = word(at, Iterate.atOnce);
  if (made < iterations) return;
  if (milliseconds > BETWEEN_LOOKS) setWord(at, Iterate.atOnce, max(iterations >> 1, 1));
  else if (2 * milliseconds < BETWEEN_LOOKS && iterations < MAXIMUM_AT_ONCE)
    setWord(at, Iterate.atOnce, iterations << 1);
}

/** Notes that the chosen iterations are done. @returns whether the loop has ended */
export function endIterations(at: usize, isCutShort: bool): bool {
  n = word(at, Iterate.n); // the other threads may have taken all samples
  const done = word(at, Iterate.until);
  let isOver = isCutShort || done >= word(at, Iterate.limit);
  if (!isOver) {
    isOver = true;
    for (let sample = 0; sample < word(at, Iterate.batch) && isOver; sample++) isOver = !isRunning(at, sample);
  }
  setWord(at, Iterate.done, isOver ? 0 : done);
  return isOver;
}

/** Performs the chosen iterations for the samples `first` to `last`. */
export function iterate(at: usize, first: i32, last: i32): void {
  n = word(at, Iterate.n);
  pitch = (<usize>((n + PANEL - 1) / PANEL)) << 5;
  count = (n + 3) & ~3;
  const step = buffer(at, Iterate.step);
  alpha = step === 0 ? 1 : load<f32>(step);
  for (let row = first; row < last; row += BLOCK_ROWS) iterateBlock(at, row, min(BLOCK_ROWS, last - row));
}

function isSplitting(at: usize): bool {
  return word(at, Iterate.iteration) === Iteration.peacemanRachford;
}

/** Address of the row of a sample in an operand [batch, n]. */
function rowOf(at: usize, field: i32, sample: i32): usize {
  return buffer(at, field) + <usize>(sample * n) * BYTES;
}

function stateOf(at: usize, field: i32): usize {
  return buffer(at, field) + <usize>(word(at, Iterate.batch) * n) * BYTES;
}

function isRunning(at: usize, sample: i32): bool {
  return load<f32>(stateOf(at, Iterate.out) + ((<usize>sample) << 2)) === 0;
}

function iterateBlock(at: usize, row: i32, rows: i32): void {
  locateBlock(at, row);
  const done = word(at, Iterate.done);
  const until = word(at, Iterate.until);
  if (done === 0) copyCarried(at, row, rows);
  for (let iteration = done; iteration < until; iteration++) {
    beat();
    let running = 0;
    for (let i = 0; i < rows; i++) if (isRunning(at, row + i)) running |= 1 << (i / TILE_ROWS);
    if (running === 0) break;
    if (isSplitting(at)) for (let i = 0; i < rows; i++) if (isRunning(at, row + i)) reflect(at, row + i, i);
    multiply(at, rows, running);
    for (let i = 0; i < rows; i++) if (isRunning(at, row + i)) advance(at, row + i, i);
  }
  for (let i = 0; i < rows; i++) {
    memory.copy(rowOf(at, Iterate.out, row + i), xs + <usize>i * pitch, (<usize>n) << 2);
  }
}

/** Finds the arrays of the block that begins with `row`. */
function locateBlock(at: usize, row: i32): void {
  const batch = word(at, Iterate.batch);
  const size = <usize>((batch + 3) & ~3) * pitch + APART;
  xs = buffer(at, Iterate.space) + <usize>row * pitch;
  products = xs + size;
  betweens = products + size;
  factors = betweens + size;
  losses = factors + size;
}

/** Copies the values that enter the loop into the arrays of the block. */
function copyCarried(at: usize, row: i32, rows: i32): void {
  const batch = word(at, Iterate.batch);
  const remembers = word(at, Iterate.iteration) === Iteration.forwardBackward;
  for (let i = 0; i < rows; i++) {
    const place = <usize>i * pitch;
    memory.copy(xs + place, rowOf(at, Iterate.carried, row + i), (<usize>n) << 2);
    if (buffer(at, Iterate.slope) !== 0) computeFactors(rowOf(at, Iterate.slope, row + i), factors + place);
    if (remembers) memory.fill(losses + place, 0, pitch);
  }
  for (let part = 0; part < STATE_ROWS; part++) {
    const place = <usize>(part * batch + row) * BYTES;
    memory.copy(stateOf(at, Iterate.out) + place, stateOf(at, Iterate.carried) + place, (<usize>rows) << 2);
  }
}

/** The factors d/(d + α(1 − d)) by which the proximal operator of a slope d multiplies. */
function computeFactors(slope: usize, to: usize): void {
  const a = f32x4.splat(alpha);
  const one = f32x4.splat(1);
  for (let i: usize = 0; i < (<usize>count) << 2; i += STEP) {
    const d = v128.load(slope + i);
    v128.store(to + i, f32x4.div(d, f32x4.add(d, f32x4.mul(a, f32x4.sub(one, d)))));
  }
}

/** prox_{αf}(x) */
function proximal(at: usize, i: i32, x: usize, to: usize): void {
  if (buffer(at, Iterate.slope) === 0) {
    const operation = word(at, Iterate.proximal);
    evaluate(operation, to, count, parametersAt(at, Iterate.p0), x, splatted(0, alpha));
    return;
  }
  const factor = factors + <usize>i * pitch;
  for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
    v128.store(to + j, f32x4.mul(v128.load(factor + j), v128.load(x + j)));
  }
}

/** q = 2·prox_{αf}(x) − x + αb */
function reflect(at: usize, sample: i32, i: i32): void {
  const place = <usize>i * pitch;
  const x = xs + place;
  const q = betweens + place;
  const b = rowOf(at, Iterate.b, sample);
  const two = f32x4.splat(2);
  const a = f32x4.splat(alpha);
  const isSloped = buffer(at, Iterate.slope) !== 0;
  if (!isSloped && word(at, Iterate.proximal) === Operation.proximalRelu) {
    // 2·max(x, 0) − x = |x|
    for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
      v128.store(q + j, f32x4.add(f32x4.abs(v128.load(x + j)), f32x4.mul(a, v128.load(b + j))));
    }
    return;
  }
  if (!isSloped) proximal(at, i, x, q);
  const factor = factors + place;
  for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
    const from = v128.load(x + j);
    const near = isSloped ? f32x4.mul(v128.load(factor + j), from) : v128.load(q + j);
    v128.store(q + j, f32x4.add(f32x4.sub(f32x4.mul(two, near), from), f32x4.mul(a, v128.load(b + j))));
  }
}

/** Multiplies the rows by M, in those strips of TILE_ROWS rows whose bit is set in `running`. */
function multiply(at: usize, rows: i32, running: i32): void {
  const panels = (word(at, Iterate.stride) + PANEL - 1) / PANEL;
  const low = -f32.POSITIVE_INFINITY;
  const lefts = isSplitting(at) ? betweens : xs;
  for (let begin = 0; begin < n; begin += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, n - begin);
    packLeft(lefts, blockSpace(), 0, rows, begin, depth, rows, <i32>(pitch >> 2), false);
    let right = buffer(at, Iterate.packed) + <usize>(begin * panels * PANEL) * BYTES;
    for (let panel = 0; panel < panels; panel++, right += <usize>(depth * PANEL) * BYTES) {
      for (let strip = 0; strip < rows; strip += TILE_ROWS) {
        if (((running >> (strip / TILE_ROWS)) & 1) === 0) continue;
        const left = blockSpace() + <usize>(strip * depth) * BYTES;
        const to = products + <usize>strip * pitch + ((<usize>panel) << 5);
        tile(left, right, depth, begin > 0 ? to : 0, pitch, to, pitch, low);
      }
    }
  }
}

/** Computes the residual, lets the monitor decide whether the sample goes on, and computes the next x. */
function advance(at: usize, sample: i32, i: i32): void {
  const place = <usize>i * pitch;
  const b = rowOf(at, Iterate.b, sample);
  const h = products + place;
  const x = xs + place;
  const between = betweens + place;
  if (isSplitting(at)) {
    stepSplitting(at, sample, h, between, b, x);
    const isSloped = buffer(at, Iterate.slope) !== 0;
    const isMeasured = isSloped || word(at, Iterate.activation) === Operation.relu;
    const isPlain = isMeasured && scaleFor(missed) === 1 && (isSloped || scaleFor(size) === 1);
    observeResidual(at, sample, isPlain ? residualFrom(at, missed, 1, size, 1) : residual(at, sample, h, between));
    return;
  }
  for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
    v128.store(h + j, f32x4.add(v128.load(h + j), v128.load(b + j)));
  }
  const remembers = word(at, Iterate.iteration) === Iteration.forwardBackward;
  if (remembers) stepForwardBackward(x, h, losses + place, between);
  observeResidual(at, sample, residual(at, sample, x, h)); // replaces h by σ(p)
  if (!isRunning(at, sample)) return;
  if (remembers) proximal(at, i, between, x);
  else memory.copy(x, h, (<usize>count) << 2);
}

/**
 * w = x + y with y = α(p − x) + c, and c ← y − (w − x), which makes up for the rounding of the sum; see
 * forward-backward.
 */
function stepForwardBackward(x: usize, p: usize, c: usize, w: usize): void {
  const a = f32x4.splat(alpha);
  for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
    const from = v128.load(x + j);
    const y = f32x4.add(f32x4.mul(a, f32x4.sub(v128.load(p + j), from)), v128.load(c + j));
    const to = f32x4.add(from, y);
    v128.store(w + j, to);
    v128.store(c + j, f32x4.sub(y, f32x4.sub(to, from)));
  }
}

/** Σ (z − σ(p))² and Σ z² of a row, as `stepSplitting` computes them. */
let missed: f32 = 0;
let size: f32 = 0;

/**
 * x ← 2h − q + αb and q ← p = (1 + 1/α)h − q/α + b. Also computes the sums of the residual of (h, p) for a slope or a
 * relu.
 */
function stepSplitting(at: usize, sample: i32, h: usize, q: usize, b: usize, x: usize): void {
  const isSloped = buffer(at, Iterate.slope) !== 0;
  const slope = isSloped ? rowOf(at, Iterate.slope, sample) : h;
  const two = f32x4.splat(2);
  const a = f32x4.splat(alpha);
  const inverse = f32x4.splat(<f32>1 / alpha);
  const more = f32x4.splat(<f32>1 + <f32>1 / alpha);
  let differences = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let j = 0; j < n; j += 4) {
    const place = (<usize>j) << 2;
    const half = v128.load(h + place);
    const right = v128.load(q + place);
    const bias = v128.load(b + place);
    const p = f32x4.add(f32x4.sub(f32x4.mul(more, half), f32x4.mul(inverse, right)), bias);
    v128.store(x + place, f32x4.add(f32x4.sub(f32x4.mul(two, half), right), f32x4.mul(a, bias)));
    v128.store(q + place, p);
    const sigma = isSloped ? f32x4.mul(v128.load(slope + place), p) : f32x4.max(p, f32x4.splat(0));
    let difference = f32x4.sub(half, sigma);
    let value = half;
    if (n - j < 4) {
      difference = v128.and(difference, firstLanes(n - j));
      value = v128.and(value, firstLanes(n - j));
    }
    differences = f32x4.add(differences, f32x4.mul(difference, difference));
    squares = f32x4.add(squares, f32x4.mul(value, value));
  }
  missed = sumOfLanes(differences);
  size = sumOfLanes(squares);
}

/** The residual ρ of (z, p). Replaces p by σ(p). */
function residual(at: usize, sample: i32, z: usize, p: usize): f32 {
  const slope = buffer(at, Iterate.slope);
  const activation = word(at, Iterate.activation);
  if (slope !== 0) {
    const d = rowOf(at, Iterate.slope, sample);
    for (let j: usize = 0; j < (<usize>count) << 2; j += STEP) {
      v128.store(p + j, f32x4.mul(v128.load(d + j), v128.load(p + j)));
    }
  } else if (activation >= 0) {
    evaluate(activation, p, count, parametersAt(at, Iterate.p0), p);
  }
  let differences = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let j = 0; j < n; j += 4) {
    const lanes = n - j < 4 ? firstLanes(n - j) : i32x4.splat(-1);
    const value = v128.and(v128.load(z + ((<usize>j) << 2)), lanes);
    const difference = f32x4.sub(value, v128.and(v128.load(p + ((<usize>j) << 2)), lanes));
    differences = f32x4.add(differences, f32x4.mul(difference, difference));
    squares = f32x4.add(squares, f32x4.mul(value, value));
  }
  let far = sumOfLanes(differences);
  let large = sumOfLanes(squares);
  const scale = scaleFor(far);
  const sizeScale = slope !== 0 ? <f32>1 : scaleFor(large);
  if (scale !== 1) far = scaledSquares(z, p, scale);
  if (sizeScale !== 1) large = scaledSquares(z, 0, sizeScale);
  return residualFrom(at, far, scale, large, sizeScale);
}

/** Σ (scale·(z − s))² of a row, or Σ (scale·z)² where s is 0. */
function scaledSquares(z: usize, s: usize, scale: f32): f32 {
  let sum: f32 = 0;
  for (let j: usize = 0; j < (<usize>n) << 2; j += BYTES) {
    const value = scale * (load<f32>(z + j) - (s === 0 ? <f32>0 : load<f32>(s + j)));
    sum += value * value;
  }
  return sum;
}

/** The residual ρ from the sums of squares Σ (scale·(z − σ(p)))² and Σ (sizeScale·z)². */
function residualFrom(at: usize, far: f32, scale: f32, large: f32, sizeScale: f32): f32 {
  if (buffer(at, Iterate.slope) !== 0) return sqrt<f32>(far) / scale;
  return relativeTo(sqrt<f32>(far), scale, sqrt<f32>(large), sizeScale, real(at, Iterate.epsilon));
}

function observeResidual(at: usize, sample: i32, found: f32): void {
  const shared = word(at, Iterate.shared);
  const tolerance = load<f32>(buffer(at, Iterate.tolerance) + ((<usize>(shared & 1 ? 0 : sample)) << 2));
  const floor = load<f32>(buffer(at, Iterate.floor) + ((<usize>(shared & 2 ? 0 : sample)) << 2));
  const giveUp = word(at, Iterate.giveUp) !== 0;
  const state = stateOf(at, Iterate.out);
  observe(state, word(at, Iterate.batch), sample, found, tolerance, floor, <f32>word(at, Iterate.staleLimit), giveUp);
}
