// Element-wise operations on one to three operands, each read through its own layout.
//
//   binding 0  sizes    uniform
//   binding 1  guard    uniform; nothing happens when guard.x is 0
//   binding 2  first    operand 0
//   binding 3  second   operand 1
//   binding 4  third    operand 2
//   binding 5  result   [i₀, i₁, i₂, i₃], `count` numbers
// result[i] = OPERATION(first, second, third, p₀, p₁, p₂), the formulas as in kernels.ts; operand o is read at
// offsetₒ + Σ iₐ·stridesₒ[a]. An operand whose bit is set in LINEAR is laid out like the result; one whose bit is set in
// IN_PLACE is the result's own storage.

struct Sizes {
  shape: vec4<u32>,
  firstStrides: vec4<i32>,
  secondStrides: vec4<i32>,
  thirdStrides: vec4<i32>,
  offsets: vec4<i32>,
  count: u32,
  p0: f32,
  p1: f32,
  p2: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> first: array<f32>;
@group(0) @binding(3) var<storage, read> second: array<f32>;
@group(0) @binding(4) var<storage, read> third: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = 0u;
override LINEAR: u32 = 7u;
override IN_PLACE: u32 = 0u;

fn coordinates(index: u32) -> vec4<i32> {
  let i3 = index % sizes.shape.w;
  let above3 = index / sizes.shape.w;
  let i2 = above3 % sizes.shape.z;
  let above2 = above3 / sizes.shape.z;
  return vec4<i32>(vec4<u32>(above2 / sizes.shape.y, above2 % sizes.shape.y, i2, i3));
}

fn strided(at: vec4<i32>, strides: vec4<i32>, offset: i32) -> u32 {
  return u32(offset + at.x * strides.x + at.y * strides.y + at.z * strides.z + at.w * strides.w);
}

// Within the tolerance of the kink (1 − q)·low + q·high, else the derivative on the side where x lies.
fn atKink(x: f32, kink: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  if (abs(x - kink) <= tolerance) {
    return (1.0 - q) * low + q * high;
  }
  return select(low, high, x > kink);
}

// e^(−2|x|) and e^(−|x|) keep all digits of these where 1 − tanh² and 1 − s would cancel.
fn tanhDerivative(x: f32) -> f32 {
  let e = exponential(-2.0 * abs(x));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}

fn sigmoidDerivative(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));
}

// Kinks at both ends, with the Clarke interval [0, 1].
fn clipDerivative(x: f32, tolerance: f32, low: f32, high: f32, q: f32) -> f32 {
  if (abs(x - low) <= tolerance || abs(x - high) <= tolerance) {
    return q;
  }
  return select(0.0, 1.0, x > low && x < high);
}

// α·eˣ left of the kink, whose Clarke interval is [α, 1].
fn eluDerivative(x: f32, tolerance: f32, alpha: f32, q: f32) -> f32 {
  if (abs(x) <= tolerance) {
    return (1.0 - q) * alpha + q;
  }
  return select(alpha * exponential(min(x, 0.0)), 1.0, x > 0.0);
}

fn softsignDerivative(x: f32) -> f32 {
  let r = 1.0 / (1.0 + abs(x));
  return r * r;
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

// The cases are in the order of ELEMENTWISE in kernels.ts. Of prox_{αf} the activation is a constant of the pipeline.
fn operation(index: u32, x: f32, y: f32, z: f32, p0: f32, p1: f32, p2: f32) -> f32 {
  switch (OPERATION) {
    case 0u: { return x; } // copy
    case 1u: { return -x; } // negate
    case 2u: { return exponential(x); } // exp
    case 3u: { return log(x); } // log
    case 4u: { return abs(x); } // abs
    case 5u: { return sign(x); } // sign
    case 6u: { return sqrt(x); } // sqrt
    case 7u: { return x * x; } // square
    case 8u: { return 1.0 / x; } // reciprocal
    case 9u: { return max(x, 0.0); } // relu
    case 10u: { return hyperbolicTangent(x); } // tanh
    case 11u: { return logistic(x); } // sigmoid
    case 12u: { return softThreshold(x, p0); } // softThreshold
    case 13u: { return select(p0 * x, x, x >= 0.0); } // leakyRelu
    case 14u: { return clamp(x, p0, p1); } // clip
    case 15u: { return softplus(x); } // softplus
    case 16u: { return elu(x, p0); } // elu
    case 17u: { return softsign(x); } // softsign
    case 18u: { return arctangent(x); } // arctan
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
    case 32u: { return eluDerivative(x, y, p1, p0); } // eluDerivative
    case 33u: { return tanhDerivative(x); } // tanhDerivative
    case 34u: { return sigmoidDerivative(x); } // sigmoidDerivative
    case 35u: { return softsignDerivative(x); } // softsignDerivative
    case 36u: { return arctangentDerivative(x); } // arctanDerivative
    case 37u: { return x; } // proximalIdentity
    case 38u: { return max(x, 0.0); } // proximalRelu
    // proximalTanh to proximalArctan
    case 39u, 40u, 41u, 42u, 43u, 44u, 45u, 46u, 47u: { return proximal(x, y, vec2<f32>(p0, p1)); }
    case 48u: { return select(z, y, x != 0.0); } // select, operands (c, x, y)
    case 49u: { return select(p1 * x, 0.0, randomBits(index, y, z) < p0); } // dropout
    default: { return 0.0; }
  }
}

fn compute(index: u32) {
  var places = vec3<u32>(index);
  if (LINEAR != 7u) {
    let at = coordinates(index);
    if ((LINEAR & 1u) == 0u) {
      places.x = strided(at, sizes.firstStrides, sizes.offsets.x);
    }
    if ((LINEAR & 2u) == 0u) {
      places.y = strided(at, sizes.secondStrides, sizes.offsets.y);
    }
    if ((LINEAR & 4u) == 0u) {
      places.z = strided(at, sizes.thirdStrides, sizes.offsets.z);
    }
  }
  var x: f32;
  var y: f32;
  var z: f32;
  if ((IN_PLACE & 1u) != 0u) {
    x = result[index];
  } else {
    x = first[places.x];
  }
  if ((IN_PLACE & 2u) != 0u) {
    y = result[index];
  } else {
    y = second[places.y];
  }
  if ((IN_PLACE & 4u) != 0u) {
    z = result[index];
  } else {
    z = third[places.z];
  }
  result[index] = operation(index, x, y, z, sizes.p0, sizes.p1, sizes.p2);
}
