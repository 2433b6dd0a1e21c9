// Exponentials. Goes after numbers.wgsl, before the kernels that use them.
//
// Only additions, products, quotients and bit patterns are used, so the results are within a few units in the last
// place on every adapter. The built-in exp may have absolute errors of 1e-5. Every function is finite for every finite
// argument.

// 2ⁿ for −126 ≤ n ≤ 127.
fn powerOfTwo(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// Returns (n, eʳ − 1) for eˣ = 2ⁿ·eʳ with n = round(x / ln 2), |r| ≤ ln 2 / 2, by the minimax polynomial of Cephes'
// expf.
fn exponentialParts(x: f32) -> vec2<f32> {
  let n = round(x * 1.44269504);
  // ln 2 in two parts. The first has few bits, so that n times it is exact.
  let r = fma(n, 2.12194440e-4, fma(n, -0.693359375, x));
  var p = 1.9875691500e-4;
  p = fma(p, r, 1.3981999507e-3);
  p = fma(p, r, 8.3334519073e-3);
  p = fma(p, r, 4.1665795894e-2);
  p = fma(p, r, 1.6666665459e-1);
  p = fma(p, r, 5.0000001201e-1);
  return vec2<f32>(n, fma(p, r * r, r));
}

// eˣ. For a finite x it saturates just below the largest float32. It is 0 if eˣ would be subnormal.
fn exponential(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits == 0x7f800000u || isNaN(x)) {
    return x;
  }
  if (x < -87.33) {
    return 0.0;
  }
  let parts = exponentialParts(min(x, 88.7228));
  // Two factors, since 2¹²⁸ is not a float32.
  let whole = i32(parts.x);
  let half = whole / 2;
  return (parts.y + 1.0) * powerOfTwo(half) * powerOfTwo(whole - half);
}

// eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1) for x ≤ 0. Near 0 we have n = 0, so nothing cancels.
fn exponentialMinusOne(x: f32) -> f32 {
  if (x < -20.0) {
    return -1.0;
  }
  let parts = exponentialParts(x);
  let power = powerOfTwo(i32(parts.x));
  return fma(power, parts.y, power - 1.0);
}
