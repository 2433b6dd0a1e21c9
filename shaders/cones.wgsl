// Projections onto cones, and their derivatives, with one invocation for each block of each row. See cone-kernels.ts for
// the formulas. Goes after shared/cone-*.wgsl, which has `project` and `differentiate` for a kind of cone.
//
//   binding 0  sizes       uniform
//   binding 1  guard       uniform; nothing happens when guard.x is 0
//   binding 2  x           [rows, columns]
//   binding 3  h           [rows, columns]; only for derivatives, like the next two
//   binding 4  tolerances  [rows], or [1] if hasSharedTolerance
//   binding 5  shares      [rows, columns]; only if hasShares
//   binding 6  result      [rows, columns]
// One dispatch treats the blocks first … end − 1 of `count` equal blocks a row, numbered through all rows.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let unit = sizes.first + id.y * groups.x * 64u + id.x;
  if (guard.x == 0u || unit >= sizes.end) {
    return;
  }
  let block = blockOf(unit);
  if (DERIVATIVE) {
    differentiate(block.at, toleranceOf(block), shareOf(block));
  } else {
    project(block.at);
  }
}
