// Shared by both variants of the row-wise kernel. Goes before rows-direct.wgsl or rows-iterated.wgsl, whichever
// contains the operation, and before rows-*.wgsl. These declare joinedSum and joinedMaximum, which take one value from
// each invocation of a row and return the sum or the maximum to all of them.
//
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  x       [rows, columns]
//   binding 3  y       [rows, columns], or [1] (the α of proximalSoftmax), or absent
//   binding 4  result  [rows, columns]
// The formulas are those of ROWS in kernels.ts. An invocation computes every stride-th column of a row.

struct Sizes {
  rows: u32,
  columns: u32,
  p0: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = OPERATION_SOFTMAX;

struct Span {
  begin: u32, // the first column of this invocation
  end: u32,
  stride: u32,
}

fn computeRow(row: u32, first: u32, stride: u32) {
  let start = row * sizes.columns;
  operation(Span(start + first, start + sizes.columns, stride));
}

fn largestOf(span: Span) -> f32 {
  var largest = x[span.end - 1u]; // an invocation without columns needs a value too
  for (var at = span.begin; at < span.end; at += span.stride) {
    largest = larger(largest, x[at]);
  }
  return joinedMaximum(largest);
}

// Σ e^(xᵢ − max x)
fn exponentialsOf(span: Span, largest: f32) -> f32 {
  var total = 0.0;
  for (var at = span.begin; at < span.end; at += span.stride) {
    total += exponential(x[at] - largest);
  }
  return joinedSum(vec2<f32>(total, 0.0)).x;
}
