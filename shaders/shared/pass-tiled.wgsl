// The epilogue of a pass, for a workgroup that holds a tile of 4·EDGE columns of the result. Goes after
// product-tiled.wgsl, whose slices in workgroup memory are free once the product is done.

// Stores four rows of four columns.
fn storeRows(row: u32, column: u32, rows: array<vec4<f32>, 4>) {
  let x = column / 4u % EDGE;
  let y = row / 4u % EDGE;
  var results = rows;
  var missed = vec4<f32>();
  var size = vec4<f32>();
  for (var index = 0u; index < 4u; index += 1u) {
    let sums = passed(row + index, column, results[index]);
    missed[index] = sums.x;
    size[index] = sums.y;
  }
  sliceA[y * EDGE + x] = missed;
  sliceB[y * EDGE + x] = size;
  workgroupBarrier();
  // Each invocation of the first four columns adds up one row.
  if (x < 4u) {
    var sums = vec2<f32>();
    for (var other = 0u; other < EDGE; other += 1u) {
      let at = y * EDGE + other;
      sums = vec2<f32>(joinedCodes(sums.x, sliceA[at][x]), joinedCodes(sums.y, sliceB[at][x]));
    }
    storeSums(row + x, column / (4u * EDGE), sums);
  }
}
