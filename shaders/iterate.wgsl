// A whole loop of a solver in one dispatch. Samples do not depend on one another: a workgroup holds eight of them, their
// vectors in workgroup memory, reads M through the cache, and iterates until all eight have stopped.
// See IterateCall in kernels.ts; shared/iteration.wgsl has the formulas. An invocation has four columns of all eight samples;
// a vec4 holds a number of four samples: `upper` is of samples 0 to 3, `lower` of 4 to 7.

const SAMPLES = 8u; // of a workgroup

var<workgroup> upper: array<vec4<f32>, 4u * THREADS>; // what is multiplied by M, by columns
var<workgroup> lower: array<vec4<f32>, 4u * THREADS>;
var<workgroup> sums: array<vec4<f32>, 4u * THREADS>; // of each invocation: ‖z − σ(p)‖², ‖z‖²
var<workgroup> watches: array<Watch, SAMPLES>; // each kept by one invocation
var<workgroup> statuses: array<f32, SAMPLES>;

var<private> firstRow: u32;

// Where one column of four samples is. Samples past the last one repeat it, and have stopped.
fn placesOf(half: u32, column: u32) -> vec4<u32> {
  let samples = firstRow + 4u * half + vec4<u32>(0u, 1u, 2u, 3u);
  return min(samples, vec4<u32>(sizes.batch - 1u)) * sizes.n + column;
}

struct Product {
  upper: array<vec4<f32>, 4>,
  lower: array<vec4<f32>, 4>,
}

// Four columns of what is in workgroup memory times M.
fn productOf(thread: u32) -> Product {
  var u0 = vec4<f32>();
  var u1 = vec4<f32>();
  var u2 = vec4<f32>();
  var u3 = vec4<f32>();
  var l0 = vec4<f32>();
  var l1 = vec4<f32>();
  var l2 = vec4<f32>();
  var l3 = vec4<f32>();
  for (var k = 0u; k < sizes.n; k += 4u) {
    let m = transpose(
      mat4x4<f32>(rowOfM(k, thread), rowOfM(k + 1u, thread), rowOfM(k + 2u, thread), rowOfM(k + 3u, thread)),
    );
    let x = mat4x4<f32>(upper[k], upper[k + 1u], upper[k + 2u], upper[k + 3u]);
    let y = mat4x4<f32>(lower[k], lower[k + 1u], lower[k + 2u], lower[k + 3u]);
    u0 += x * m[0];
    u1 += x * m[1];
    u2 += x * m[2];
    u3 += x * m[3];
    l0 += y * m[0];
    l1 += y * m[1];
    l2 += y * m[2];
    l3 += y * m[3];
  }
  return Product(array<vec4<f32>, 4>(u0, u1, u2, u3), array<vec4<f32>, 4>(l0, l1, l2, l3));
}

fn stateAt(sample: u32) -> u32 {
  return sizes.batch * sizes.n + firstRow + sample;
}

// Samples past the last one have stopped.
fn watchOf(sample: u32) -> Watch {
  if (firstRow + sample >= sizes.batch) {
    return Watch(CONVERGED, 0.0, 0.0, 0.0, 0.0);
  }
  return watchAt(stateAt(sample));
}

// The rule of the monitor for one sample, by the sums of all invocations.
fn observe(sample: u32) {
  let half = sample / 4u;
  let lane = sample % 4u;
  var missed = 0.0;
  var size = 0.0;
  for (var other = 0u; other < THREADS; other += 1u) {
    missed += sums[half * THREADS + other][lane];
    size += sums[(2u + half) * THREADS + other][lane];
  }
  var residual = sqrt(missed);
  if (!SLOPED) {
    residual /= sizes.epsilon + sqrt(size);
  }
  watches[sample] = observed(watches[sample], residual, ruleOf(firstRow + sample));
  statuses[sample] = watches[sample].status;
}

