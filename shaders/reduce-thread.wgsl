// Reduction with one invocation an output: the form for software adapters, and for a short middle index.
// See shared/reduction.wgsl for the bindings and the formulas.

const WIDTH = 64u;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let index = id.y * groups.x * WIDTH + id.x;
  if (index >= sizes.outputs) {
    return;
  }
  let bounds = stretch(index);
  var value = nothing();
  var t = bounds.y;
  for (; t + 3u < bounds.z; t += 4u) {
    let at = bounds.x + t * sizes.inner;
    let p = join(single(at), single(at + sizes.inner));
    let q = join(single(at + 2u * sizes.inner), single(at + 3u * sizes.inner));
    value = join(value, join(p, q));
  }
  for (; t < bounds.z; t += 1u) {
    value = join(value, single(bounds.x + t * sizes.inner));
  }
  store(index, value);
}
