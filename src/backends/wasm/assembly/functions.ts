// Elementary functions of four numbers at a time, computed from additions, products, quotients and bit patterns alone.
// They are right within a few units in the last place, finite for every finite argument, and NaN for NaN: WebAssembly's
// min and max propagate it.

const LOG2_E: f32 = <f32>Math.LOG2E;
/** ln 2 as a sum of two numbers. The first has so few bits that its product with an integer is exact. */
const LN_2_HIGH: f32 = 0.693359375;
const LN_2_LOW: f32 = -2.1219444e-4;
const HALF_PI: f32 = <f32>(0.5 * Math.PI);

/** p·s + c: one step of Horner's rule. */
export function horner(p: v128, s: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(p, s), f32x4.splat(c));
}

/** 2ⁿ for integers −126 ≤ n ≤ 127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** n = round(x / ln 2). */
function binaryExponent(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2_E)));
}

/** eʳ − 1 for r = x − n·ln 2, |r| ≤ ln 2 / 2, by the minimax polynomial of Cephes' expf. */
function remainderExponential(x: v128, n: v128): v128 {
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN_2_HIGH)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(LN_2_LOW)));
  let p = f32x4.splat(1.98756915e-4);
  p = horner(p, r, 1.3981999507e-3);
  p = horner(p, r, 8.3334519073e-3);
  p = horner(p, r, 4.1665795894e-2);
  p = horner(p, r, 1.6666665459e-1);
  p = horner(p, r, 5.0000001201e-1);
  return f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r);
}

/** eˣ = 2ⁿ·eʳ. For a finite x it saturates just below the largest number; it is 0 where eˣ would be subnormal. */
export function exponential(x: v128): v128 {
  const bounded = f32x4.min(x, f32x4.splat(88.7228));
  const n = binaryExponent(bounded);
  const fraction = f32x4.add(remainderExponential(bounded, n), f32x4.splat(1));
  // 2ⁿ is applied as two factors, since 2¹²⁸ is not a float32 number.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const scaled = f32x4.mul(f32x4.mul(fraction, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
  const reached = v128.bitselect(x, scaled, f32x4.eq(x, f32x4.splat(f32.POSITIVE_INFINITY)));
  return v128.andnot(reached, f32x4.lt(x, f32x4.splat(-87.33)));
}

/** eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1) for x ≤ 0. Near 0 we have n = 0, so that nothing cancels. */
export function exponentialMinusOne(x: v128): v128 {
  const bounded = f32x4.max(x, f32x4.splat(-20));
  const n = binaryExponent(bounded);
  const power = powerOfTwo(i32x4.trunc_sat_f32x4_s(n));
  const part = f32x4.mul(power, remainderExponential(bounded, n));
  const result = f32x4.add(part, f32x4.sub(power, f32x4.splat(1)));
  return v128.bitselect(f32x4.splat(-1), result, f32x4.lt(x, f32x4.splat(-20)));
}

/** ln x by the minimax polynomial of Cephes' logf; −∞ at 0 (and at subnormal numbers), NaN below. */
export function logarithm(x: v128): v128 {
  const exponent = i32x4.sub(i32x4.shr_s(x, 23), i32x4.splat(126));
  const mantissa = v128.or(v128.and(x, i32x4.splat(0x7fffff)), f32x4.splat(0.5)); // in [½, 1)
  const isLow = f32x4.lt(mantissa, f32x4.splat(<f32>Math.SQRT1_2));
  // x = 2ᵉ(1 + t) with 1 + t in [√½, √2): a mask is −1 as an integer.
  const e = f32x4.convert_i32x4_s(i32x4.add(exponent, isLow));
  const t = f32x4.sub(f32x4.add(mantissa, v128.and(mantissa, isLow)), f32x4.splat(1));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(7.0376836292e-2);
  p = horner(p, t, -1.151461031e-1);
  p = horner(p, t, 1.167699874e-1);
  p = horner(p, t, -1.2420140846e-1);
  p = horner(p, t, 1.4249322787e-1);
  p = horner(p, t, -1.6668057665e-1);
  p = horner(p, t, 2.0000714765e-1);
  p = horner(p, t, -2.4999993993e-1);
  p = horner(p, t, 3.3333331174e-1);
  const cubic = f32x4.mul(f32x4.mul(p, t), s);
  const low = f32x4.add(cubic, f32x4.mul(e, f32x4.splat(LN_2_LOW)));
  const tail = f32x4.sub(low, f32x4.mul(s, f32x4.splat(0.5)));
  let result = f32x4.add(f32x4.add(t, tail), f32x4.mul(e, f32x4.splat(LN_2_HIGH)));
  result = v128.bitselect(f32x4.splat(-f32.POSITIVE_INFINITY), result, f32x4.lt(x, f32x4.splat(1.17549435e-38)));
  result = v128.bitselect(x, result, f32x4.eq(x, f32x4.splat(f32.POSITIVE_INFINITY)));
  const isNumber = f32x4.ge(x, f32x4.splat(0));
  return v128.bitselect(result, f32x4.splat(f32.NaN), isNumber);
}

/** ln(1 + u) for 0 ≤ u ≤ 1: 2·artanh w with w = u / (2 + u) ≤ 1/3, by its series, whose terms are all positive. */
export function logarithmOnePlus(u: v128): v128 {
  const w = f32x4.div(u, f32x4.add(u, f32x4.splat(2)));
  const s = f32x4.mul(w, w);
  let p = f32x4.splat(<f32>(1.0 / 15.0));
  p = horner(p, s, <f32>(1.0 / 13.0));
  p = horner(p, s, <f32>(1.0 / 11.0));
  p = horner(p, s, <f32>(1.0 / 9.0));
  p = horner(p, s, <f32>(1.0 / 7.0));
  p = horner(p, s, <f32>(1.0 / 5.0));
  p = horner(p, s, <f32>(1.0 / 3.0));
  const half = f32x4.add(f32x4.mul(f32x4.mul(p, s), w), w);
  return f32x4.add(half, half);
}

