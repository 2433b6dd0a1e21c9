// Operations on whole rows; see ROWS in kernels.ts for the formulas.
import { Rows, RowsOperation } from '../instructions';
import { exponential, exponentialMinusOne, logarithm } from './functions';
import { scaleFor } from './length';
import { buffer, firstLanes, maximumOfLanes, quad, real, storeFirst, sumOfLanes, word } from './memory';

const LOWEST: f32 = -3.4028234e38;
const EPSILON: f32 = 1.1920929e-7;
const ENTRY_TRIPS: i32 = 24;
const PEAK_TRIPS: i32 = 30;

/** The row in hand: where it begins and how many numbers it has. */
let x: usize = 0;
let y: usize = 0;
let out: usize = 0;
let columns: i32 = 0;

/** The rows `first` to `last`. */
export function rows(at: usize, first: i32, last: i32): void {
  const operation = word(at, Rows.operation);
  columns = word(at, Rows.columns);
  const pitch = (<usize>columns) << 2;
  const begin = <usize>first * pitch;
  x = buffer(at, Rows.x) + begin;
  y = buffer(at, Rows.y);
  if (operation === RowsOperation.standardiseDerivative) y += begin;
  out = buffer(at, Rows.out) + begin;
  for (let row = first; row < last; row++, x += pitch, out += pitch) {
    switch (operation) {
      case RowsOperation.softmax:
        softmax();
        break;
      case RowsOperation.logSoftmax:
        logSoftmax();
        break;
      case RowsOperation.proximalSoftmax:
        proximalSoftmax();
        break;
      case RowsOperation.standardise:
        standardise(real(at, Rows.p0));
        break;
      default:
        standardiseDerivative(real(at, Rows.p0));
        y += pitch;
    }
  }
}

/** Lanes of the four numbers from column `i` on that belong to the row. */
function lanesAt(i: i32): v128 {
  return columns - i >= 4 ? i32x4.splat(-1) : firstLanes(columns - i);
}

function at(row: usize, i: i32): usize {
  return row + ((<usize>i) << 2);
}

/** Writes four numbers, or those of them that belong to the row. */
function write(i: i32, value: v128): void {
  if (columns - i >= 4) {
    v128.store(at(out, i), value);
    return;
  }
  v128.store(quad(0), value);
  storeFirst(at(out, i), quad(0), columns - i);
}

function largest(): f32 {
  let found = f32x4.splat(LOWEST);
  for (let i = 0; i < columns; i += 4) found = f32x4.max(found, v128.bitselect(v128.load(at(x, i)), found, lanesAt(i)));
  return maximumOfLanes(found);
}

/** Σ e^(xᵢ − peak) */
function sumOfExponentials(peak: f32): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const e = exponential(f32x4.sub(v128.load(at(x, i)), f32x4.splat(peak)));
    sum = f32x4.add(sum, v128.and(e, lanesAt(i)));
  }
  return sumOfLanes(sum);
}

function softmax(): void {
  const peak = largest();
  const total = f32x4.splat(sumOfExponentials(peak));
  for (let i = 0; i < columns; i += 4) {
    write(i, f32x4.div(exponential(f32x4.sub(v128.load(at(x, i)), f32x4.splat(peak))), total));
  }
}

function logarithmOf(value: f32): f32 {
  return f32x4.extract_lane(logarithm(f32x4.splat(value)), 0);
}

function exponentialOf(value: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat(value)), 0);
}

function logSoftmax(): void {
  const peak = largest();
  const logarithmOfSum = f32x4.splat(logarithmOf(sumOfExponentials(peak)));
  for (let i = 0; i < columns; i += 4) {
    write(i, f32x4.sub(f32x4.sub(v128.load(at(x, i)), f32x4.splat(peak)), logarithmOfSum));
  }
}

/**
 * The w ≤ 0 with h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0. For α < 1 h is convex and w at most (c + 1 − α)/α, for α > 1 it is
 * concave and w at least that: a Newton step ends on the side from which the next ones approach steadily.
 */
function logarithmOfEntry(start: v128, c: v128, alpha: f32): v128 {
  const zero = f32x4.splat(0);
  const a = f32x4.splat(alpha);
  const rest = f32x4.splat(1 - alpha);
  const bound = f32x4.min(f32x4.div(f32x4.add(c, rest), a), zero);
  let w = start;
  for (let trip = 0; trip < ENTRY_TRIPS; trip++) {
    w = alpha < 1 ? f32x4.min(w, bound) : f32x4.min(f32x4.max(w, bound), zero);
    const e = exponentialMinusOne(w);
    const h = f32x4.add(f32x4.mul(a, w), f32x4.sub(f32x4.mul(rest, e), c));
    const slope = f32x4.add(a, f32x4.mul(rest, f32x4.add(f32x4.splat(1), e)));
    const change = f32x4.div(h, slope);
    w = f32x4.sub(w, change);
    // The next change would be about its square.
    if (!v128.any_true(f32x4.gt(f32x4.abs(change), f32x4.splat(1e-5)))) break;
  }
  return f32x4.min(w, zero);
}

/**
 * s = softmax(t) with (1 − α)s + αt = x. With wᵢ = ln sᵢ and t = λ + w the entries part: h(wᵢ) is xᵢ up to a number common to
 * all, so that h(wᵢ) = h(ω) − (max x − xᵢ), where ω is the w of the largest entry. h increases on w ≤ 0, and so does Σ e^wᵢ
 * with ω: the ω in [−ln n, 0] at which it is 1 is found by Newton steps on ln Σ, bisections where one leaves the bracket. The
 * result holds w until the end.
 */
