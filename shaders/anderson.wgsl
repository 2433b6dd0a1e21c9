// A whole loop with Anderson acceleration in one dispatch. Samples are independent: a workgroup iterates one sample
// until it stops, and reads M through the cache. See IterateCall in iteration-kernels.ts; the formulas of T are in
// shared/iteration.wgsl. An invocation has four columns. All invocations compute the scalars of the sample redundantly,
// which takes less time than waiting for one of them.

// The values of ACCELERATION in iteration-kernels.ts.
const MEMORY = 5u;
const GROWTH = 2.0;
const REGULARISATION = 16.0;

var<workgroup> factors: array<vec4<f32>, THREADS>; // the left factor of the product with M
// For each invocation: the codes of ‖z − σ(p)‖, ‖z‖, ‖f‖, ‖Δf‖; ⟨Δf, column j of 𝓕⟩; ⟨f, column j⟩; ⟨f, Δf⟩.
var<workgroup> sums: array<mat4x4<f32>, THREADS>;
var<workgroup> isRunning: u32;

// Four columns of the product of `factors` with M.
fn productOf(thread: u32) -> vec4<f32> {
  var product = vec4<f32>();
  for (var k = 0u; k < sizes.n; k += 4u) {
    let x = factors[k / 4u]; // zero past the last column
    for (var lane = 0u; lane < 4u; lane += 1u) {
      product += x[lane] * rowOfM(k + lane, thread);
    }
  }
  return product;
}

