// A whole loop of the splitting for quadratic programs in one dispatch. Samples are independent: a workgroup iterates
// four samples of one group until all have stopped. It holds the left factors of the products in workgroup memory, and
// reads M through the cache.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  carried    s [batch, n], followed by the state [5, batch]; not read if CONTINUED
//   binding 3  matrices   the M of each group, [groups·n, 4·THREADS]
//   binding 4  shift      c [batch, n]
//   binding 5  lowest     the lower bounds of s, [batch, n]
//   binding 6  highest    the upper bounds of s, [batch, n]
//   binding 7  tolerance  [batch]
//   binding 8  floors     [batch]
//   binding 9  result     has the parts of carried
// The formulas are those of SplittingCall in splitting-kernels.ts. An invocation has four columns of all four samples. A
// column of a mat4x4 belongs to one of these columns, and a vec4 holds one number for each sample.

struct Sizes {
  trips: u32, // the largest number of iterations of this dispatch
  batch: u32,
  groups: u32,
  n: u32,
  giveUp: u32,
  staleLimit: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> carried: array<f32>;
@group(0) @binding(3) var<storage, read> matrices: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read> lowest: array<f32>;
@group(0) @binding(6) var<storage, read> highest: array<f32>;
@group(0) @binding(7) var<storage, read> tolerance: array<f32>;
@group(0) @binding(8) var<storage, read> floors: array<f32>;
@group(0) @binding(9) var<storage, read_write> result: array<f32>;

override ACCELERATED: bool = true;
override THREADS: u32 = 32u;

const SAMPLES = 4u; // in a workgroup
const OVER_RELAXATION = 1.6; // as in splitting-kernels.ts

var<workgroup> factors: array<vec4<f32>, 4u * THREADS>; // 2p − s by columns
var<workgroup> sums: array<mat2x4<f32>, THREADS>; // for each invocation: the codes of ‖d‖ and ‖s⁺‖
var<workgroup> isRunning: u32;

fn stateAt(sample: u32) -> u32 {
  return sizes.batch * sizes.n + sample;
}

fn areNaN(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

// One row of M, restricted to the columns of this invocation. Rows past the last one are multiplied by zeros.
fn rowOfM(first: u32, k: u32, thread: u32) -> vec4<f32> {
  return matrices[(first + min(k, sizes.n - 1u)) * THREADS + thread];
}

// The product of `factors` with the M whose first row is `first`, restricted to the columns of this invocation.
fn productOf(first: u32, thread: u32) -> mat4x4<f32> {
  var product = mat4x4<f32>();
  for (var k = 0u; k < sizes.n; k += 4u) {
    let w = mat4x4<f32>(factors[k], factors[k + 1u], factors[k + 2u], factors[k + 3u]);
    let m = mat4x4<f32>(
      rowOfM(first, k, thread),
      rowOfM(first, k + 1u, thread),
      rowOfM(first, k + 2u, thread),
      rowOfM(first, k + 3u, thread),
    );
    product += w * transpose(m);
  }
  return product;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
) {
  let length = sizes.batch / sizes.groups;
  let share = (length + SAMPLES - 1u) / SAMPLES; // workgroups for a group
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
        let sample = firstSample + lane;
        let rule = Rule(tolerance[sample], floors[sample], sizes.staleLimit, sizes.giveUp != 0u, 1.0);
        watches[lane] = observed(watches[lane], residual, rule);
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
