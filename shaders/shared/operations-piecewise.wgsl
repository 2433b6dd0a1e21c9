// Element-wise operations without exponentials, including the piecewise linear activations. Goes before
// elementwise.wgsl.

override OPERATION: u32 = OPERATION_COPY;

// (1 − q)·low + q·high within the tolerance of the kink, otherwise the derivative on the side of x.
fn atKink(x: f32, kink: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  let slope = select(select(low, high, x > kink), (1.0 - q) * low + q * high, abs(x - kink) <= tolerance);
  return unlessNaN(x, unlessNaN(tolerance, slope));
}

// Derivative with kinks at both ends; their Clarke interval is [0, 1].
fn clipDerivative(x: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  var slope = select(0.0, 1.0, x > low && x < high);
  if (abs(x - low) <= tolerance || abs(x - high) <= tolerance) {
    slope = q;
  }
  return unlessNaN(x, unlessNaN(tolerance, slope));
}

// 24 bits of a hash: the finaliser of MurmurHash3, once for the index and the first half of the seed, once for the
// second half.
fn randomBits(index: u32, seed: f32, otherSeed: f32) -> f32 {
  let word = mixed((index + 1u) * 0x9e3779b9u + u32(seed));
  return f32(mixed(word ^ (u32(otherSeed) * 0x85ebca6bu)) >> 8u);
}

fn mixed(value: u32) -> u32 {
  var word = (value ^ (value >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  return word ^ (word >> 16u);
}

// The formulas of ELEMENTWISE in kernels.ts. The activation of σ and prox_{αf} is a constant of the pipeline.
fn operation(index: u32, x: f32, y: f32, z: f32, p0: f32, p1: f32, p2: f32) -> f32 {
  switch (OPERATION) {
    case OPERATION_COPY: { return x; }
    case OPERATION_NEGATE: { return -x; }
    case OPERATION_LOG: { return logarithm(x); }
    case OPERATION_ABS: { return abs(x); }
    case OPERATION_SIGN: { return unlessNaN(x, sign(x)); }
    case OPERATION_SQRT: { return squareRoot(x); }
    case OPERATION_SQUARE: { return x * x; }
    case OPERATION_RECIPROCAL: { return 1.0 / x; }
    case OPERATION_RELU,
      OPERATION_SOFT_THRESHOLD,
      OPERATION_LEAKY_RELU,
      OPERATION_CLIP: { return activation(x, vec2<f32>(p0, p1)); }
    case OPERATION_SCALE: { return p0 * x + p1; }
    case OPERATION_ADD: { return x + y; }
    case OPERATION_SUBTRACT: { return x - y; }
    case OPERATION_MULTIPLY: { return x * y; }
    case OPERATION_DIVIDE: { return x / y; }
    case OPERATION_MAXIMUM: { return larger(x, y); }
    case OPERATION_MINIMUM: { return smaller(x, y); }
    case OPERATION_GREATER: { return select(0.0, 1.0, x > y && !isNaN(x) && !isNaN(y)); }
    case OPERATION_RELU_DERIVATIVE: { return atKink(x, 0.0, y, 0.0, 1.0, p0); }
    case OPERATION_ABS_DERIVATIVE: { return atKink(x, 0.0, y, -1.0, 1.0, p0); }
    case OPERATION_SOFT_THRESHOLD_DERIVATIVE: { return atKink(abs(x), p1, y, 0.0, 1.0, p0); }
    case OPERATION_LEAKY_RELU_DERIVATIVE: { return atKink(x, 0.0, y, p1, 1.0, p0); }
    case OPERATION_CLIP_DERIVATIVE: { return clipDerivative(x, y, p1, p2, p0); }
    case OPERATION_PROXIMAL_IDENTITY,
      OPERATION_PROXIMAL_RELU,
      OPERATION_PROXIMAL_SOFT_THRESHOLD,
      OPERATION_PROXIMAL_LEAKY_RELU,
      OPERATION_PROXIMAL_CLIP: { return proximal(x, y, vec2<f32>(p0, p1)); }
    case OPERATION_SELECT: { return select(z, y, (bitcast<u32>(x) & 0x7fffffffu) != 0u); } // operands (c, x, y)
    case OPERATION_DROPOUT: { return unlessNaN(x, select(p1 * x, 0.0, randomBits(index, y, z) < p0)); }
    default: { return 0.0; }
  }
}
