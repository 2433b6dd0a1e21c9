// A whole loop of the splitting for quadratic programs in one dispatch. Samples are independent: a workgroup iterates
// four samples of one group until all have stopped. It holds the left factors of the products in workgroup memory, and
// reads M through the cache.
//
//   binding 4  shift      c [batch, n]
//   binding 5  lowest     the lower bounds of s, [batch, n]
//   binding 6  highest    the upper bounds of s, [batch, n]
// The other bindings are those of shared/grouped-loop.wgsl. The formulas are those of SplittingCall in
// splitting-kernels.ts.

@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read> lowest: array<f32>;
@group(0) @binding(6) var<storage, read> highest: array<f32>;

const OVER_RELAXATION = 1.6; // as in splitting-kernels.ts

var<workgroup> sums: array<mat2x4<f32>, THREADS>; // for each invocation: the codes of ‖d‖ and ‖s⁺‖
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
  var s = mat4x4<f32>();
  var c = mat4x4<f32>();
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  var watches: array<Watch, SAMPLES>; // the same in all invocations
  for (var lane = 0u; lane < SAMPLES; lane += 1u) {
    watches[lane].status = STATUS_CONVERGED;
    if (lane < count) {
      let sample = firstSample + lane;
      watches[lane] = watchAt(stateAt(sample));
      for (var j = 0u; j < 4u; j += 1u) {
        if (firstColumn + j < n) {
          let at = sample * n + firstColumn + j;
          s[j][lane] = carriedAt(at);
          low[j][lane] = lowest[at];
          high[j][lane] = highest[at];
          // The clamp may drop a bound that is not a number; a sum does not.
          c[j][lane] = unlessNaN(low[j][lane], unlessNaN(high[j][lane], shift[at]));
        }
      }
    }
  }

  let alpha = select(1.0, OVER_RELAXATION, ACCELERATED);
  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    let statuses = vec4<f32>(watches[0].status, watches[1].status, watches[2].status, watches[3].status);
    let running = statuses == vec4<f32>(STATUS_RUNNING);
    var p = mat4x4<f32>();
    for (var j = 0u; j < 4u; j += 1u) {
      p[j] = select(min(max(s[j], low[j]), high[j]), s[j], areNaN(s[j]));
      factors[firstColumn + j] = 2.0 * p[j] - s[j];
    }
    if (thread == 0u) {
      isRunning = select(0u, 1u, any(running));
    }
    if (workgroupUniformLoad(&isRunning) == 0u) {
      break;
    }
    let product = productOf(group * n, thread);
    var sum = mat2x4<f32>();
    var far = array<vec4<f32>, 4>();
    for (var j = 0u; j < 4u; j += 1u) {
      let moved = product[j] + c[j] - p[j];
      s[j] = select(s[j], s[j] + alpha * moved, running);
      far[j] = moved;
      sum[0] += moved * moved;
      sum[1] += s[j] * s[j];
    }
    sum[0] = codesOfFour(sum[0], far);
    sum[1] = codesOfFour(sum[1], array<vec4<f32>, 4>(s[0], s[1], s[2], s[3]));
    sums[thread] = sum;
    workgroupBarrier();
    // Every invocation computes the same sums, which takes less time than waiting for one of them.
    var total = mat2x4<f32>();
    var bits = vec4<u32>();
    for (var other = 0u; other < THREADS; other += 1u) {
      total += sums[other];
      bits = max(bits, max(bitcast<vec4<u32>>(sums[other][0]), bitcast<vec4<u32>>(sums[other][1])));
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
        // By its bits, because no comparison with NaN is reliable.
        var residual = 0.0;
        if (bitcast<u32>(size) != 0u) {
          residual = ratioOfLengths(missed, size, 0.0);
        }
        watches[lane] = observed(watches[lane], residual, ruleOf(firstSample + lane));
      }
    }
  }

  for (var lane = 0u; lane < count; lane += 1u) {
    let sample = firstSample + lane;
    for (var j = 0u; j < 4u; j += 1u) {
      if (firstColumn + j < n) {
        result[sample * n + firstColumn + j] = s[j][lane];
      }
    }
    if (thread == 0u) {
      storeWatch(stateAt(sample), watches[lane]);
    }
  }
}
