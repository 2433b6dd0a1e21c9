// The second-order cone; see cone-kernels.ts for the formulas. v, h and out are addresses of `count` numbers.
import * as place from './cone-place';

function numberAt(v: usize, i: i32): f64 {
  return <f64>load<f32>(v + ((<usize>i) << 2));
}

function write(out: usize, i: i32, value: f64): void {
  store<f32>(out + ((<usize>i) << 2), <f32>value);
}

/** ‖u‖ of v = (t, u). No square of a float32 leaves the range of float64. */
function radiusOf(v: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 1; i < count; i++) {
    const u = numberAt(v, i);
    sum += u * u;
  }
  return sqrt<f64>(sum);
}

export function projectSecondOrder(v: usize, out: usize, count: i32): void {
  const t = numberAt(v, 0);
  const radius = radiusOf(v, count);
  let factor: f64 = 1;
  if (radius <= -t) factor = 0;
  else if (radius > t) factor = ((t + radius) * 0.5) / radius;
  for (let i = 1; i < count; i++) write(out, i, factor * numberAt(v, i));
  write(out, 0, radius > abs(t) ? factor * radius : factor * t);
}

/** The tolerance is that of `place`, in the units of v. */
export function differentiateSecondOrder(v: usize, h: usize, out: usize, count: i32): void {
  const t = numberAt(v, 0);
  const radius = radiusOf(v, count);
  const head = numberAt(h, 0);
  let along: f64 = 0;
  for (let i = 1; i < count; i++) along += numberAt(v, i) * numberAt(h, i);
  if (radius > 0) along /= radius;
  const near = Math.SQRT2 * place.tolerance;
  if (sqrt<f64>(t * t + radius * radius) <= place.tolerance) {
    writeCombination(v, h, out, count, place.share, 0, 0, radius);
  } else if (radius > 0 && abs(t - radius) <= near) {
    const weight = (place.share - 1) * 0.5 * (head - along);
    writeCombination(v, h, out, count, 1, weight, -weight, radius);
  } else if (radius > 0 && abs(t + radius) <= near) {
    const weight = place.share * 0.5 * (head + along);
    writeCombination(v, h, out, count, 0, weight, weight, radius);
  } else if (radius <= t) {
    writeCombination(v, h, out, count, 1, 0, 0, radius);
  } else if (radius <= -t) {
    writeCombination(v, h, out, count, 0, 0, 0, radius);
  } else {
    const ratio = t / radius;
    const factor = (1 + ratio) * 0.5;
    const atHead = (head + along) * 0.5 - factor * head;
    writeCombination(v, h, out, count, factor, atHead, (head - ratio * along) * 0.5, radius);
  }
}

/** factor·h + (a, b·u/‖u‖) */
function writeCombination(v: usize, h: usize, out: usize, count: i32, factor: f64, a: f64, b: f64, radius: f64): void {
  write(out, 0, factor * numberAt(h, 0) + a);
  const weight = radius > 0 ? b / radius : 0;
  for (let i = 1; i < count; i++) write(out, i, factor * numberAt(h, i) + weight * numberAt(v, i));
}
