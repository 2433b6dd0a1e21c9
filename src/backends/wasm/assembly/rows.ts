// Operations on whole rows; see ROWS in kernels.ts for the formulas. x, y and out are the addresses of one row of each.
import { Rows, RowsOperation } from '../instructions';
import { exponential, exponentialMinusOne, logarithm } from './functions';
import { scaleFor } from './length';
import { buffer, firstLanes, maximumOfLanes, quad, real, storeFirst, sumOfLanes, word } from './memory';

const EPSILON: f32 = 1.1920929e-7;
const ENTRY_LIMIT: i32 = 24;
const PEAK_LIMIT: i32 = 30;

/** The rows `first` to `last`. */
export function rows(at: usize, first: i32, last: i32): void {
  const operation = word(at, Rows.operation);
  const columns = word(at, Rows.columns);
  const pitch = (<usize>columns) << 2;
  const begin = <usize>first * pitch;
  let x = buffer(at, Rows.x) + begin;
  let y = buffer(at, Rows.y);
  if (operation === RowsOperation.standardiseDerivative) y += begin;
  let out = buffer(at, Rows.out) + begin;
  for (let row = first; row < last; row++, x += pitch, out += pitch) {
    switch (operation) {
      case RowsOperation.softmax:
        softmax(x, out, columns);
        break;
      case RowsOperation.logSoftmax:
        logSoftmax(x, out, columns);
        break;
      case RowsOperation.proximalSoftmax:
        proximalSoftmax(x, out, columns, load<f32>(y));
        break;
      case RowsOperation.standardise:
        standardise(x, out, columns, real(at, Rows.p0));
        break;
      case RowsOperation.standardiseDerivative:
        standardiseDerivative(x, y, out, columns, real(at, Rows.p0));
        y += pitch;
        break;
      default:
        unreachable(); // the others are in the second module
    }
  }
}

/** Lanes of the four numbers from column `i` on that belong to the row. */
export function lanesAt(i: i32, columns: i32): v128 {
  return columns - i >= 4 ? i32x4.splat(-1) : firstLanes(columns - i);
}

export function place(row: usize, i: i32): usize {
  return row + ((<usize>i) << 2);
}

/** Writes four numbers, or those of them that belong to the row. */
export function write(out: usize, i: i32, columns: i32, value: v128): void {
  if (columns - i >= 4) {
    v128.store(place(out, i), value);
    return;
  }
  v128.store(quad(0), value);
  storeFirst(place(out, i), quad(0), columns - i);
}

export function largestOf(x: usize, columns: i32): f32 {
  let largest = v128.load32_splat(x);
  for (let i = 0; i < columns; i += 4) {
    largest = f32x4.max(largest, v128.bitselect(v128.load(place(x, i)), largest, lanesAt(i, columns)));
  }
  return maximumOfLanes(largest);
}

/** Σ e^(xᵢ − peak) */
function sumOfExponentials(x: usize, columns: i32, peak: f32): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const e = exponential(f32x4.sub(v128.load(place(x, i)), f32x4.splat(peak)));
    sum = f32x4.add(sum, v128.and(e, lanesAt(i, columns)));
  }
  return sumOfLanes(sum);
}

function softmax(x: usize, out: usize, columns: i32): void {
  const peak = largestOf(x, columns);
  const total = f32x4.splat(sumOfExponentials(x, columns, peak));
  for (let i = 0; i < columns; i += 4) {
    write(out, i, columns, f32x4.div(exponential(f32x4.sub(v128.load(place(x, i)), f32x4.splat(peak))), total));
  }
}

function logarithmOf(value: f32): f32 {
  return f32x4.extract_lane(logarithm(f32x4.splat(value)), 0);
}

function exponentialOf(value: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat(value)), 0);
}

function logSoftmax(x: usize, out: usize, columns: i32): void {
  const peak = largestOf(x, columns);
  const logarithmOfSum = f32x4.splat(logarithmOf(sumOfExponentials(x, columns, peak)));
  for (let i = 0; i < columns; i += 4) {
    write(out, i, columns, f32x4.sub(f32x4.sub(v128.load(place(x, i)), f32x4.splat(peak)), logarithmOfSum));
  }
}

