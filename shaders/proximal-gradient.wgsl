// A whole loop of proximal gradient iterations for Lasso problems in one dispatch. Samples are independent: a workgroup
// iterates four samples of one group until all have stopped. It holds the left factors of the products in workgroup
// memory, and reads G through the cache.
//
//   binding 4  moment     c [batch, n]
//   binding 5  threshold  t [batch, n]
//   binding 6  scalars    s, ρ, f and o, [4, batch]
// The other bindings are those of shared/grouped-loop.wgsl; result goes on with w [batch, n] and θ [batch]. The formulas
// are those of ProximalGradientCall in lasso-kernels.ts.

@group(0) @binding(4) var<storage, read> moment: array<f32>;
@group(0) @binding(5) var<storage, read> threshold: array<f32>;
@group(0) @binding(6) var<storage, read> scalars: array<f32>;

// For each invocation: the codes of ‖w − β⁺‖ and ‖β⁺‖, and ⟨w − β⁺, β⁺ − β⟩.
var<workgroup> sums: array<mat3x4<f32>, THREADS>;
var<workgroup> isRunning: u32;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
) {
  let length = sizes.batch / sizes.groups;
  let share = shareOfGroup();
  let index = id.y * grid.x + id.x;
  let group = index / share;
  if (guard.x == 0u || group >= sizes.groups) {
    return;
  }
  let n = sizes.n;
  let firstSample = group * length + (index % share) * SAMPLES;
  let count = min(SAMPLES, (group + 1u) * length - firstSample);
  let firstColumn = 4u * thread;

  // Samples past the last one count as stopped. They, and columns past the last one, stay 0.
  var beta = mat4x4<f32>();
  var w = mat4x4<f32>();
  var c = mat4x4<f32>();
  var t = mat4x4<f32>();
  var step = vec4<f32>();
  var ridge = vec4<f32>();
  var rescaling = vec4<f32>();
  var offset = vec4<f32>();
  var theta = vec4<f32>(1.0);
  var watches: array<Watch, SAMPLES>; // the same in all invocations
  let behind = sizes.batch * (n + STATE_SIZE); // the end of the state
  for (var lane = 0u; lane < SAMPLES; lane += 1u) {
    watches[lane].status = STATUS_CONVERGED;
    if (lane < count) {
      let sample = firstSample + lane;
      watches[lane] = watchAt(stateAt(sample));
      step[lane] = scalars[sample];
      ridge[lane] = scalars[sizes.batch + sample];
      rescaling[lane] = scalars[2u * sizes.batch + sample];
      offset[lane] = scalars[3u * sizes.batch + sample];
      if (CONTINUED) {
        theta[lane] = result[behind + sizes.batch * n + sample];
      }
      for (var j = 0u; j < 4u; j += 1u) {
        if (firstColumn + j < n) {
          let at = sample * n + firstColumn + j;
          c[j][lane] = moment[at];
          t[j][lane] = threshold[at];
          beta[j][lane] = carriedAt(at);
          w[j][lane] = beta[j][lane];
          if (CONTINUED) {
            w[j][lane] = result[behind + at];
          }
        }
      }
    }
  }

  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    let statuses = vec4<f32>(watches[0].status, watches[1].status, watches[2].status, watches[3].status);
    let running = statuses == vec4<f32>(STATUS_RUNNING);
    for (var j = 0u; j < 4u; j += 1u) {
      factors[firstColumn + j] = w[j];
    }
    if (thread == 0u) {
      isRunning = select(0u, 1u, any(running));
    }
    if (workgroupUniformLoad(&isRunning) == 0u) {
      break;
    }
    let product = productOf(group * n, thread);
    var next = mat4x4<f32>();
    var sum = mat3x4<f32>();
    var far = array<vec4<f32>, 4>();
    for (var j = 0u; j < 4u; j += 1u) {
      let p = w[j] + step * ((c[j] - product[j]) - ridge * w[j]);
      next[j] = select(sign(p) * max(abs(p) - t[j], vec4<f32>()), p, areNaN(p));
      let missed = w[j] - next[j];
      far[j] = missed;
      sum[0] += missed * missed;
      sum[1] += next[j] * next[j];
      sum[2] += missed * (next[j] - beta[j]);
    }
    sum[0] = codesOfFour(sum[0], far);
    sum[1] = codesOfFour(sum[1], array<vec4<f32>, 4>(next[0], next[1], next[2], next[3]));
    sums[thread] = sum;
    workgroupBarrier();
    // Every invocation computes the same sums, which takes less time than waiting for one of them.
    var total = mat3x4<f32>();
    var bits = vec4<u32>();
    for (var other = 0u; other < THREADS; other += 1u) {
      total += sums[other];
      bits = max(bits, max(bitcast<vec4<u32>>(sums[other][0]), bitcast<vec4<u32>>(sums[other][1])));
    }
    var momentum = vec4<f32>();
    if (ACCELERATED) {
      let kept = select(theta, vec4<f32>(1.0), total[2] > vec4<f32>());
      theta = 0.5 * sqrt(4.0 * kept * kept + 1.0) + 0.5;
      momentum = (kept - 1.0) / theta;
    }
    for (var j = 0u; j < 4u; j += 1u) {
      w[j] = next[j] + momentum * (next[j] - beta[j]);
      beta[j] = select(beta[j], next[j], running);
    }
    for (var lane = 0u; lane < SAMPLES; lane += 1u) {
      if (running[lane]) {
        var missed = total[0][lane];
        var size = total[1][lane];
        if (!isPlain(bits[lane], max(missed, size))) {
          missed = 0.0;
          size = 0.0;
          for (var other = 0u; other < THREADS; other += 1u) {
            missed = joinedCodes(missed, sums[other][0][lane]);
            size = joinedCodes(size, sums[other][1][lane]);
          }
        }
        let residual = rescaling[lane] * ratioOfLengths(missed, size, offset[lane]);
        watches[lane] = observed(watches[lane], residual, ruleOf(firstSample + lane));
      }
    }
  }

  for (var lane = 0u; lane < count; lane += 1u) {
    let sample = firstSample + lane;
    for (var j = 0u; j < 4u; j += 1u) {
      if (firstColumn + j < n) {
        let at = sample * n + firstColumn + j;
        result[at] = beta[j][lane];
        result[behind + at] = w[j][lane];
      }
    }
    if (thread == 0u) {
      storeWatch(stateAt(sample), watches[lane]);
      result[behind + sizes.batch * n + sample] = theta[lane];
    }
  }
}
