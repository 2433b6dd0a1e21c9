// Shared by both variants of the reduction. Goes after lengths.wgsl, before reduce-*.wgsl, which declare sweep: it
// returns the running value of the elements of one invocation, multiplied by a unit if they are squared.
//
// Reduces the middle index of x[outer, middle, inner] (and y of the same shape) to result[outer, inner].
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  x
//   binding 3  y
//   binding 4  result
// A long middle index is reduced in two dispatches. The first reduces each of its `segments` and stores their running
// values (PARTIAL_RESULT: pairs, [outer, segments, inner, 2]), and the second reduces these (PARTIAL_OPERAND). The
// running value of a length is a sum of squares within an invocation, and a code (see lengths.wgsl) between invocations
// and dispatches.
//
//   sum Σx | maximum | maximumAbsolute | norm √Σx² | dot Σx·y | anyZero | countNotFinite
//   fixedPointResidual ‖x − σ(y)‖ / (ε + ‖x‖)

struct Sizes {
  outputs: u32, // outer · segments · inner
  middle: u32,
  inner: u32,
  segments: u32,
  segmentLength: u32,
  a0: f32,
  a1: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = OPERATION_SUM;
override PARTIAL_OPERAND: bool = false;
override PARTIAL_RESULT: bool = false;

fn isLength() -> bool {
  return OPERATION == OPERATION_NORM || OPERATION == OPERATION_FIXED_POINT_RESIDUAL;
}

// The initial running value. For a maximum it is the first element.
fn start(bounds: vec3<u32>) -> vec2<f32> {
  if (OPERATION == OPERATION_MAXIMUM) {
    return single(bounds.x + min(bounds.y, sizes.middle - 1u) * sizes.inner, vec2<f32>(1.0));
  }
  return vec2<f32>();
}

// Joins two running values of the same invocation.
fn add(p: vec2<f32>, q: vec2<f32>) -> vec2<f32> {
  switch (OPERATION) {
    case OPERATION_MAXIMUM, OPERATION_MAXIMUM_ABSOLUTE: { return vec2<f32>(larger(p.x, q.x), 0.0); }
    case OPERATION_ANY_ZERO: { return max(p, q); }
    default: { return p + q; }
  }
}

// Joins running values of different invocations.
fn join(p: vec2<f32>, q: vec2<f32>) -> vec2<f32> {
  if (isLength()) {
    return vec2<f32>(joinedCodes(p.x, q.x), joinedCodes(p.y, q.y));
  }
  return add(p, q);
}

// The running value of the elements of an invocation. A length is computed again with a scale if its sum is inaccurate.
fn reduced(bounds: vec3<u32>, invocation: u32) -> vec2<f32> {
  var unit = vec2<f32>(1.0);
  var value = vec2<f32>();
  for (var trip = 0u; trip < 2u; trip += 1u) {
    let found = sweep(bounds, invocation, unit);
    if (!isLength() || PARTIAL_OPERAND) {
      return found;
    }
    value = vec2<f32>(codeOf(found.x, unit.x), codeOf(found.y, unit.y));
    if (trip == 0u) {
      unit = vec2<f32>(scaleFor(found.x), select(scaleFor(found.y), 1.0, OPERATION == OPERATION_NORM));
    }
    if (all(unit == vec2<f32>(1.0))) {
      break;
    }
  }
  return value;
}

// The running value of one element.
fn single(at: u32, unit: vec2<f32>) -> vec2<f32> {
  if (PARTIAL_OPERAND) {
    return vec2<f32>(x[2u * at], x[2u * at + 1u]);
  }
  let value = x[at];
  switch (OPERATION) {
    case OPERATION_MAXIMUM_ABSOLUTE: { return vec2<f32>(abs(value), 0.0); }
    case OPERATION_NORM: { return vec2<f32>(squareOf(value * unit.x), 0.0); }
    case OPERATION_DOT: { return vec2<f32>(value * y[at], 0.0); }
    // By bit patterns, since a compiler may assume that NaN and Inf do not occur, and may flush subnormal numbers to 0.
    case OPERATION_ANY_ZERO: { return vec2<f32>(select(0.0, 1.0, (bitcast<u32>(value) & 0x7fffffffu) == 0u), 0.0); }
    case OPERATION_COUNT_NOT_FINITE: { return vec2<f32>(select(0.0, 1.0, (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u), 0.0); }
    case OPERATION_FIXED_POINT_RESIDUAL: {
      let difference = value - activation(y[at], vec2<f32>(sizes.a0, sizes.a1));
      return vec2<f32>(squareOf(difference * unit.x), squareOf(value * unit.y));
    }
    default: { return vec2<f32>(value, 0.0); }
  }
}

// Adds the value of one more element to a running value.
fn including(value: vec2<f32>, at: u32, unit: vec2<f32>) -> vec2<f32> {
  let next = single(at, unit);
  if (PARTIAL_OPERAND) {
    return join(value, next);
  }
  return add(value, next);
}

// The segment of output `index` = (o, segment, i). x: its first element, y: its first middle index, z: the end of its
// middle index.
fn stretch(index: u32) -> vec3<u32> {
  let i = index % sizes.inner;
  let segment = (index / sizes.inner) % sizes.segments;
  let o = index / (sizes.inner * sizes.segments);
  let begin = segment * sizes.segmentLength;
  let end = min(begin + sizes.segmentLength, sizes.middle);
  return vec3<u32>(o * sizes.middle * sizes.inner + i, begin, end);
}

fn store(index: u32, value: vec2<f32>) {
  if (PARTIAL_RESULT) {
    result[2u * index] = value.x;
    result[2u * index + 1u] = value.y;
    return;
  }
  switch (OPERATION) {
    case OPERATION_NORM: { result[index] = lengthIn(value.x); }
    case OPERATION_FIXED_POINT_RESIDUAL: { result[index] = ratioOfLengths(value.x, value.y, sizes.epsilon); }
    default: { result[index] = value.x; }
  }
}