/**
 * Solves h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0 for w ≤ 0. For α < 1, h is convex and w ≤ (c + 1 − α)/α; for α > 1, h is
 * concave and w ≥ (c + 1 − α)/α. One Newton step from there lands on the side from which all further steps approach w
 * monotonically.
 */
function logarithmOfEntry(start: v128, c: v128, alpha: f32): v128 {
  const zero = f32x4.splat(0);
  const a = f32x4.splat(alpha);
  const rest = f32x4.splat(1 - alpha);
  const bound = f32x4.min(f32x4.div(f32x4.add(c, rest), a), zero);
  let w = start;
  for (let iteration = 0; iteration < ENTRY_LIMIT; iteration++) {
    w = alpha < 1 ? f32x4.min(w, bound) : f32x4.min(f32x4.max(w, bound), zero);
    const e = exponentialMinusOne(w);
    const h = f32x4.add(f32x4.mul(a, w), f32x4.sub(f32x4.mul(rest, e), c));
    const slope = f32x4.add(a, f32x4.mul(rest, f32x4.add(f32x4.splat(1), e)));
    const change = f32x4.div(h, slope);
    w = f32x4.sub(w, change);
    // Newton's method converges quadratically: the next change would be about the square of this one.
    if (!v128.any_true(f32x4.gt(f32x4.abs(change), f32x4.splat(1e-5)))) break;
  }
  return f32x4.min(w, zero);
}

/**
 * s = softmax(t) with (1 − α)s + αt = x. Write wᵢ = ln sᵢ. Then tᵢ = wᵢ + κ for some κ, and the equation separates:
 * h(wᵢ), see `logarithmOfEntry`, is xᵢ up to a number common to all i, so that h(wᵢ) = h(ω) − (max x − xᵢ), where ω is
 * the w of the largest entry. h increases on w ≤ 0, and so does Σ e^wᵢ with ω. The ω in [−ln n, 0] at which Σ e^wᵢ = 1
 * is found by Newton steps on ln Σ, and by a bisection where a step leaves the bracket. `out` holds w until the end.
 */
function proximalSoftmax(x: usize, out: usize, columns: i32, alpha: f32): void {
  const rest: f32 = 1 - alpha;
  const top = largestOf(x, columns);
  const tolerance = <f32>2 * EPSILON * (<f32>1 + sqrt<f32>(<f32>columns));
  let low = -logarithmOf(<f32>columns);
  let high: f32 = 0;
  let peak = min(max(-logarithmOf(sumOfExponentials(x, columns, top)), low), high);
  for (let i = 0; i < columns; i += 4) {
    write(out, i, columns, f32x4.add(f32x4.splat(peak), f32x4.sub(v128.load(place(x, i)), f32x4.splat(top))));
  }
  let sum: f32 = 1;
  for (let iteration = 0; iteration < PEAK_LIMIT; iteration++) {
    const minusOne = f32x4.extract_lane(exponentialMinusOne(f32x4.splat(peak)), 0);
    const level = f32x4.splat(alpha * peak + rest * minusOne);
    let sums = f32x4.splat(0);
    let weights = f32x4.splat(0);
    for (let i = 0; i < columns; i += 4) {
      const c = f32x4.add(level, f32x4.sub(v128.load(place(x, i)), f32x4.splat(top)));
      const w = logarithmOfEntry(v128.load(place(out, i)), c, alpha);
      write(out, i, columns, w);
      const s = exponential(w);
      const weight = f32x4.div(s, f32x4.add(f32x4.splat(alpha), f32x4.mul(f32x4.splat(rest), s)));
      sums = f32x4.add(sums, v128.and(s, lanesAt(i, columns)));
      weights = f32x4.add(weights, v128.and(weight, lanesAt(i, columns)));
    }
    sum = sumOfLanes(sums);
    if (abs<f32>(sum - 1) <= tolerance) break;
    if (sum > 1) high = peak;
    else low = peak;
    // d ln Σ / dω = h'(ω)·Σ (sᵢ / h'(wᵢ)) / Σ sᵢ
    const slope = (alpha + rest * exponentialOf(peak)) * sumOfLanes(weights);
    let next = peak - (logarithmOf(sum) * sum) / slope;
    if (!(next > low && next < high)) next = low + <f32>0.5 * (high - low);
    if (next === peak) break;
    peak = next;
  }
  for (let i = 0; i < columns; i += 4) {
    write(out, i, columns, f32x4.div(exponential(v128.load(place(out, i))), f32x4.splat(sum)));
  }
}

