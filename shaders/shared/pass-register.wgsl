// The epilogue of a pass where an invocation holds all results of a tile: follows pass.wgsl before the forms in registers.

// Four blocks of 4 × 4: above, left and right, and below; a column of each matrix is a row of C. A tile is these 8 columns.
fn storeBlocks(row: u32, column: u32, apart: u32, blocks: array<mat4x4<f32>, 4>) {
  var results = blocks;
  // Two loops, so that the epilogue is compiled once.
  for (var index = 0u; index < 8u; index += 1u) {
    let at = row + index / 4u * apart + index % 4u;
    var sums = vec2<f32>();
    for (var half = 0u; half < 2u; half += 1u) {
      sums += passed(at, column + half * apart, results[index / 4u * 2u + half][index % 4u]);
    }
    storeSums(at, column / 8u, sums);
  }
}
