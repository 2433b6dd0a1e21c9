// √Σ x² where the squares of numbers overflow, beyond 1e19, or underflow. Prepended, behind numbers.wgsl, to the kernels that
// watch lengths.
//
// A length goes from place to place as a code: the sum of squares, where that is right; else minus the length, in units that keep
// it from overflowing or being flushed.

const DOWN = 7.888609052210118e-31; // 2⁻¹⁰⁰
const UP = 1.2676506002282294e30; //   2¹⁰⁰
const LARGEST_BITS = 0x7b800000u; //   of 2¹²⁰; sums above it may have overflowed
const SMALLEST_BITS = 0x17800000u; //  of 2⁻⁸⁰; sums below it may have lost what underflowed

// root / scale
struct Length {
  root: f32,
  scale: f32,
}

// What the numbers have to be multiplied by, a power of two, from the sum of their squares as they are; 1 where that is right.
fn scaleFor(squares: f32) -> f32 {
  let bits = bitcast<u32>(squares) & 0x7fffffffu;
  if (bits > 0x7f800000u) {
    return 1.0; // NaN
  }
  return select(select(1.0, UP, bits < SMALLEST_BITS), DOWN, bits > LARGEST_BITS);
}

// From the sum of the squares of numbers times this scale.
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

// The code of all numbers of two codes.
fn joinedCodes(p: f32, q: f32) -> f32 {
  let sum = p + q;
  if (max(bitcast<u32>(p), max(bitcast<u32>(q), bitcast<u32>(sum))) <= LARGEST_BITS) {
    return sum; // neither is negative, or NaN
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

// Of four numbers.
fn codeOfFour(x: vec4<f32>) -> f32 {
  let squares = dot(x, x);
  let scale = scaleFor(squares);
  if (scale == 1.0) {
    return squares;
  }
  let scaled = x * scale;
  return codeOf(dot(scaled, scaled), scale);
}

// Of four numbers for each of four samples, a vector for each number, and of the sums of their squares.
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

// Whether a sum of codes is the code of all: none of them is negative, and it is right.
fn isPlain(bits: u32, sum: f32) -> bool {
  return max(bits, bitcast<u32>(sum)) <= LARGEST_BITS;
}

fn lengthIn(code: f32) -> f32 {
  let length = lengthOf(code);
  return length.root / length.scale;
}

// a / (ε + b) of two codes, even where b itself would overflow.
fn ratioOfLengths(p: f32, q: f32, epsilon: f32) -> f32 {
  let a = lengthOf(p);
  let b = lengthOf(q);
  return a.root / (epsilon * b.scale + b.root) * b.scale / a.scale;
}
