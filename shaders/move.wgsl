// Moves along the middle axis of x[outer, extent, inner]: gather, scatter and segment sums. The formulas are those of
// MOVES in kernels.ts.
//
//   binding 0  sizes    uniform
//   binding 1  guard    uniform; nothing happens when guard.x is 0
//   binding 2  x
//   binding 3  indices  integers stored as float32
//   binding 4  y        rows, or the ends of the segments
//   binding 5  result
// For a scatter this is the second dispatch; the first has copied x to the result. The kernel computes `count` numbers.

struct Sizes {
  inner: u32,
  extent: u32,
  others: u32,
  length: u32,
  offset: i32,
  count: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> indices: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = OPERATION_GATHER;
override INDEXED: bool = true;

fn indexAt(j: u32) -> i32 {
  return i32(floor(indices[j] + 0.5));
}

fn gather(at: u32) {
  let i = at % sizes.inner;
  let j = (at / sizes.inner) % sizes.length;
  let o = at / (sizes.inner * sizes.length);
  var t = i32(j) + sizes.offset;
  if (INDEXED) {
    t = indexAt(j);
  }
  let extent = i32(sizes.extent);
  var value = 0.0;
  if (t >= 0 && t < extent) {
    value = x[(o * sizes.extent + u32(t)) * sizes.inner + i];
  } else if (t >= extent && t < extent + i32(sizes.others)) {
    value = y[(o * sizes.others + u32(t - extent)) * sizes.inner + i];
  }
  result[at] = value;
}

fn scatter(at: u32) {
  let i = at % sizes.inner;
  let j = (at / sizes.inner) % sizes.others;
  let o = at / (sizes.inner * sizes.others);
  let t = indexAt(j);
  if (t >= 0 && t < i32(sizes.extent)) {
    result[(o * sizes.extent + u32(t)) * sizes.inner + i] = y[at];
  }
}

fn segmentSum(at: u32) {
  let i = at % sizes.inner;
  let r = (at / sizes.inner) % sizes.length;
  let o = at / (sizes.inner * sizes.length);
  let end = u32(y[r + 1u]);
  var sum = 0.0;
  for (var t = u32(y[r]); t < end; t += 1u) {
    sum += x[(o * sizes.extent + u32(indexAt(t))) * sizes.inner + i];
  }
  result[at] = sum;
}

fn compute(at: u32) {
  switch (OPERATION) {
    case OPERATION_GATHER: { gather(at); }
    case OPERATION_SCATTER: { scatter(at); }
    case OPERATION_SEGMENT_SUM: { segmentSum(at); }
    default: {}
  }
}
