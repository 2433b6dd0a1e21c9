// Reductions over the middle index of x[outer, middle, inner]; see REDUCTIONS in kernels.ts for the formulas.
import { Reduce, Reduction } from '../instructions';
import { evaluate, STEP } from './formulas';
import { buffer, CHUNK, chunk, firstLanes, maximumOfLanes, real, sumOfLanes, word } from './memory';

const BYTES: usize = 4;

/** Of the running results: a sum, and the second one of fixedPointResidual. */
let total: v128 = f32x4.splat(0);
let square: v128 = f32x4.splat(0);

/** The outer indices `first` to `last`. */
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

/** Takes four numbers more, of which those count whose lanes are set. */
function take(operation: i32, x: v128, y: v128, lanes: v128): void {
  const one = f32x4.splat(1);
  switch (operation) {
    case Reduction.sum:
      total = f32x4.add(total, v128.and(x, lanes));
      break;
    case Reduction.maximum:
      total = f32x4.max(total, v128.bitselect(x, total, lanes));
      break;
    case Reduction.maximumAbsolute:
      total = f32x4.max(total, v128.and(f32x4.abs(x), lanes));
      break;
    case Reduction.norm:
      total = f32x4.add(total, v128.and(f32x4.mul(x, x), lanes));
      break;
    case Reduction.dot:
      total = f32x4.add(total, v128.and(f32x4.mul(x, y), lanes));
      break;
    case Reduction.anyZero:
      total = f32x4.max(total, v128.and(v128.and(f32x4.eq(x, f32x4.splat(0)), one), lanes));
      break;
    case Reduction.countNotFinite: {
      // x − x is 0 where x is finite, and NaN elsewhere.
      const difference = f32x4.sub(x, x);
      total = f32x4.add(total, v128.and(v128.and(f32x4.ne(difference, difference), one), lanes));
      break;
    }
    default: {
      // y holds σ(y) by now.
      const difference = f32x4.sub(x, y);
      total = f32x4.add(total, v128.and(f32x4.mul(difference, difference), lanes));
      square = f32x4.add(square, v128.and(f32x4.mul(x, x), lanes));
    }
  }
}

function isMaximum(operation: i32): bool {
  return operation === Reduction.maximum || operation === Reduction.maximumAbsolute || operation === Reduction.anyZero;
}

/** Numbers that lie one after the other, in one result. */
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
      const sigma = activated(at, y + place, count);
      takeRow(operation, x + place, sigma, count);
    }
  } else {
    takeRow(operation, x, y, middle);
  }
  const joined = isMaximum(operation) ? maximumOfLanes(total) : sumOfLanes(total);
  store<f32>(buffer(at, Reduce.out) + <usize>o * BYTES, finished(at, operation, joined, sumOfLanes(square)));
}

/** σ of `count` numbers: where they are, or aside. */
function activated(at: usize, y: usize, count: i32): usize {
  const activation = word(at, Reduce.activation);
  if (activation < 0) return y;
  const aside = chunk(3);
  evaluate(activation, aside, count, y, STEP, 0, 0, 0, 0, real(at, Reduce.p0), real(at, Reduce.p1), 0, 0);
  return aside;
}

function takeRow(operation: i32, x: usize, y: usize, count: i32): void {
  const all = i32x4.splat(-1);
  const end = x + ((<usize>(count >> 2)) << 4);
  for (; x < end; x += STEP, y += STEP) take(operation, v128.load(x), v128.load(y), all);
  if (count & 3) take(operation, v128.load(x), v128.load(y), firstLanes(count & 3));
}

function finished(at: usize, operation: i32, joined: f32, squares: f32): f32 {
  if (operation === Reduction.norm) return sqrt<f32>(joined);
  if (operation !== Reduction.fixedPointResidual) return joined;
  return sqrt<f32>(joined) / (real(at, Reduce.p2) + sqrt<f32>(squares));
}

/** Four neighbouring results at a time; up to three numbers behind the last one are overwritten, which come later or are nobody's. */
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
    for (let j = 0; j < middle; j++) {
      const from = <usize>j * pitch + place;
      const sigma = operation === Reduction.fixedPointResidual ? activated(at, y + from, 4) : y + from;
      take(operation, v128.load(x + from), v128.load(sigma), all);
    }
    let result = total;
    if (operation === Reduction.norm) result = f32x4.sqrt(total);
    if (operation === Reduction.fixedPointResidual) {
      const size = f32x4.add(f32x4.splat(real(at, Reduce.p2)), f32x4.sqrt(square));
      result = f32x4.div(f32x4.sqrt(total), size);
    }
    v128.store(out + place, result);
  }
}
