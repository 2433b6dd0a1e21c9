// A whole loop of a solver in one dispatch. Samples are independent: a workgroup iterates eight of them until all have
// stopped. It holds their vectors in workgroup memory, and reads M through the cache. See IterateCall in
// iteration-kernels.ts; the formulas are in shared/iteration.wgsl. An invocation has four columns of all eight samples.
// A vec4 holds one number for each of four samples: `upper` for samples 0 to 3, `lower` for samples 4 to 7.

const SAMPLES = 8u; // in a workgroup

var<workgroup> upper: array<vec4<f32>, 4u * THREADS>; // the left factor of the product with M, by columns
var<workgroup> lower: array<vec4<f32>, 4u * THREADS>;
var<workgroup> sums: array<vec4<f32>, 4u * THREADS>; // for each invocation: the codes of ‖z − σ(p)‖ and ‖z‖
var<workgroup> watches: array<Watch, SAMPLES>; // one invocation updates each
var<workgroup> statuses: array<f32, SAMPLES>;

var<private> firstRow: u32;

// One number for each of the eight samples and each of the four columns of this invocation.
struct Block {
  upper: array<vec4<f32>, 4>,
  lower: array<vec4<f32>, 4>,
}

// Four columns of the product of the factors in workgroup memory with M.
fn productOf(thread: u32) -> Block {
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
  return Block(array<vec4<f32>, 4>(u0, u1, u2, u3), array<vec4<f32>, 4>(l0, l1, l2, l3));
}

fn stateAt(sample: u32) -> u32 {
  return sizes.batch * sizes.n + firstRow + sample;
}

// Samples past the last one have stopped.
fn watchOf(sample: u32) -> Watch {
  if (firstRow + sample >= sizes.batch) {
    return Watch(STATUS_CONVERGED, 0.0, 0.0, 0.0, 0.0);
  }
  return watchAt(stateAt(sample));
}

// Applies the rule of the monitor to one sample, given the sums of all invocations.
fn observe(sample: u32) {
  let half = sample / 4u;
  let lane = sample % 4u;
  var missed = 0.0;
  var size = 0.0;
  var bits = 0u;
  for (var other = 0u; other < THREADS; other += 1u) {
    let far = sums[half * THREADS + other][lane];
    let z = sums[(2u + half) * THREADS + other][lane];
    missed += far;
    size += z;
    bits = max(bits, max(bitcast<u32>(far), bitcast<u32>(z)));
  }
  if (!isPlain(bits, max(missed, size))) {
    missed = 0.0;
    size = 0.0;
    for (var other = 0u; other < THREADS; other += 1u) {
      missed = joinedCodes(missed, sums[half * THREADS + other][lane]);
      size = joinedCodes(size, sums[(2u + half) * THREADS + other][lane]);
    }
  }
  var residual: f32;
  if (SLOPED) {
    residual = lengthIn(missed);
  } else {
    residual = ratioOfLengths(missed, size, sizes.epsilon);
  }
  watches[sample] = observed(watches[sample], residual, ruleOf(firstRow + sample));
  statuses[sample] = watches[sample].status;
}