// Solves 𝓕ᵀ𝓕 γ = 𝓕ᵀf for γ by elimination. The matrix is stored by columns, followed by the right-hand side.
fn weightsOf(gram: array<f32, MEMORY * MEMORY>, right: array<f32, MEMORY>) -> array<f32, MEMORY> {
  var rows = gram;
  var weights = right;
  for (var column = 0u; column < MEMORY; column += 1u) {
    rows[column * (MEMORY + 1u)] += REGULARISATION * sizes.epsilon;
  }
  for (var column = 0u; column < MEMORY; column += 1u) {
    for (var row = column + 1u; row < MEMORY; row += 1u) {
      let factor = rows[row * MEMORY + column] / rows[column * (MEMORY + 1u)];
      for (var j = column; j < MEMORY; j += 1u) {
        rows[row * MEMORY + j] -= factor * rows[column * MEMORY + j];
      }
      weights[row] -= factor * weights[column];
    }
  }
  for (var left = MEMORY; left > 0u; left -= 1u) {
    let row = left - 1u;
    for (var j = left; j < MEMORY; j += 1u) {
      weights[row] -= rows[row * MEMORY + j] * weights[j];
    }
    weights[row] /= rows[row * (MEMORY + 1u)];
  }
  return weights;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let sample = group.y * groups.x + group.x;
  if (guard.x == 0u || sample >= sizes.batch) {
    return;
  }
  let n = sizes.n;
  let inside = 4u * thread + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(n);
  let alpha = select(1.0, step_size[0], METHOD != METHOD_PICARD);
  let rule = ruleOf(sample);
  // Columns past the last one stay 0.
  var x = vec4<f32>();
  var bias = vec4<f32>();
  var d = vec4<f32>();
  for (var lane = 0u; lane < 4u; lane += 1u) {
    if (inside[lane]) {
      let at = sample * n + 4u * thread + lane;
      x[lane] = carriedAt(at);
      bias[lane] = b[at];
      if (SLOPED) {
        d[lane] = slope[at];
      }
    }
  }
  let state = sizes.batch * n + sample;
  var watch = watchAt(state);

  var unit = 1.0; // a power of two that scales f if its inner products would overflow or underflow
  var before = vec4<f32>(); // the f of the previous pass
  var beforeG = vec4<f32>();
  var columnsF: array<vec4<f32>, MEMORY>; // Δf/‖Δf‖
  var columnsG: array<vec4<f32>, MEMORY>; // Δg/‖Δf‖
  var gram: array<f32, MEMORY * MEMORY>;
  var best = 1.0e30; // ‖f‖
  var bestG = x;
  var plainSteps = 0.0;

  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    let factor = select(vec4<f32>(), factorOf(x, bias, d, alpha), inside);
    factors[thread] = factor;
    if (thread == 0u) {
      isRunning = select(0u, 1u, watch.status == STATUS_RUNNING);
    }
    if (workgroupUniformLoad(&isRunning) == 0u) {
      break;
    }
    let step = advanced(factor, productOf(thread), bias, d, alpha, vec4<f32>());
    let g = select(vec4<f32>(), step.next, inside);
    let z = select(vec4<f32>(), step.z, inside);
    let missed = select(vec4<f32>(), step.missed, inside);
    let f = (g - x) * unit;
    let change = f - before;
    var sum = mat4x4<f32>();
    sum[0] = vec4<f32>(codeOfFour(missed), codeOfFour(z), codeOfFour(f), codeOfFour(change));
    for (var j = 0u; j < MEMORY; j += 1u) {
      sum[1u + j / 4u][j % 4u] = dot(change, columnsF[j]);
    }
    for (var j = 0u; j < MEMORY; j += 1u) {
      sum[2u + (j + 1u) / 4u][(j + 1u) % 4u] = dot(f, columnsF[j]);
    }
    sum[3][2] = dot(f, change);
    sums[thread] = sum;
    workgroupBarrier();
    var total = mat4x4<f32>();
    var bits = vec4<u32>();
    for (var other = 0u; other < THREADS; other += 1u) {
      total += sums[other];
      bits = max(bits, bitcast<vec4<u32>>(sums[other][0]));
    }
    if (any(max(bits, bitcast<vec4<u32>>(total[0])) > vec4<u32>(LARGEST_BITS))) {
      total[0] = vec4<f32>();
      for (var other = 0u; other < THREADS; other += 1u) {
        for (var index = 0u; index < 4u; index += 1u) {
          total[0][index] = joinedCodes(total[0][index], sums[other][0][index]);
        }
      }
    }

    var residual: f32;
    if (SLOPED) {
      residual = lengthIn(total[0].x);
    } else {
      residual = ratioOfLengths(total[0].x, total[0].y, sizes.epsilon);
    }
    watch = observed(watch, residual, rule);

    // The new difference replaces the oldest one. The first pass has none.
    let slot = trip % MEMORY;
    var scale = 0.0;
    let moved = lengthIn(total[0].w);
    if (trip > 0u && moved > 0.0) {
      scale = 1.0 / moved;
    }
    var right: array<f32, MEMORY>;
    for (var j = 0u; j < MEMORY; j += 1u) {
      if (j == slot) {
        columnsF[j] = scale * change;
        columnsG[j] = scale * (g - beforeG);
        gram[j * (MEMORY + 1u)] = select(scale * scale * total[0].w, 1.0, total[0].w < 0.0);
        right[j] = select(scale * total[3][2], 0.0, scale == 0.0); // total may have overflowed
      } else {
        let product = scale * total[1u + j / 4u][j % 4u];
        gram[slot * MEMORY + j] = product;
        gram[j * MEMORY + slot] = product;
        right[j] = total[2u + (j + 1u) / 4u][(j + 1u) % 4u];
      }
    }
    // The safeguard against an x at which ‖f‖ has grown too much.
    var length = lengthIn(total[0].z);
    before = f;
    beforeG = g;
    if (trip == 0u && total[0].z < 0.0) {
      unit = bitcast<f32>((254u - clamp(bitcast<u32>(length) >> 23u, 1u, 253u)) << 23u);
      length *= unit;
      before *= unit;
    }
    let hasGrown = length > GROWTH * best;
    if (best > length) {
      best = length;
      bestG = g;
    }
    plainSteps = select(plainSteps - 1.0, f32(MEMORY), hasGrown);

    var next = g;
    if (hasGrown) {
      next = bestG;
    } else if (plainSteps <= 0.0) {
      let weights = weightsOf(gram, right);
      for (var j = 0u; j < MEMORY; j += 1u) {
        next -= weights[j] * columnsG[j];
      }
    }
    // A sample that stops returns T(x) for Peaceman-Rachford, otherwise x.
    if (watch.status == STATUS_RUNNING) {
      x = next;
    } else if (METHOD == METHOD_PEACEMAN_RACHFORD) {
      x = g;
    }
  }

  for (var lane = 0u; lane < 4u; lane += 1u) {
    if (inside[lane]) {
      result[sample * n + 4u * thread + lane] = x[lane];
    }
  }
  if (thread == 0u) {
    storeWatch(state, watch);
  }
}
