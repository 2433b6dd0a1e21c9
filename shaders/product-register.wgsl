// Product for software adapters, on which a workgroup barrier costs more than the reads that it would save.
// Each invocation computes an 8 × 8 block of C in registers and reads A and B through the cache. See
// shared/product.wgsl for the bindings and the formula. Rows and columns past the edge repeat the last one and are not
// stored.

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
  // Each column of these is a row of C.
  var upperLeft = mat4x4<f32>();
  var upperRight = mat4x4<f32>();
  var lowerLeft = mat4x4<f32>();
  var lowerRight = mat4x4<f32>();
  for (var l = 0u; l < sizes.k; l += 1u) {
    let upper = vec4<f32>(a[a0], a[a1], a[a2], a[a3]);
    let lower = vec4<f32>(a[a4], a[a5], a[a6], a[a7]);
    let left = vec4<f32>(b[b0], b[b1], b[b2], b[b3]);
    let right = vec4<f32>(b[b4], b[b5], b[b6], b[b7]);
    upperLeft += outer(upper, left);
    upperRight += outer(upper, right);
    lowerLeft += outer(lower, left);
    lowerRight += outer(lower, right);
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
  storeSquare(row, column, array<mat4x4<f32>, 4>(upperLeft, upperRight, lowerLeft, lowerRight));
}
