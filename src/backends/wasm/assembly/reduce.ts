// Reductions over the middle index of x[outer, middle, inner]; see REDUCTIONS in kernels.ts for the formulas.
import { Reduce, Reduction } from '../instructions';
import { evaluate, STEP } from './formulas';
import { areRight, relativeTo, scaleFor } from './length';
import {
  buffer,
  CHUNK,
  chunk,
  firstLanes,
  maximumOfLanes,
  parametersAt,
  quad,
  real,
  storeFirst,
  sumOfLanes,
  word,
} from './memory';

const BYTES: usize = 4;

/** The current result of four lanes, and Σ x² of fixedPointResidual. */
let total: v128 = f32x4.splat(0);
let square: v128 = f32x4.splat(0);

/** Reduces the outer indices `first` to `last`. */
export function reduce(at: usize, first: i32, last: i32): void {
  const inner = word(at, Reduce.inner);
  for (let o = first; o < last; o++) {
    if (inner === 1) reduceRow(at, o);
    else reduceColumns(at, o, inner);
  }
}

function start(operation: i32): void {
  total = f32x4.splat(operation === Reduction.maximum ? -f32.POSITIVE_INFINITY : 0);
  square = f32x4.splat(0);
}

/**
 * Adds `count` vectors of four numbers, `step` bytes apart, to the result. Only the lanes that are set in `lanes`
 * count. For fixedPointResidual, `y` holds σ(y).
 */
function accumulate(operation: i32, x: usize, y: usize, count: i32, step: usize, lanes: v128): void {
  const one = v128.and(f32x4.splat(1), lanes);
  const end = x + <usize>count * step;
  let result = total;
  switch (operation) {
    case Reduction.sum:
      for (; x !== end; x += step) result = f32x4.add(result, v128.and(v128.load(x), lanes));
      break;
    case Reduction.maximum:
      for (; x !== end; x += step) result = f32x4.max(result, v128.bitselect(v128.load(x), result, lanes));
      break;
    case Reduction.maximumAbsolute:
      for (; x !== end; x += step) result = f32x4.max(result, v128.and(f32x4.abs(v128.load(x)), lanes));
      break;
    case Reduction.norm:
      for (; x !== end; x += step) {
        const value = v128.and(v128.load(x), lanes);
        result = f32x4.add(result, f32x4.mul(value, value));
      }
      break;
    case Reduction.dot:
      for (; x !== end; x += step, y += step) {
        result = f32x4.add(result, v128.and(f32x4.mul(v128.load(x), v128.load(y)), lanes));
      }
      break;
    case Reduction.anyZero:
      for (; x !== end; x += step) {
        result = f32x4.max(result, v128.and(f32x4.eq(v128.load(x), f32x4.splat(0)), one));
      }
      break;
    case Reduction.countNotFinite:
      for (; x !== end; x += step) {
        // x − x is 0 where x is finite, otherwise NaN.
        const difference = f32x4.sub(v128.load(x), v128.load(x));
        result = f32x4.add(result, v128.and(f32x4.ne(difference, difference), one));
      }
      break;
    default: {
      let squares = square;
      for (; x !== end; x += step, y += step) {
        const value = v128.and(v128.load(x), lanes);
        const difference = f32x4.sub(value, v128.and(v128.load(y), lanes));
        result = f32x4.add(result, f32x4.mul(difference, difference));
        squares = f32x4.add(squares, f32x4.mul(value, value));
      }
      square = squares;
    }
  }
  total = result;
}

function isMaximum(operation: i32): bool {
  return operation === Reduction.maximum || operation === Reduction.maximumAbsolute || operation === Reduction.anyZero;
}

/** Reduces numbers that lie one after the other to one result. */
function reduceRow(at: usize, o: i32): void {
  const operation = word(at, Reduce.operation);
  const middle = word(at, Reduce.middle);
  const x = buffer(at, Reduce.x) + <usize>(o * middle) * BYTES;
  const second = buffer(at, Reduce.y);
  const y = second === 0 ? x : second + <usize>(o * middle) * BYTES;
  start(operation);
  if (operation === Reduction.fixedPointResidual) {
    for (let i = 0; i < middle; i += CHUNK) {
      const count = min(CHUNK, middle - i);
      const place = <usize>i * BYTES;
      const sigma = applyActivation(at, y + place, count);
      accumulateRow(operation, x + place, sigma, count);
    }
  } else {
    accumulateRow(operation, x, y, middle);
  }
  const joined = isMaximum(operation) ? maximumOfLanes(total) : sumOfLanes(total);
  const result = finishResult(at, operation, x, y, BYTES, joined, sumOfLanes(square));
  store<f32>(buffer(at, Reduce.out) + <usize>o * BYTES, result);
}

