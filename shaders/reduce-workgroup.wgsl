// Reduction with one workgroup per output, for GPUs. Each invocation reduces every WIDTH-th element, and a tree joins
// their values. See shared/reduction.wgsl for the bindings and the formulas.

const WIDTH = 64u;

var<workgroup> values: array<vec2<f32>, WIDTH>;

fn sweep(bounds: vec3<u32>, invocation: u32, unit: vec2<f32>) -> vec2<f32> {
  var value = start(bounds);
  for (var t = bounds.y + invocation; t < bounds.z; t += WIDTH) {
    value = including(value, bounds.x + t * sizes.inner, unit);
  }
  return value;
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
  let index = group.y * groups.x + group.x;
  if (index >= sizes.outputs) {
    return;
  }
  let bounds = stretch(index);
  values[invocation] = reduced(bounds, invocation);
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (invocation < half) {
      values[invocation] = join(values[invocation], values[invocation + half]);
    }
    workgroupBarrier();
  }
  if (invocation == 0u) {
    store(index, values[0]);
  }
}