// Which of the samples are running, known to all invocations.
fn running() -> array<vec4<bool>, 2> {
  let all = workgroupUniformLoad(&statuses);
  return array<vec4<bool>, 2>(
    vec4<f32>(all[0], all[1], all[2], all[3]) == vec4<f32>(RUNNING),
    vec4<f32>(all[4], all[5], all[6], all[7]) == vec4<f32>(RUNNING),
  );
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  let first = SAMPLES * (group.y * groups.x + group.x);
  if (first >= sizes.batch) {
    return;
  }
  firstRow = first;
  for (var sample = thread; sample < SAMPLES; sample += THREADS) {
    watches[sample] = watchOf(sample);
    statuses[sample] = watches[sample].status;
  }
  let firstColumn = 4u * thread;
  let alpha = select(1.0, step_size[0], METHOD != PICARD);
  // x of this invocation's columns, upper and lower samples by turns; b, the slope and what the sum lost beside it.
  var x: array<vec4<f32>, 8>;
  var bias: array<vec4<f32>, 8>;
  var slopes: array<vec4<f32>, 8>;
  var carry: array<vec4<f32>, 8>;
  for (var index = 0u; index < 8u; index += 1u) {
    let column = firstColumn + index / 2u;
    if (column < sizes.n) {
      let at = placesOf(index & 1u, column);
      x[index] = vec4<f32>(carriedAt(at.x), carriedAt(at.y), carriedAt(at.z), carriedAt(at.w));
      bias[index] = vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]);
      if (SLOPED) {
        slopes[index] = vec4<f32>(slope[at.x], slope[at.y], slope[at.z], slope[at.w]);
      }
    }
  }
  var moving = running();
  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    if (!any(moving[0]) && !any(moving[1])) {
      break;
    }
    // What is multiplied: x, of Peaceman-Rachford q; zeros past the last column.
    for (var index = 0u; index < 8u; index += 1u) {
      let column = firstColumn + index / 2u;
      var factor = vec4<f32>();
      if (column < sizes.n) {
        factor = factorOf(x[index], bias[index], slopes[index], alpha);
      }
      if ((index & 1u) == 0u) {
        upper[column] = factor;
      } else {
        lower[column] = factor;
      }
    }
    workgroupBarrier();
    let products = productOf(thread);
    var next: array<vec4<f32>, 8>;
    var missed = array<vec4<f32>, 2>();
    var size = array<vec4<f32>, 2>();
    for (var index = 0u; index < 8u; index += 1u) {
      let column = firstColumn + index / 2u;
      let half = index & 1u;
      if (column < sizes.n) {
        let h = select(products.lower[index / 2u], products.upper[index / 2u], half == 0u);
        var factor = x[index];
        if (METHOD == PEACEMAN_RACHFORD) {
          factor = select(lower[column], upper[column], half == 0u);
        }
        let step = advanced(factor, h, bias[index], slopes[index], alpha, carry[index]);
        next[index] = step.next;
        carry[index] = step.lost;
        missed[half] += step.missed * step.missed;
        size[half] += step.z * step.z;
      }
    }
    sums[thread] = missed[0];
    sums[THREADS + thread] = missed[1];
    sums[2u * THREADS + thread] = size[0];
    sums[3u * THREADS + thread] = size[1];
    workgroupBarrier();
    for (var sample = thread; sample < SAMPLES; sample += THREADS) {
      if (statuses[sample] == RUNNING) {
        observe(sample);
      }
    }
    let after = running();
    for (var index = 0u; index < 8u; index += 1u) {
      // A sample that stops keeps T(x) of Peaceman-Rachford, else x.
      var moves = after[index & 1u];
      if (METHOD == PEACEMAN_RACHFORD) {
        moves = moving[index & 1u];
      }
      x[index] = select(x[index], next[index], moves);
    }
    moving = after;
  }
  for (var index = 0u; index < 8u; index += 1u) {
    let column = firstColumn + index / 2u;
    if (column < sizes.n) {
      for (var lane = 0u; lane < 4u; lane += 1u) {
        let at = firstRow + 4u * (index & 1u) + lane;
        if (at < sizes.batch) {
          result[at * sizes.n + column] = x[index][lane];
        }
      }
    }
  }
  for (var sample = thread; sample < SAMPLES; sample += THREADS) {
    if (firstRow + sample < sizes.batch) {
      storeWatch(stateAt(sample), watches[sample]);
    }
  }
}