/** Applies σ to `count` numbers. @returns the address of the results, which is `y` itself for the identity */
function applyActivation(at: usize, y: usize, count: i32): usize {
  const activation = word(at, Reduce.activation);
  if (activation < 0) return y;
  const aside = chunk(3);
  evaluate(activation, aside, count, parametersAt(at, Reduce.p0), y);
  return aside;
}

function accumulateRow(operation: i32, x: usize, y: usize, count: i32): void {
  const whole = ((<usize>count) << 2) & ~15;
  accumulate(operation, x, y, count >> 2, STEP, i32x4.splat(-1));
  if (count & 3) accumulate(operation, x + whole, y + whole, 1, STEP, firstLanes(count & 3));
}

/**
 * Computes the result from the sums, which are summed again with scaling where they have overflowed or underflowed.
 * @param pitch bytes from one number of x and y to the next
 */
function finishResult(at: usize, operation: i32, x: usize, y: usize, pitch: usize, joined: f32, squares: f32): f32 {
  const isResidual = operation === Reduction.fixedPointResidual;
  if (!isResidual && operation !== Reduction.norm) return joined;
  const scale = scaleFor(joined);
  const sum = scale === 1 ? joined : scaledSquares(at, x, isResidual ? y : 0, pitch, scale);
  if (!isResidual) return sqrt<f32>(sum) / scale;
  const sizeScale = scaleFor(squares);
  const size = sizeScale === 1 ? squares : scaledSquares(at, x, 0, pitch, sizeScale);
  return relativeTo(sqrt<f32>(sum), scale, sqrt<f32>(size), sizeScale, real(at, Reduce.p2));
}

/** Σ (scale·(x − σ(y)))², or Σ (scale·x)² where y is 0. */
function scaledSquares(at: usize, x: usize, y: usize, pitch: usize, scale: f32): f32 {
  let sum: f32 = 0;
  for (let left = word(at, Reduce.middle); left > 0; left--, x += pitch) {
    let value = load<f32>(x);
    if (y !== 0) {
      value -= load<f32>(applyActivation(at, y, 1));
      y += pitch;
    }
    value *= scale;
    sum += value * value;
  }
  return sum;
}

/** Computes four neighbouring results at a time. */
function reduceColumns(at: usize, o: i32, inner: i32): void {
  const operation = word(at, Reduce.operation);
  const middle = word(at, Reduce.middle);
  const pitch = <usize>inner * BYTES;
  const begin = <usize>(o * middle) * pitch;
  const x = buffer(at, Reduce.x) + begin;
  const second = buffer(at, Reduce.y);
  const y = second === 0 ? x : second + begin;
  const out = buffer(at, Reduce.out) + <usize>o * pitch;
  const all = i32x4.splat(-1);
  for (let place: usize = 0; place < pitch; place += STEP) {
    start(operation);
    if (operation === Reduction.fixedPointResidual) {
      for (let j = 0; j < middle; j++) {
        const from = <usize>j * pitch + place;
        accumulate(operation, x + from, applyActivation(at, y + from, 4), 1, STEP, all);
      }
    } else {
      accumulate(operation, x + place, y + place, middle, pitch, all);
    }
    let result = total;
    if (operation === Reduction.norm) result = f32x4.sqrt(total);
    if (operation === Reduction.fixedPointResidual) {
      const size = f32x4.add(f32x4.splat(real(at, Reduce.p2)), f32x4.sqrt(square));
      result = f32x4.div(f32x4.sqrt(total), size);
    }
    if (place + STEP <= pitch) v128.store(out + place, result);
    else {
      // The numbers beyond may belong to another thread.
      v128.store(quad(0), result);
      storeFirst(out + place, quad(0), <i32>((pitch - place) >> 2));
    }
    const isResidual = operation === Reduction.fixedPointResidual;
    if (!isResidual && operation !== Reduction.norm) continue;
    if (areRight(total) && (!isResidual || areRight(square))) continue;
    v128.store(quad(0), total);
    v128.store(quad(1), square);
    const end = min(STEP, pitch - place);
    for (let lane: usize = 0; lane < end; lane += BYTES) {
      const from = place + lane;
      const squares = load<f32>(quad(1) + lane);
      const length = finishResult(at, operation, x + from, y + from, pitch, load<f32>(quad(0) + lane), squares);
      store<f32>(out + from, length);
    }
  }
}
