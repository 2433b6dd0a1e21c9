// Row-wise operations with one workgroup per row, for GPUs. Each invocation computes every WIDTH-th column, and a tree
// joins their values. See shared/rows.wgsl for the bindings.

const WIDTH = 64u;

var<workgroup> values: array<vec2<f32>, WIDTH>;
var<private> local: u32;

// workgroupUniformLoad returns the same number to all invocations, and is a barrier.
fn joinedSum(value: vec2<f32>) -> vec2<f32> {
  values[local] = value;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      values[local] += values[local + half];
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&values[0]);
}

fn joinedMaximum(value: f32) -> f32 {
  values[local] = vec2<f32>(value, 0.0);
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      values[local].x = larger(values[local].x, values[local + half].x);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&values[0]).x;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(local_invocation_index) invocation: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  let row = group.y * groups.x + group.x;
  if (row >= sizes.rows) {
    return;
  }
  local = invocation;
  computeRow(row, invocation, WIDTH);
}