function proximalSoftmax(): void {
  const alpha = load<f32>(y);
  const rest: f32 = 1 - alpha;
  const top = largest();
  const enough = <f32>2 * EPSILON * (<f32>1 + sqrt<f32>(<f32>columns));
  let low = -logarithmOf(<f32>columns);
  let high: f32 = 0;
  let peak = min(max(-logarithmOf(sumOfExponentials(top)), low), high);
  for (let i = 0; i < columns; i += 4) {
    write(i, f32x4.add(f32x4.splat(peak), f32x4.sub(v128.load(at(x, i)), f32x4.splat(top))));
  }
  let sum: f32 = 1;
  for (let trip = 0; trip < PEAK_TRIPS; trip++) {
    const minusOne = f32x4.extract_lane(exponentialMinusOne(f32x4.splat(peak)), 0);
    const level = f32x4.splat(alpha * peak + rest * minusOne);
    let sums = f32x4.splat(0);
    let weights = f32x4.splat(0);
    for (let i = 0; i < columns; i += 4) {
      const c = f32x4.add(level, f32x4.sub(v128.load(at(x, i)), f32x4.splat(top)));
      const w = logarithmOfEntry(v128.load(at(out, i)), c, alpha);
      write(i, w);
      const s = exponential(w);
      const weight = f32x4.div(s, f32x4.add(f32x4.splat(alpha), f32x4.mul(f32x4.splat(rest), s)));
      sums = f32x4.add(sums, v128.and(s, lanesAt(i)));
      weights = f32x4.add(weights, v128.and(weight, lanesAt(i)));
    }
    sum = sumOfLanes(sums);
    if (abs<f32>(sum - 1) <= enough) break;
    if (sum > 1) high = peak;
    else low = peak;
    // d ln Σ / dω = h'(ω)·Σ (sᵢ / h'(wᵢ)) / Σ sᵢ
    const slope = (alpha + rest * exponentialOf(peak)) * sumOfLanes(weights);
    let next = peak - (logarithmOf(sum) * sum) / slope;
    if (!(next > low && next < high)) next = low + <f32>0.5 * (high - low);
    if (next === peak) break;
    peak = next;
  }
  for (let i = 0; i < columns; i += 4) write(i, f32x4.div(exponential(v128.load(at(out, i))), f32x4.splat(sum)));
}

/** The mean, rounded; what it lacks; and 1/√(variance + ε). */
let mean: f32 = 0;
let correction: f32 = 0;
let scale: f32 = 0;

/** By two passes: of large numbers that differ little the difference of squares would lose all. */
function takeMoments(epsilon: f32): void {
  const count = <f32>columns;
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) sum = f32x4.add(sum, v128.and(v128.load(at(x, i)), lanesAt(i)));
  mean = sumOfLanes(sum) / count;
  // Of differences times this, which is 1 but where their squares overflow.
  let unit: f32 = 1;
  takeDifferences(unit);
  if (scaleFor(squares) < 1) {
    unit = scaleFor(squares);
    takeDifferences(unit);
  }
  const missing = differences / count;
  correction = missing / unit;
  const variance = max<f32>(squares / count - missing * missing, 0);
  scale = unit / sqrt<f32>(variance + epsilon * unit * unit);
}

/** Of unit·(x − mean): the sum, and that of the squares. */
let differences: f32 = 0;
let squares: f32 = 0;

function takeDifferences(unit: f32): void {
  let sum = f32x4.splat(0);
  let sumOfSquares = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const difference = f32x4.mul(f32x4.sub(v128.load(at(x, i)), f32x4.splat(mean)), f32x4.splat(unit));
    const counted = v128.and(difference, lanesAt(i));
    sum = f32x4.add(sum, counted);
    sumOfSquares = f32x4.add(sumOfSquares, f32x4.mul(counted, counted));
  }
  differences = sumOfLanes(sum);
  squares = sumOfLanes(sumOfSquares);
}

function standardised(i: i32): v128 {
  const difference = f32x4.sub(v128.load(at(x, i)), f32x4.splat(mean));
  return f32x4.mul(f32x4.sub(difference, f32x4.splat(correction)), f32x4.splat(scale));
}

function standardise(epsilon: f32): void {
  takeMoments(epsilon);
  for (let i = 0; i < columns; i += 4) write(i, standardised(i));
}

function standardiseDerivative(epsilon: f32): void {
  takeMoments(epsilon);
  let totals = f32x4.splat(0);
  let alongs = f32x4.splat(0);
  for (let i = 0; i < columns; i += 4) {
    const g = v128.and(v128.load(at(y, i)), lanesAt(i));
    totals = f32x4.add(totals, g);
    alongs = f32x4.add(alongs, v128.and(f32x4.mul(g, standardised(i)), lanesAt(i)));
  }
  const total = f32x4.splat(sumOfLanes(totals) / <f32>columns);
  const along = f32x4.splat(sumOfLanes(alongs) / <f32>columns);
  for (let i = 0; i < columns; i += 4) {
    const centred = f32x4.sub(v128.load(at(y, i)), total);
    write(i, f32x4.mul(f32x4.splat(scale), f32x4.sub(centred, f32x4.mul(standardised(i), along))));
  }
}
