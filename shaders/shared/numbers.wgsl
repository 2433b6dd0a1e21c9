// NaN and infinities. WGSL lets a compiler assume that they do not occur, so that comparisons, min, max, clamp, sign
// and log may drop them. These functions recognise and create them by their bits. Goes before the kernels that use it.

fn isNaN(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Whether x is neither NaN nor an infinity.
fn isNumber(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// NaN, computed from a number that the compiler does not know, because a constant NaN is an error.
fn notANumber(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// The value, or NaN if x is NaN.
fn unlessNaN(x: f32, value: f32) -> f32 {
  return select(value, x, isNaN(x));
}

fn larger(x: f32, y: f32) -> f32 {
  return unlessNaN(x, unlessNaN(y, max(x, y)));
}

fn smaller(x: f32, y: f32) -> f32 {
  return unlessNaN(x, unlessNaN(y, min(x, y)));
}

fn clamped(x: f32, low: f32, high: f32) -> f32 {
  return unlessNaN(x, clamp(x, low, high));
}

fn squareRoot(x: f32) -> f32 {
  if (!isNumber(x) || x < 0.0) {
    return select(notANumber(x), x, bitcast<u32>(x) == 0x7f800000u);
  }
  return sqrt(x);
}

fn logarithm(x: f32) -> f32 {
  if (!isNumber(x) || x < 0.0) {
    return select(notANumber(x), x, bitcast<u32>(x) == 0x7f800000u);
  }
  // For 0, and for numbers that may be flushed to 0, −∞, from bits that the compiler does not know.
  if (x < 1.17549435e-38) {
    return bitcast<f32>(0xff800000u | (bitcast<u32>(x) & 0x80000000u));
  }
  return log(x);
}
