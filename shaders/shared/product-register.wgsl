// Shared by the register variants of the product. Goes after product.wgsl, before product-register*.wgsl.

// One row of a stack of 4 × 4 blocks; each column of a matrix is a row of a block. The row is selected by comparison,
// because a compiler may keep an array that is indexed by a variable in memory, and the kernel then takes four times as
// long.
fn rowOf(index: u32, upper: mat4x4<f32>, lower: mat4x4<f32>) -> vec4<f32> {
  var row = upper[0];
  row = select(row, upper[1], index == 1u);
  row = select(row, upper[2], index == 2u);
  row = select(row, upper[3], index == 3u);
  row = select(row, lower[0], index == 4u);
  row = select(row, lower[1], index == 5u);
  row = select(row, lower[2], index == 6u);
  return select(row, lower[3], index == 7u);
}

// Stores four 4 × 4 blocks: upper left and right, lower left and right. There is only one loop, so that the epilogue is
// compiled once.
fn storeSquare(row: u32, column: u32, blocks: array<mat4x4<f32>, 4>) {
  let rows = min(sizes.endRow - row, 8u);
  let columns = min(sizes.n - column, 8u);
  for (var i = 0u; i < rows; i += 1u) {
    let left = rowOf(i, blocks[0], blocks[2]);
    let right = rowOf(i, blocks[1], blocks[3]);
    for (var j = 0u; j < columns; j += 1u) {
      epilogue(row + i, column + j, select(right, left, j < 4u)[j % 4u]);
    }
  }
}
