// Sums over the rows of a column of float32 numbers and of vectors in float32 or float64. All numbers of a vector lie
// one after the other.
import { sumOfLanes } from './memory';

/** The numbers that one pass of the loop in `dotNarrow` adds up. */
const WIDTH: i32 = 16;

/** x·y, summed in float32. */
export function dotNarrow(x: usize, y: usize, length: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + WIDTH <= length; i += WIDTH, x += 64, y += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
  }
  let sum = sumOfLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; i < length; i++, x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
  return sum;
}

/** x·y of float32 numbers, summed in float64, where their products are exact. */
export function dotWide(x: usize, y: usize, length: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 16) {
    a = f64x2.add(a, f64x2.mul(two(x, 0), two(y, 0)));
    b = f64x2.add(b, f64x2.mul(two(x, 8), two(y, 8)));
  }
  let sum = sumOfTwo(f64x2.add(a, b));
  for (; i < length; i++, x += 4, y += 4) sum += <f64>load<f32>(x) * <f64>load<f32>(y);
  return sum;
}

/** x·y for x in float32 and y in float64. */
export function dotMixed(x: usize, y: usize, length: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 32) {
    a = f64x2.add(a, f64x2.mul(two(x, 0), v128.load(y)));
    b = f64x2.add(b, f64x2.mul(two(x, 8), v128.load(y, 16)));
  }
  let sum = sumOfTwo(f64x2.add(a, b));
  for (; i < length; i++, x += 4, y += 8) sum += <f64>load<f32>(x) * load<f64>(y);
  return sum;
}

/** y += factor·x for x in float32 and y in float64. */
export function addMixed(y: usize, x: usize, factor: f64, length: i32): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= length; i += 2, x += 8, y += 16) v128.store(y, f64x2.add(v128.load(y), f64x2.mul(f, two(x, 0))));
  if (i < length) store<f64>(y, load<f64>(y) + factor * <f64>load<f32>(x));
}

/** y += a·x in float32. Up to three numbers beyond the last one are overwritten. */
export function addNarrow(y: usize, x: usize, a: f32, length: i32): void {
  const f = f32x4.splat(a);
  for (let i = 0; i < length; i += 4, x += 16, y += 16) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(f, v128.load(x))));
  }
}

/** x·y, both in float64. */
export function dot(x: usize, y: usize, length: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 32, y += 32) {
    a = f64x2.add(a, f64x2.mul(v128.load(x), v128.load(y)));
    b = f64x2.add(b, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  let sum = sumOfTwo(f64x2.add(a, b));
  for (; i < length; i++, x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}

/** y += factor·x, both in float64. */
export function add(y: usize, x: usize, factor: f64, length: i32): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= length; i += 2, x += 16, y += 16) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(f, v128.load(x))));
  }
  if (i < length) store<f64>(y, load<f64>(y) + factor * load<f64>(x));
}

/** Converts two float32 numbers to float64. */
function two(x: usize, offset: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(x + offset));
}

function sumOfTwo(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}