/** Lanes of the moments of a row. */
const MEAN: u8 = 0; // rounded to float32
const CORRECTION: u8 = 1; // the exact mean minus the rounded one
const SCALE: u8 = 2; // 1/√(variance + ε)

/**
 * The moments of a row. The mean is subtracted before squaring: E[x²] − E[x]² would cancel where numbers are large and
 * alike.
 */
function momentsOf(x: usize, columns: i32, epsilon: f32): v128 {
  const count = <f32>columns;
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    sum = f32x4.add(sum, v128.and(v128.load(place(x, i)), lanesAt(i, columns)));
  }
  const mean = sumOfLanes(sum) / count;
  // The differences are multiplied by `unit`, which is less than 1 only where their squares would overflow.
  let unit: f32 = 1;
  let sums = sumsOfDifferences(x, columns, mean, unit);
  const scale = scaleFor(f32x4.extract_lane(sums, 1));
  if (scale < 1) {
    unit = scale;
    sums = sumsOfDifferences(x, columns, mean, unit);
  }
  const missing = f32x4.extract_lane(sums, 0) / count;
  const variance = max<f32>(f32x4.extract_lane(sums, 1) / count - missing * missing, 0);
  return f32x4(mean, missing / unit, unit / sqrt<f32>(variance + epsilon * unit * unit), 0);
}

/** Lane 0: Σ unit·(xᵢ − mean). Lane 1: the sum of their squares. */
function sumsOfDifferences(x: usize, columns: i32, mean: f32, unit: f32): v128 {
  let sum = f32x4.splat(0);
  let sumOfSquares = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const difference = f32x4.mul(f32x4.sub(v128.load(place(x, i)), f32x4.splat(mean)), f32x4.splat(unit));
    const counted = v128.and(difference, lanesAt(i, columns));
    sum = f32x4.add(sum, counted);
    sumOfSquares = f32x4.add(sumOfSquares, f32x4.mul(counted, counted));
  }
  return f32x4(sumOfLanes(sum), sumOfLanes(sumOfSquares), 0, 0);
}

function splatLane(moments: v128, lane: u8): v128 {
  if (lane === MEAN) return v128.shuffle<f32>(moments, moments, 0, 0, 0, 0);
  if (lane === CORRECTION) return v128.shuffle<f32>(moments, moments, 1, 1, 1, 1);
  return v128.shuffle<f32>(moments, moments, 2, 2, 2, 2);
}

/** Standardises four numbers of a row. */
function standardiseFour(values: v128, moments: v128): v128 {
  const difference = f32x4.sub(values, splatLane(moments, MEAN));
  return f32x4.mul(f32x4.sub(difference, splatLane(moments, CORRECTION)), splatLane(moments, SCALE));
}

function standardise(x: usize, out: usize, columns: i32, epsilon: f32): void {
  const moments = momentsOf(x, columns, epsilon);
  for (let i = 0; i < columns; i += 4) write(out, i, columns, standardiseFour(v128.load(place(x, i)), moments));
}

/** @param y the cotangent of the standardised row */
function standardiseDerivative(x: usize, y: usize, out: usize, columns: i32, epsilon: f32): void {
  const moments = momentsOf(x, columns, epsilon);
  let totals = f32x4.splat(0);
  let alongs = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const g = v128.and(v128.load(place(y, i)), lanesAt(i, columns));
    const product = f32x4.mul(g, standardiseFour(v128.load(place(x, i)), moments));
    totals = f32x4.add(totals, g);
    alongs = f32x4.add(alongs, v128.and(product, lanesAt(i, columns)));
  }
  const total = f32x4.splat(sumOfLanes(totals) / <f32>columns);
  const along = f32x4.splat(sumOfLanes(alongs) / <f32>columns);
  const scale = splatLane(moments, SCALE);
  for (let i = 0; i < columns; i += 4) {
    const centred = f32x4.sub(v128.load(place(y, i)), total);
    const entry = standardiseFour(v128.load(place(x, i)), moments);
    write(out, i, columns, f32x4.mul(scale, f32x4.sub(centred, f32x4.mul(entry, along))));
  }
}
