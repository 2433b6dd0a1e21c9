// √Σ x², even if the squares overflow, which happens beyond 1e19, or underflow. Goes after numbers.wgsl, before the
// kernels that compute lengths.
//
// A length is passed on as a code: the sum of squares if that is accurate, otherwise minus the length, scaled by a
// power of two so that it neither overflows nor is flushed to 0.

const DOWN = 7.888609052210118e-31; // 2⁻¹⁰⁰
const UP = 1.2676506002282294e30; //   2¹⁰⁰
const LARGEST_BITS = 0x7b800000u; //   the bits of 2¹²⁰; larger sums may have overflowed
const SMALLEST_BITS = 0x17800000u; //  the bits of 2⁻⁸⁰; smaller sums may be inaccurate because of underflow

// root / scale
struct Length {
  root: f32,
  scale: f32,
}

// The power of two by which the numbers must be multiplied, given the sum of their squares; 1 if that sum is accurate.
fn scaleFor(squares: f32) -> f32 {
  let bits = bitcast<u32>(squares) & 0x7fffffffu;
  if (bits > 0x7f800000u) {
    return 1.0; // NaN
  }
  return select(select(1.0, UP, bits < SMALLEST_BITS), DOWN, bits > LARGEST_BITS);
}

// The code of a length, from the sum of the squares of the numbers times `scale`.
fn codeOf(squares: f32, scale: f32) -> f32 {
  if (scale == 1.0 || squares == 0.0 || isNaN(squares)) {
    return squares;
  }
  let root = sqrt(squares);
  if (scale < 1.0) {
    let part = root * 1.9342813113834067e25; // the length times 2⁻¹⁶
    let length = part * 65536.0;
    return select(-part, length * length, part < 1.7592186044416e13);
  }
  let multiple = root * 5.169878828456423e-26; // the length times 2¹⁶
  let length = multiple * 1.52587890625e-5;
  return select(-multiple, length * length, multiple > 5.9604644775390625e-8);
}

fn lengthOf(code: f32) -> Length {
  if (code < 0.0) {
    return Length(-code, select(65536.0, 1.52587890625e-5, code < -1.0));
  }
  return Length(unlessNaN(code, sqrt(code)), 1.0);
}

// Joins two codes: the code of all their numbers together.
fn joinedCodes(p: f32, q: f32) -> f32 {
  let sum = p + q;
  if (max(bitcast<u32>(p), max(bitcast<u32>(q), bitcast<u32>(sum))) <= LARGEST_BITS) {
    return sum; // neither code is negative, or the sum is NaN
  }
  if (isNaN(p) || isNaN(q)) {
    return notANumber(sum);
  }
  let a = lengthOf(p);
  let b = lengthOf(q);
  if (p < -1.0 || q < -1.0 || sum > 1.0) {
    return codeOf(squareOf(a.root * (DOWN / a.scale)) + squareOf(b.root * (DOWN / b.scale)), DOWN);
  }
  if (p > 0.0 || q > 0.0) {
    return max(p, 0.0) + max(q, 0.0) + squareOf(select(b.root / b.scale, a.root / a.scale, p < 0.0));
  }
  return codeOf(squareOf(a.root * (UP / a.scale)) + squareOf(b.root * (UP / b.scale)), UP);
}

fn squareOf(x: f32) -> f32 {
  return x * x;
}

// The code of four numbers.
fn codeOfFour(x: vec4<f32>) -> f32 {
  let squares = dot(x, x);
  let scale = scaleFor(squares);
  if (scale == 1.0) {
    return squares;
  }
  let scaled = x * scale;
  return codeOf(dot(scaled, scaled), scale);
}

// The codes of four numbers for each of four samples: a vector for each number, and the sums of their squares.
fn codesOfFour(squares: vec4<f32>, x: array<vec4<f32>, 4>) -> vec4<f32> {
  let bits = bitcast<vec4<u32>>(squares);
  let largest = max(max(abs(x[0]), abs(x[1])), max(abs(x[2]), abs(x[3])));
  let isRight = (bits <= vec4<u32>(LARGEST_BITS)) & (bits >= vec4<u32>(SMALLEST_BITS));
  if (all(isRight | (largest == vec4<f32>()))) {
    return squares;
  }
  var codes = squares;
  for (var lane = 0u; lane < 4u; lane += 1u) {
    codes[lane] = codeOfFour(vec4<f32>(x[0][lane], x[1][lane], x[2][lane], x[3][lane]));
  }
  return codes;
}

// Whether a sum of codes is the code of all numbers: if no code is negative, and the sum is accurate.
fn isPlain(bits: u32, sum: f32) -> bool {
  return max(bits, bitcast<u32>(sum)) <= LARGEST_BITS;
}

fn lengthIn(code: f32) -> f32 {
  let length = lengthOf(code);
  return length.root / length.scale;
}

// a / (ε + b) for two codes, even if b itself would overflow.
fn ratioOfLengths(p: f32, q: f32, epsilon: f32) -> f32 {
  let a = lengthOf(p);
  let b = lengthOf(q);
  return a.root / (epsilon * b.scale + b.root) * b.scale / a.scale;
}
