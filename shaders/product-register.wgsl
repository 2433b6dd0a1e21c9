// Product, form for software adapters, where a workgroup barrier costs more than the arithmetic it would save.
// Each invocation computes an 8 × 8 block of C in registers and reads A and B through the cache. See shared/product.wgsl
// for the bindings and the formula. Rows and columns past the edge repeat the last one and are not stored.

@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;

override WIDTH: u32 = 8u;
override HEIGHT: u32 = 4u;

@compute @workgroup_size(WIDTH, HEIGHT)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let row = sizes.firstRow + id.y * 8u;
  let column = id.x * 8u;
  if (row >= sizes.endRow || column >= sizes.n) {
    return;
  }
  let lastRow = sizes.endRow - 1u;
  let lastColumn = sizes.n - 1u;
  let aColumn = sizes.aColumn;
  let bRow = sizes.bRow;
  var a0 = row * sizes.aRow;
  var a1 = min(row + 1u, lastRow) * sizes.aRow;
  var a2 = min(row + 2u, lastRow) * sizes.aRow;
  var a3 = min(row + 3u, lastRow) * sizes.aRow;
  var a4 = min(row + 4u, lastRow) * sizes.aRow;
  var a5 = min(row + 5u, lastRow) * sizes.aRow;
  var a6 = min(row + 6u, lastRow) * sizes.aRow;
  var a7 = min(row + 7u, lastRow) * sizes.aRow;
  var b0 = column * sizes.bColumn;
  var b1 = min(column + 1u, lastColumn) * sizes.bColumn;
  var b2 = min(column + 2u, lastColumn) * sizes.bColumn;
  var b3 = min(column + 3u, lastColumn) * sizes.bColumn;
  var b4 = min(column + 4u, lastColumn) * sizes.bColumn;
  var b5 = min(column + 5u, lastColumn) * sizes.bColumn;
  var b6 = min(column + 6u, lastColumn) * sizes.bColumn;
  var b7 = min(column + 7u, lastColumn) * sizes.bColumn;
  // Rows of the block: columns 0 to 3 in `left`, 4 to 7 in `right`.
  var left0 = vec4<f32>();
  var right0 = vec4<f32>();
  var left1 = vec4<f32>();
  var right1 = vec4<f32>();
  var left2 = vec4<f32>();
  var right2 = vec4<f32>();
  var left3 = vec4<f32>();
  var right3 = vec4<f32>();
  var left4 = vec4<f32>();
  var right4 = vec4<f32>();
  var left5 = vec4<f32>();
  var right5 = vec4<f32>();
  var left6 = vec4<f32>();
  var right6 = vec4<f32>();
  var left7 = vec4<f32>();
  var right7 = vec4<f32>();
  for (var l = 0u; l < sizes.k; l += 1u) {
    let yLeft = vec4<f32>(b[b0], b[b1], b[b2], b[b3]);
    let yRight = vec4<f32>(b[b4], b[b5], b[b6], b[b7]);
    let x0 = a[a0];
    let x1 = a[a1];
    let x2 = a[a2];
    let x3 = a[a3];
    let x4 = a[a4];
    let x5 = a[a5];
    let x6 = a[a6];
    let x7 = a[a7];
    left0 += x0 * yLeft;
    right0 += x0 * yRight;
    left1 += x1 * yLeft;
    right1 += x1 * yRight;
    left2 += x2 * yLeft;
    right2 += x2 * yRight;
    left3 += x3 * yLeft;
    right3 += x3 * yRight;
    left4 += x4 * yLeft;
    right4 += x4 * yRight;
    left5 += x5 * yLeft;
    right5 += x5 * yRight;
    left6 += x6 * yLeft;
    right6 += x6 * yRight;
    left7 += x7 * yLeft;
    right7 += x7 * yRight;
    a0 += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
    a4 += aColumn;
    a5 += aColumn;
    a6 += aColumn;
    a7 += aColumn;
    b0 += bRow;
    b1 += bRow;
    b2 += bRow;
    b3 += bRow;
    b4 += bRow;
    b5 += bRow;
    b6 += bRow;
    b7 += bRow;
  }
  // One loop, so that the epilogue is compiled once.
  var left = array<vec4<f32>, 8>(left0, left1, left2, left3, left4, left5, left6, left7);
  var right = array<vec4<f32>, 8>(right0, right1, right2, right3, right4, right5, right6, right7);
  for (var index = 0u; index < 16u; index += 1u) {
    let values = select(left[index / 2u], right[index / 2u], (index & 1u) == 1u);
    storeRow(row + index / 2u, column + (index & 1u) * 4u, values);
  }
}
