// What both forms of the row-wise kernel share. Prepended to rows-*.wgsl, which declare joinedSum and joinedMaximum: a
// value of each invocation of a row goes in, their sum or maximum comes out, the same for all of them; and to
// rows-direct.wgsl or rows-proximal-softmax.wgsl, whichever has the operation.
//
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  x       [rows, columns]
//   binding 3  y       [rows, columns], or [1] (the α of proximalSoftmax), or absent
//   binding 4  result  [rows, columns]
// The formulas are those of ROWS in kernels.ts. An invocation computes the columns first, first + stride, … of a row.

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
  begin: u32, // of the columns of this invocation
  end: u32,
  stride: u32,
}

fn computeRow(row: u32, first: u32, stride: u32) {
  let start = row * sizes.columns;
  operation(Span(start + first, start + sizes.columns, stride));
}

fn largestOf(span: Span) -> f32 {
  var largest = x[span.end - 1u]; // of those without a column too
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
