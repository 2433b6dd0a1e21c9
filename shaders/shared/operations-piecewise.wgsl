// Element-wise operations without an exponential, and the activations of linear pieces. Prepended to elementwise.wgsl.

override OPERATION: u32 = 0u;

// Within the tolerance of the kink (1 − q)·low + q·high, else the derivative on the side where x lies.
fn atKink(x: f32, kink: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  if (abs(x - kink) <= tolerance) {
    return (1.0 - q) * low + q * high;
  }
  return select(low, high, x > kink);
}

// Kinks at both ends, with the Clarke interval [0, 1].
fn clipDerivative(x: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  if (abs(x - low) <= tolerance || abs(x - high) <= tolerance) {
    return q;
  }
  return select(0.0, 1.0, x > low && x < high);
}

// 24 bits of a hash: the finaliser of MurmurHash3, once for the index and the first half of the seed, once for the other.
fn randomBits(index: u32, seed: f32, otherSeed: f32) -> f32 {
  let word = mixed((index + 1u) * 0x9e3779b9u + u32(seed));
  return f32(mixed(word ^ (u32(otherSeed) * 0x85ebca6bu)) >> 8u);
}

fn mixed(value: u32) -> u32 {
  var word = (value ^ (value >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  return word ^ (word >> 16u);
}

// The cases are in the order of ELEMENTWISE in kernels.ts. Of σ and prox_{αf} the activation is a constant of the pipeline.
fn operation(index: u32, x: f32, y: f32, z: f32, p0: f32, p1: f32, p2: f32) -> f32 {
  switch (OPERATION) {
    case 0u: { return x; } // copy
    case 1u: { return -x; } // negate
    case 3u: { return log(x); } // log
    case 4u: { return abs(x); } // abs
    case 5u: { return sign(x); } // sign
    case 6u: { return sqrt(x); } // sqrt
    case 7u: { return x * x; } // square
    case 8u: { return 1.0 / x; } // reciprocal
    case 9u, 12u, 13u, 14u: { return activation(x, vec2<f32>(p0, p1)); } // relu, softThreshold, leakyRelu, clip
    case 19u: { return p0 * x + p1; } // scale
    case 20u: { return x + y; } // add
    case 21u: { return x - y; } // subtract
    case 22u: { return x * y; } // multiply
    case 23u: { return x / y; } // divide
    case 24u: { return max(x, y); } // maximum
    case 25u: { return min(x, y); } // minimum
    case 26u: { return select(0.0, 1.0, x > y); } // greater
    case 27u: { return atKink(x, 0.0, y, 0.0, 1.0, p0); } // reluDerivative
    case 28u: { return atKink(x, 0.0, y, -1.0, 1.0, p0); } // absDerivative
    case 29u: { return atKink(abs(x), p1, y, 0.0, 1.0, p0); } // softThresholdDerivative
    case 30u: { return atKink(x, 0.0, y, p1, 1.0, p0); } // leakyReluDerivative
    case 31u: { return clipDerivative(x, y, p1, p2, p0); } // clipDerivative
    // proximalIdentity, proximalRelu, proximalSoftThreshold, proximalLeakyRelu, proximalClip
    case 37u, 38u, 41u, 42u, 43u: { return proximal(x, y, vec2<f32>(p0, p1)); }
    case 48u: { return select(z, y, x != 0.0); } // select, operands (c, x, y)
    case 49u: { return select(p1 * x, 0.0, randomBits(index, y, z) < p0); } // dropout
    default: { return 0.0; }
  }
}
