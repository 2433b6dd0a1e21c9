// Row-wise operations with one invocation per row, for software adapters and for short rows.
// See shared/rows.wgsl for the bindings.

const WIDTH = 64u;

fn joinedSum(value: vec2<f32>) -> vec2<f32> {
  return value;
}

fn joinedMaximum(value: f32) -> f32 {
  return value;
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let row = id.y * groups.x * WIDTH + id.x;
  if (row < sizes.rows) {
    computeRow(row, 0u, 1u);
  }
}
