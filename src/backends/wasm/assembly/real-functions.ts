// Elementary functions in float64 that need no tables: those of the standard library store theirs in the memory that
// the modules share.

const LOG2_E: f64 = Math.LOG2E;
/** ln 2 as a sum of two numbers. The product of the first with an integer below 2²⁰ is exact. */
const LN_2_HIGH: f64 = 0.6931471803691238;
const LN_2_LOW: f64 = 1.9082149292705877e-10;

/** eˣ for −708 ≤ x ≤ 0: 2ⁿ times the Taylor series at x − n·ln 2, which is at most ½·ln 2. */
export function exponentialOf(x: f64): f64 {
  const n = nearest<f64>(x * LOG2_E);
  const r = x - n * LN_2_HIGH - n * LN_2_LOW;
  let sum: f64 = 1;
  for (let k: f64 = 14; k > 0; k--) sum = 1 + (sum * r) / k;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** ln x for normal x > 0: the series of 2·artanh((m − 1)/(m + 1)) for the mantissa m in [√½, √2). */
export function logarithmOf(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = ((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | ((<i64>1023) << 52));
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  const w = (m - 1) / (m + 1);
  const s = w * w;
  let sum: f64 = 0;
  for (let k: f64 = 21; k > 0; k -= 2) sum = sum * s + 1 / k;
  return 2 * w * sum + <f64>exponent * LN_2_LOW + <f64>exponent * LN_2_HIGH;
}

/** The length of (a, b, c). None of the squares may overflow. */
export function lengthOfThree(a: f64, b: f64, c: f64): f64 {
  return sqrt<f64>(a * a + b * b + c * c);
}