/** An odd rational approximation of degree 13 over 6, from Eigen. For |x| ≥ 7.9, tanh x rounds to ±1. */
export function hyperbolicTangent(x: v128): v128 {
  const t = f32x4.min(f32x4.max(x, f32x4.splat(-7.9053111)), f32x4.splat(7.9053111));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(-2.76076847742355e-16);
  p = horner(p, s, 2.00018790482477e-13);
  p = horner(p, s, -8.60467152213735e-11);
  p = horner(p, s, 5.12229709037114e-8);
  p = horner(p, s, 1.48572235717979e-5);
  p = horner(p, s, 6.37261928875436e-4);
  p = horner(p, s, 4.89352455891786e-3);
  let q = f32x4.splat(1.19825839466702e-6);
  q = horner(q, s, 1.18534705686654e-4);
  q = horner(q, s, 2.268434632439e-3);
  q = horner(q, s, 4.89352518554385e-3);
  const quotient = f32x4.div(f32x4.mul(t, p), q);
  const bounded = f32x4.min(f32x4.max(quotient, f32x4.splat(-1)), f32x4.splat(1));
  return v128.bitselect(x, bounded, f32x4.lt(f32x4.abs(x), f32x4.splat(4e-4)));
}

/** 1 / (1 + e⁻ˣ), computed from e^(−|x|), which cannot overflow. */
export function logistic(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  return f32x4.div(v128.bitselect(one, e, f32x4.ge(x, f32x4.splat(0))), f32x4.add(e, one));
}

/** δ(x) = ln(1 + e^(−|x|)), from 0 to ln 2; ln(1 + eˣ) = max(x, 0) + δ(x). */
export function softplusExcess(x: v128): v128 {
  return logarithmOnePlus(exponential(f32x4.neg(f32x4.abs(x))));
}

/**
 * The value, or NaN where x or y is NaN. A value chosen by comparisons needs this, since every comparison with NaN is
 * false.
 */
export function unlessNaN(x: v128, y: v128, value: v128): v128 {
  const isUnknown = v128.or(f32x4.ne(x, x), f32x4.ne(y, y));
  return v128.or(value, v128.and(f32x4.splat(f32.NaN), isUnknown));
}

export function softThreshold(x: v128, threshold: v128): v128 {
  const above = v128.and(f32x4.sub(x, threshold), f32x4.gt(x, threshold));
  const below = v128.and(f32x4.add(x, threshold), f32x4.lt(x, f32x4.neg(threshold)));
  return unlessNaN(x, threshold, v128.or(above, below));
}

/** x ≥ 0 ? x : slope·x */
export function leakyRelu(x: v128, slope: v128): v128 {
  return v128.bitselect(x, f32x4.mul(x, slope), f32x4.ge(x, f32x4.splat(0)));
}

export function elu(x: v128, alpha: v128): v128 {
  const zero = f32x4.splat(0);
  return v128.bitselect(x, f32x4.mul(alpha, exponentialMinusOne(f32x4.min(x, zero))), f32x4.ge(x, zero));
}

/** x / (1 + |x|). */
export function softsign(x: v128): v128 {
  const t = f32x4.min(f32x4.max(x, f32x4.splat(-1e9)), f32x4.splat(1e9));
  return f32x4.div(t, f32x4.add(f32x4.abs(t), f32x4.splat(1)));
}

/** The argument is reduced to |t| ≤ tan π/8; there the minimax polynomial is that of Cephes' atanf. */
export function arctangent(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  const isFar = f32x4.gt(size, f32x4.splat(2.41421356));
  const isMiddle = v128.andnot(f32x4.gt(size, f32x4.splat(0.414213562)), isFar);
  const far = f32x4.div(f32x4.splat(-1), size);
  const middle = f32x4.div(f32x4.sub(size, one), f32x4.add(size, one));
  const t = v128.bitselect(far, v128.bitselect(middle, size, isMiddle), isFar);
  const base = v128.or(v128.and(f32x4.splat(HALF_PI), isFar), v128.and(f32x4.splat(<f32>0.5 * HALF_PI), isMiddle));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(8.05374449538e-2);
  p = horner(p, s, -1.38776856032e-1);
  p = horner(p, s, 1.99777106478e-1);
  p = horner(p, s, -3.33329491539e-1);
  const angle = f32x4.add(base, f32x4.add(f32x4.mul(f32x4.mul(p, s), t), t));
  return v128.bitselect(f32x4.neg(angle), angle, f32x4.lt(x, f32x4.splat(0)));
}

/** 1 / (1 + x²), computed from 1/x for |x| > 1, where x² might overflow. */
export function arctangentDerivative(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  const isFar = f32x4.gt(size, one);
  const t = v128.bitselect(f32x4.div(one, size), size, isFar);
  const s = f32x4.mul(t, t);
  return f32x4.div(v128.bitselect(s, one, isFar), f32x4.add(s, one));
}

/** −1, 0 or 1; NaN for NaN. */
export function signOf(x: v128): v128 {
  const zero = f32x4.splat(0);
  const one = v128.or(v128.and(x, f32x4.splat(-0.0)), f32x4.splat(1));
  return v128.bitselect(one, x, v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero)));
}
