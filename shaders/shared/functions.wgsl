// Exponentials and what is made of them. Prepended, behind numbers.wgsl, to the kernels that use them.
//
// Only additions, products, quotients and bit patterns are used, so the results are within a few units in the last place
// on every adapter (the built-in exp and tanh are allowed absolute errors of 1e-5, and tanh may be NaN for a large
// argument). Every function is finite for every finite argument.

const LN_2 = 0.693147181;
const HALF_PI = 1.57079633;

// 2ⁿ for −126 ≤ n ≤ 127.
fn powerOfTwo(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// eˣ = 2ⁿ·eʳ with n = round(x / ln 2), |r| ≤ ln 2 / 2; gives (n, eʳ − 1) by the minimax polynomial of Cephes' expf.
fn exponentialParts(x: f32) -> vec2<f32> {
  let n = round(x * 1.44269504);
  // ln 2 in two parts, the first of few bits: n times it is exact.
  let r = fma(n, 2.12194440e-4, fma(n, -0.693359375, x));
  var p = 1.9875691500e-4;
  p = fma(p, r, 1.3981999507e-3);
  p = fma(p, r, 8.3334519073e-3);
  p = fma(p, r, 4.1665795894e-2);
  p = fma(p, r, 1.6666665459e-1);
  p = fma(p, r, 5.0000001201e-1);
  return vec2<f32>(n, fma(p, r * r, r));
}

// eˣ. For a finite x it saturates just below the largest float32; 0 where eˣ would be subnormal.
fn exponential(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits == 0x7f800000u || isNaN(x)) {
    return x;
  }
  if (x < -87.33) {
    return 0.0;
  }
  let parts = exponentialParts(min(x, 88.7228));
  // In two factors, since 2¹²⁸ is no float32.
  let whole = i32(parts.x);
  let half = whole / 2;
  return (parts.y + 1.0) * powerOfTwo(half) * powerOfTwo(whole - half);
}

// eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1) for x ≤ 0: near 0, where n = 0, nothing cancels.
fn exponentialMinusOne(x: f32) -> f32 {
  if (x < -20.0) {
    return -1.0;
  }
  let parts = exponentialParts(x);
  let power = powerOfTwo(i32(parts.x));
  return fma(power, parts.y, power - 1.0);
}

// ln(1 + u) for 0 ≤ u ≤ 1: 2·artanh w with w = u / (2 + u) ≤ 1/3, by its series, whose terms are all positive.
fn logarithmOnePlus(u: f32) -> f32 {
  let w = u / (2.0 + u);
  let s = w * w;
  var p = 1.0 / 15.0;
  p = fma(p, s, 1.0 / 13.0);
  p = fma(p, s, 1.0 / 11.0);
  p = fma(p, s, 1.0 / 9.0);
  p = fma(p, s, 1.0 / 7.0);
  p = fma(p, s, 1.0 / 5.0);
  p = fma(p, s, 1.0 / 3.0);
  return 2.0 * fma(p * s, w, w);
}

// Odd rational approximation of degree 13 over 6 (the one of Eigen); |x| ≥ 7.9 gives ±1 to rounding.
fn hyperbolicTangent(x: f32) -> f32 {
  if (abs(x) < 4.0e-4) {
    return x;
  }
  let t = clamp(x, -7.9053111, 7.9053111);
  let s = t * t;
  var p = -2.76076847742355e-16;
  p = fma(p, s, 2.00018790482477e-13);
  p = fma(p, s, -8.60467152213735e-11);
  p = fma(p, s, 5.12229709037114e-08);
  p = fma(p, s, 1.48572235717979e-05);
  p = fma(p, s, 6.37261928875436e-04);
  p = fma(p, s, 4.89352455891786e-03);
  var q = 1.19825839466702e-06;
  q = fma(q, s, 1.18534705686654e-04);
  q = fma(q, s, 2.26843463243900e-03);
  q = fma(q, s, 4.89352518554385e-03);
  return clamp(t * p / q, -1.0, 1.0);
}

// 1 / (1 + e⁻ˣ); only e^(−|x|) is formed, which cannot overflow.
fn logistic(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// ln(1 + eˣ) = max(x, 0) + δ(x).
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + softplusExcess(x);
}

// δ(x) = ln(1 + e^(−|x|)), from 0 to ln 2.
fn softplusExcess(x: f32) -> f32 {
  return logarithmOnePlus(exponential(-abs(x)));
}

fn elu(x: f32, alpha: f32) -> f32 {
  return select(alpha * exponentialMinusOne(min(x, 0.0)), x, x >= 0.0);
}

// x / (1 + |x|). Bounded first: a quotient by a number near the largest may be flushed to 0.
fn softsign(x: f32) -> f32 {
  let t = clamp(x, -1.0e9, 1.0e9);
  return t / (1.0 + abs(t));
}

// Reduced to |t| ≤ tan π/8, then the minimax polynomial of Cephes' atanf.
fn arctangent(x: f32) -> f32 {
  let size = abs(x);
  var base = 0.0;
  var t = size;
  if (size > 2.41421356) {
    base = HALF_PI;
    t = -1.0 / size;
  } else if (size > 0.414213562) {
    base = 0.5 * HALF_PI;
    t = (size - 1.0) / (size + 1.0);
  }
  let s = t * t;
  var p = 8.05374449538e-2;
  p = fma(p, s, -1.38776856032e-1);
  p = fma(p, s, 1.99777106478e-1);
  p = fma(p, s, -3.33329491539e-1);
  let angle = base + fma(p * s, t, t);
  return select(angle, -angle, x < 0.0);
}

// 1 / (1 + x²); where x² might overflow, of 1/x.
fn arctangentDerivative(x: f32) -> f32 {
  let size = abs(x);
  if (size > 1.0) {
    let r = 1.0 / size;
    return r * r / (1.0 + r * r);
  }
  return 1.0 / (1.0 + size * size);
}
