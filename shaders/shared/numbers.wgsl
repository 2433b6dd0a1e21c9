// NaN and infinities. WGSL lets a compiler assume that they do not occur: comparisons, min, max, clamp, sign and log may let them
// vanish. They are told by their bits here, and made of bits. Prepended to the kernels that use it.

fn isNaN(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Neither NaN nor an infinity.
fn isNumber(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// NaN. Of a number that no compiler knows: as a constant it would be an error.
fn notANumber(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// The value, but NaN where x is.
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
  // 0 and what may count as 0: −∞, of bits that no compiler knows.
  if (x < 1.17549435e-38) {
    return bitcast<f32>(0xff800000u | (bitcast<u32>(x) & 0x80000000u));
  }
  return log(x);
}
