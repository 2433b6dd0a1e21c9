// Reduction with one invocation per output, for software adapters and for a short middle index.
// See shared/reduction.wgsl for the bindings and the formulas.

const WIDTH = 64u;

fn sweep(bounds: vec3<u32>, invocation: u32, unit: vec2<f32>) -> vec2<f32> {
  var value = start(bounds);
  var t = bounds.y;
  if (!(isLength() && PARTIAL_OPERAND)) {
    for (; t + 3u < bounds.z; t += 4u) {
      let at = bounds.x + t * sizes.inner;
      let p = add(single(at, unit), single(at + sizes.inner, unit));
      let q = add(single(at + 2u * sizes.inner, unit), single(at + 3u * sizes.inner, unit));
      value = add(value, add(p, q));
    }
  }
  for (; t < bounds.z; t += 1u) {
    value = including(value, bounds.x + t * sizes.inner, unit);
  }
  return value;
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let index = id.y * groups.x * WIDTH + id.x;
  if (index >= sizes.outputs) {
    return;
  }
  store(index, reduced(stretch(index), 0u));
}
