// Product, form for software adapters, where a workgroup barrier costs more than the arithmetic it would save.
// Each invocation computes an 8 × 4 block of C in registers and reads A and B through the cache. See shared/product.wgsl
// for the bindings and the formula. Rows and columns past the edge repeat the last one and are not stored.

override WIDTH: u32 = 16u;
override HEIGHT: u32 = 8u;

@compute @workgroup_size(WIDTH, HEIGHT)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let row = sizes.firstRow + id.y * 8u;
  let column = id.x * 4u;
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
  var c0 = vec4<f32>();
  var c1 = vec4<f32>();
  var c2 = vec4<f32>();
  var c3 = vec4<f32>();
  var c4 = vec4<f32>();
  var c5 = vec4<f32>();
  var c6 = vec4<f32>();
  var c7 = vec4<f32>();
  for (var l = 0u; l < sizes.k; l += 1u) {
    let y = vec4<f32>(b[b0], b[b1], b[b2], b[b3]);
    c0 += a[a0] * y;
    c1 += a[a1] * y;
    c2 += a[a2] * y;
    c3 += a[a3] * y;
    c4 += a[a4] * y;
    c5 += a[a5] * y;
    c6 += a[a6] * y;
    c7 += a[a7] * y;
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
  }
  storeRow(row, column, c0);
  storeRow(row + 1u, column, c1);
  storeRow(row + 2u, column, c2);
  storeRow(row + 3u, column, c3);
  storeRow(row + 4u, column, c4);
  storeRow(row + 5u, column, c5);
  storeRow(row + 6u, column, c6);
  storeRow(row + 7u, column, c7);
}
