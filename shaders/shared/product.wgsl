// Shared by the variants of the product: bindings, sizes and the epilogue. Goes before product-*.wgsl.
//
// C = epilogue(op(A)·op(B)), op(A) m × k, op(B) k × n, all row-major.
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  a       op(A)[i, l] = a[i·aRow + l·aColumn]
//   binding 3  b       op(B)[l, j] = b[l·bRow + j·bColumn]
//   binding 4  bias    [n] or [m, n]
//   binding 5  scale   [m, n]
//   binding 6  prior   [m, n]
//   binding 7  step    [1]
//   binding 8  result  [m, n]
// One dispatch computes the rows firstRow … endRow − 1. The variants declare a and b, because some read them as
// vectors.

struct Sizes {
  m: u32,
  n: u32,
  k: u32,
  firstRow: u32,
  endRow: u32,
  aRow: u32,
  aColumn: u32,
  bRow: u32,
  bColumn: u32,
  a0: f32,
  a1: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read> prior: array<f32>;
@group(0) @binding(7) var<storage, read> step_size: array<f32>;
@group(0) @binding(8) var<storage, read_write> result: array<f32>;

override BIAS: u32 = BIAS_NONE;
override PROXIMAL: bool = false;
override SCALED: bool = false;
override RESIDUAL: bool = false;

// The number of products to add up for some rows.
fn depthOf(firstRow: u32, count: u32) -> u32 {
  return sizes.k;
}

// t += bias; t = prox_{αf}((1 − α)·prior + α·t) or σ(t); t = scale·t; t = prior − t.
fn epilogue(row: u32, column: u32, value: f32) {
  let at = row * sizes.n + column;
  var t = value;
  if (BIAS == BIAS_ROW) {
    t += bias[column];
  } else if (BIAS == BIAS_FULL) {
    t += bias[at];
  }
  let parameters = vec2<f32>(sizes.a0, sizes.a1);
  if (PROXIMAL) {
    let alpha = step_size[0];
    t = proximal((1.0 - alpha) * prior[at] + alpha * t, alpha, parameters);
  } else {
    t = activation(t, parameters);
  }
  if (SCALED) {
    t *= scale[at];
  }
  if (RESIDUAL) {
    t = prior[at] - t;
  }
  result[at] = t;
}

// Stores four columns of one row, except columns past the edge.
fn storeRow(row: u32, column: u32, values: vec4<f32>) {
  if (row >= sizes.endRow) {
    return;
  }
  for (var offset = 0u; offset < 4u && column + offset < sizes.n; offset += 1u) {
    epilogue(row, column + offset, values[offset]);
  }
}

// Stores four rows of four columns. There is only one loop, so that the epilogue is compiled once.
fn storeRows(row: u32, column: u32, rows: array<vec4<f32>, 4>) {
  var results = rows;
  for (var index = 0u; index < 4u; index += 1u) {
    storeRow(row + index, column, results[index]);
  }
}

// The outer product: row i is x[i]·y.
fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}
