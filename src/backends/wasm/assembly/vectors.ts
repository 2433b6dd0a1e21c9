// Operations on vectors of any length, whose numbers lie one after the other. Nothing beyond the last number is used or
// written.
import { multiplyAdd } from './fused';
import { sumOfLanes } from './memory';

/** x·y */
export function dot(x: usize, y: usize, count: i32): f32 {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  const end = x + ((<usize>(count & ~7)) << 2);
  for (; x < end; x += 32, y += 32) {
    sum0 = multiplyAdd(v128.load(x), v128.load(y), sum0);
    sum1 = multiplyAdd(v128.load(x, 16), v128.load(y, 16), sum1);
  }
  let sum = sumOfLanes(f32x4.add(sum0, sum1));
  for (let left = count & 7; left > 0; left--, x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
  return sum;
}

/** x += factor·y */
export function addTimes(x: usize, factor: f32, y: usize, count: i32): void {
  const factors = f32x4.splat(factor);
  const end = x + ((<usize>(count & ~3)) << 2);
  for (; x < end; x += 16, y += 16) v128.store(x, multiplyAdd(factors, v128.load(y), v128.load(x)));
  for (let left = count & 3; left > 0; left--, x += 4, y += 4) store<f32>(x, load<f32>(x) + factor * load<f32>(y));
}

/** x *= factor */
export function scale(x: usize, factor: f32, count: i32): void {
  const factors = f32x4.splat(factor);
  const end = x + ((<usize>(count & ~3)) << 2);
  for (; x < end; x += 16) v128.store(x, f32x4.mul(factors, v128.load(x)));
  for (let left = count & 3; left > 0; left--, x += 4) store<f32>(x, factor * load<f32>(x));
}