// Tells all invocations which of the samples are running.
fn running() -> array<vec4<bool>, 2> {
  let all = workgroupUniformLoad(&statuses);
  return array<vec4<bool>, 2>(
    vec4<f32>(all[0], all[1], all[2], all[3]) == vec4<f32>(STATUS_RUNNING),
    vec4<f32>(all[4], all[5], all[6], all[7]) == vec4<f32>(STATUS_RUNNING),
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
  let alpha = select(1.0, step_size[0], METHOD != METHOD_PICARD);
  // The columns of this invocation; the last variable is the rounding error of the sum in forward-backward.
  var x: Block;
  var bias: Block;
  var slopes: Block;
  var carry: Block;
  // Samples are read one after the other, each into its lane, since repeated code takes the compiler twice as long.
  let count = min(sizes.batch - first, SAMPLES);
  let columns = min(firstColumn + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.n - 1u));
  for (var sample = 0u; sample < count; sample += 1u) {
    let row = (first + sample) * sizes.n;
    let lane = vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(sample);
    let below = vec4<u32>(4u, 5u, 6u, 7u) == vec4<u32>(sample);
    for (var c = 0u; c < 4u; c += 1u) {
      let at = row + columns[c];
      let x0 = vec4<f32>(carriedAt(at));
      x.upper[c] = select(x.upper[c], x0, lane);
      x.lower[c] = select(x.lower[c], x0, below);
      let b0 = vec4<f32>(b[at]);
      bias.upper[c] = select(bias.upper[c], b0, lane);
      bias.lower[c] = select(bias.lower[c], b0, below);
      if (SLOPED) {
        let d = vec4<f32>(slope[at]);
        slopes.upper[c] = select(slopes.upper[c], d, lane);
        slopes.lower[c] = select(slopes.lower[c], d, below);
      }
    }
  }
  var moving = running();
  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    if (!any(moving[0]) && !any(moving[1])) {
      break;
    }
    // The left factor: x, or q for Peaceman-Rachford; zero past the last column.
    for (var c = 0u; c < 4u; c += 1u) {
      let column = firstColumn + c;
      var above = vec4<f32>();
      var below = vec4<f32>();
      if (column < sizes.n) {
        above = factorOf(x.upper[c], bias.upper[c], slopes.upper[c], alpha);
        below = factorOf(x.lower[c], bias.lower[c], slopes.lower[c], alpha);
      }
      upper[column] = above;
      lower[column] = below;
    }
    workgroupBarrier();
    let products = productOf(thread);
    var next: Block;
    // z − σ(p) and z, for the upper and the lower samples, and the sums of their squares.
    var measured = array<array<vec4<f32>, 4>, 4>();
    var squares = array<vec4<f32>, 4>();
    for (var c = 0u; c < 4u; c += 1u) {
      let column = firstColumn + c;
      if (column < sizes.n) {
        var above = x.upper[c];
        var below = x.lower[c];
        if (METHOD == METHOD_PEACEMAN_RACHFORD) {
          above = upper[column];
          below = lower[column];
        }
        let u = advanced(above, products.upper[c], bias.upper[c], slopes.upper[c], alpha, carry.upper[c]);
        let l = advanced(below, products.lower[c], bias.lower[c], slopes.lower[c], alpha, carry.lower[c]);
        next.upper[c] = u.next;
        next.lower[c] = l.next;
        carry.upper[c] = u.lost;
        carry.lower[c] = l.lost;
        let values = array<vec4<f32>, 4>(u.missed, l.missed, u.z, l.z);
        for (var index = 0u; index < 4u; index += 1u) {
          measured[index][c] = values[index];
          squares[index] += values[index] * values[index];
        }
      }
    }
    for (var index = 0u; index < 4u; index += 1u) {
      sums[index * THREADS + thread] = codesOfFour(squares[index], measured[index]);
    }
    workgroupBarrier();
    for (var sample = thread; sample < SAMPLES; sample += THREADS) {
      if (statuses[sample] == STATUS_RUNNING) {
        observe(sample);
      }
    }
    let after = running();
    // A sample that stops returns T(x) for Peaceman-Rachford, otherwise x.
    var moves = after;
    if (METHOD == METHOD_PEACEMAN_RACHFORD) {
      moves = moving;
    }
    for (var c = 0u; c < 4u; c += 1u) {
      x.upper[c] = select(x.upper[c], next.upper[c], moves[0]);
      x.lower[c] = select(x.lower[c], next.lower[c], moves[1]);
    }
    moving = after;
  }
  for (var sample = 0u; sample < count; sample += 1u) {
    for (var c = 0u; c < 4u; c += 1u) {
      let column = firstColumn + c;
      if (column < sizes.n) {
        result[(first + sample) * sizes.n + column] = select(x.lower[c], x.upper[c], sample < 4u)[sample & 3u];
      }
    }
  }
  for (var sample = thread; sample < SAMPLES; sample += THREADS) {
    if (firstRow + sample < sizes.batch) {
      storeWatch(stateAt(sample), watches[sample]);
    }
  }
}
