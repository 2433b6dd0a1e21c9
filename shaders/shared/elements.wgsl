// Calls compute(index) for each element of the result. Goes after the element-wise kernels, which declare compute,
// sizes.count and guard.

// If set, each invocation computes four neighbouring results: on software adapters an invocation costs more than its
// arithmetic.
override FOUR: bool = false;

const WIDTH = 64u;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let invocation = id.y * groups.x * WIDTH + id.x;
  if (!FOUR) {
    if (invocation < sizes.count) {
      compute(invocation);
    }
    return;
  }
  let index = invocation * 4u;
  if (index + 3u < sizes.count) {
    compute(index);
    compute(index + 1u);
    compute(index + 2u);
    compute(index + 3u);
    return;
  }
  for (var rest = index; rest < sizes.count; rest += 1u) {
    compute(rest);
  }
}
