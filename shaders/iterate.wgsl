// A whole loop of a solver in one dispatch. Samples do not depend on one another: a workgroup holds eight of them, their
// vectors in workgroup memory, reads M through the cache, and iterates until all eight have stopped.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  carried    x [batch, n], behind it the state [5, batch]; not read where CONTINUED
//   binding 3  matrix     M [n, 4·stride]
//   binding 4  b          [batch, n]
//   binding 5  step_size  [1], or absent
//   binding 6  tolerance  [batch] or [1]
//   binding 7  floors     [batch] or [1]
//   binding 8  slope      [batch, n] where SLOPED
//   binding 9  result     as carried
// The formulas are those of ITERATIONS and IterateCall in kernels.ts. An invocation has four columns of all eight samples;
// a vec4 holds a number of four samples: `upper` is of samples 0 to 3, `lower` of 4 to 7.

struct Sizes {
  batch: u32,
  n: u32,
  stride: u32, // of M, in vectors of four
  trips: u32,
  sharedTolerance: u32,
  sharedFloor: u32,
  giveUp: u32,
  staleLimit: f32,
  epsilon: f32,
  a0: f32,
  a1: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> carried: array<f32>;
@group(0) @binding(3) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read> step_size: array<f32>;
@group(0) @binding(6) var<storage, read> tolerance: array<f32>;
@group(0) @binding(7) var<storage, read> floors: array<f32>;
@group(0) @binding(8) var<storage, read> slope: array<f32>;
@group(0) @binding(9) var<storage, read_write> result: array<f32>;

override METHOD: u32 = 0u;
override SLOPED: bool = false;
override CONTINUED: bool = false;
override THREADS: u32 = 32u;

// The order of ITERATIONS in kernels.ts.
const PICARD = 0u;

// STATUS in kernels.ts.
const RUNNING = 0.0;
const CONVERGED = 1.0;
const STALLED = 2.0;
const DIVERGED = 3.0;
const GAVE_UP = 4.0;

const INFINITY_BITS = 0x7f800000u;

var<workgroup> upper: array<vec4<f32>, 4u * THREADS>; // what M is multiplied with, by columns
var<workgroup> lower: array<vec4<f32>, 4u * THREADS>;
var<workgroup> sums: array<vec4<f32>, 4u * THREADS>; // of each invocation: ‖z − σ(p)‖², ‖z‖²
var<workgroup> totals: array<vec4<f32>, 4>;
var<workgroup> status: array<vec4<f32>, 2>; // of the samples
var<workgroup> runs: u32; // whether one of them is running

var<private> firstRow: u32;

fn carriedAt(at: u32) -> f32 {
  if (CONTINUED) {
    return result[at];
  }
  return carried[at];
}

// Samples past the last one repeat it, and have stopped.
fn row(half: u32, lane: u32) -> u32 {
  return min(firstRow + 4u * half + lane, sizes.batch - 1u);
}

// One column of four samples.
fn ofX(half: u32, column: u32) -> vec4<f32> {
  let n = sizes.n;
  return vec4<f32>(
    carriedAt(row(half, 0u) * n + column),
    carriedAt(row(half, 1u) * n + column),
    carriedAt(row(half, 2u) * n + column),
    carriedAt(row(half, 3u) * n + column),
  );
}

fn ofB(half: u32, column: u32) -> vec4<f32> {
  let n = sizes.n;
  return vec4<f32>(
    b[row(half, 0u) * n + column],
    b[row(half, 1u) * n + column],
    b[row(half, 2u) * n + column],
    b[row(half, 3u) * n + column],
  );
}

fn ofSlope(half: u32, column: u32) -> vec4<f32> {
  let n = sizes.n;
  return vec4<f32>(
    slope[row(half, 0u) * n + column],
    slope[row(half, 1u) * n + column],
    slope[row(half, 2u) * n + column],
    slope[row(half, 3u) * n + column],
  );
}

fn ofState(field: u32, half: u32) -> vec4<f32> {
  let start = sizes.batch * sizes.n + field * sizes.batch;
  return vec4<f32>(
    carriedAt(start + row(half, 0u)),
    carriedAt(start + row(half, 1u)),
    carriedAt(start + row(half, 2u)),
    carriedAt(start + row(half, 3u)),
  );
}

// σ(p) of one column; d is its slope where SLOPED.
fn sigma(p: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  if (SLOPED) {
    return d * p;
  }
  let parameters = vec2<f32>(sizes.a0, sizes.a1);
  return vec4<f32>(
    activation(p.x, parameters),
    activation(p.y, parameters),
    activation(p.z, parameters),
    activation(p.w, parameters),
  );
}

fn proximals(x: vec4<f32>, d: vec4<f32>, alpha: f32) -> vec4<f32> {
  if (SLOPED) {
    return d / (d + alpha * (1.0 - d)) * x;
  }
  let parameters = vec2<f32>(sizes.a0, sizes.a1);
  return vec4<f32>(
    proximal(x.x, alpha, parameters),
    proximal(x.y, alpha, parameters),
    proximal(x.z, alpha, parameters),
    proximal(x.w, alpha, parameters),
  );
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
  for (var k = 0u; k < sizes.n; k += 1u) {
    let m = matrix[k * sizes.stride + thread];
    let x = upper[k];
    let y = lower[k];
    u0 += m.x * x;
    u1 += m.y * x;
    u2 += m.z * x;
    u3 += m.w * x;
    l0 += m.x * y;
    l1 += m.y * y;
    l2 += m.z * y;
    l3 += m.w * y;
  }
  return Product(array<vec4<f32>, 4>(u0, u1, u2, u3), array<vec4<f32>, 4>(l0, l1, l2, l3));
}

// What the monitor keeps of four samples, besides their status.
struct Watch {
  iterations: vec4<f32>,
  residual: vec4<f32>,
  best: vec4<f32>,
  stale: vec4<f32>,
}

fn watchOf(half: u32) -> Watch {
  return Watch(ofState(1u, half), ofState(2u, half), ofState(3u, half), ofState(4u, half));
}

fn tolerated(at: u32) -> f32 {
  return tolerance[select(at, 0u, sizes.sharedTolerance != 0u)];
}

fn floorOf(at: u32) -> f32 {
  return floors[select(at, 0u, sizes.sharedFloor != 0u)];
}

fn statusAfter(residual: f32, stale: f32, at: u32) -> f32 {
  // NaN and Inf are told by their bits: a compiler may assume that they do not occur.
  if ((bitcast<u32>(residual) & INFINITY_BITS) == INFINITY_BITS || residual > 1.0e30) {
    return DIVERGED;
  }
  if (residual <= tolerated(at)) {
    return CONVERGED;
  }
  if (stale < sizes.staleLimit) {
    return RUNNING;
  }
  if (residual <= 4.0 * floorOf(at)) {
    return STALLED;
  }
  return select(RUNNING, GAVE_UP, sizes.giveUp != 0u);
}

// The rule of `monitor` for four samples with these sums.
fn observe(half: u32, missed: vec4<f32>, size: vec4<f32>, watch: ptr<function, Watch>) {
  var after = status[half];
  for (var lane = 0u; lane < 4u; lane += 1u) {
    if (after[lane] != RUNNING) {
      continue;
    }
    var residual = sqrt(missed[lane]);
    if (!SLOPED) {
      residual /= sizes.epsilon + sqrt(size[lane]);
    }
    let stale = select((*watch).stale[lane] + 1.0, 0.0, residual < 0.9 * (*watch).best[lane]);
    (*watch).iterations[lane] += 1.0;
    (*watch).residual[lane] = residual;
    (*watch).best[lane] = min((*watch).best[lane], residual);
    (*watch).stale[lane] = stale;
    after[lane] = statusAfter(residual, stale, row(half, lane));
  }
  status[half] = after;
}

fn storeState(half: u32, watch: Watch) {
  let start = sizes.batch * sizes.n;
  for (var lane = 0u; lane < 4u; lane += 1u) {
    let at = firstRow + 4u * half + lane;
    if (at < sizes.batch) {
      result[start + at] = status[half][lane];
      result[start + sizes.batch + at] = watch.iterations[lane];
      result[start + 2u * sizes.batch + at] = watch.residual[lane];
      result[start + 3u * sizes.batch + at] = watch.best[lane];
      result[start + 4u * sizes.batch + at] = watch.stale[lane];
    }
  }
}

fn initialStatus(half: u32) -> vec4<f32> {
  let first = firstRow + 4u * half;
  let beyond = vec4<u32>(first, first + 1u, first + 2u, first + 3u) >= vec4<u32>(sizes.batch);
  return select(ofState(0u, half), vec4<f32>(CONVERGED), beyond);
}

fn anyRunning() -> u32 {
  return select(0u, 1u, any(status[0] == vec4<f32>(RUNNING)) || any(status[1] == vec4<f32>(RUNNING)));
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
  let first = 8u * (group.y * groups.x + group.x);
  if (first >= sizes.batch) {
    return;
  }
  firstRow = first;
  var watchUpper: Watch;
  var watchLower: Watch;
  if (thread == 0u) {
    watchUpper = watchOf(0u);
    watchLower = watchOf(1u);
    status[0] = initialStatus(0u);
    status[1] = initialStatus(1u);
    runs = anyRunning();
  }
  let firstColumn = 4u * thread;
  let alpha = select(1.0, step_size[0], METHOD != PICARD);
  // x of this invocation's columns, upper and lower samples by turns; b and the slope beside it.
  var x: array<vec4<f32>, 8>;
  var bias: array<vec4<f32>, 8>;
  var slopes: array<vec4<f32>, 8>;
  for (var index = 0u; index < 8u; index += 1u) {
    let column = firstColumn + index / 2u;
    if (column < sizes.n) {
      x[index] = ofX(index & 1u, column);
      bias[index] = ofB(index & 1u, column);
      if (SLOPED) {
        slopes[index] = ofSlope(index & 1u, column);
      }
    }
  }
  for (var trip = 0u; trip < sizes.trips; trip += 1u) {
    if (workgroupUniformLoad(&runs) == 0u) {
      break;
    }
    let before = array<vec4<f32>, 2>(status[0], status[1]);
    // What is multiplied: of picard x, of Peaceman-Rachford q.
    for (var index = 0u; index < 8u; index += 1u) {
      var factor = x[index];
      if (METHOD != PICARD) {
        factor = 2.0 * proximals(x[index], slopes[index], alpha) - x[index] + alpha * bias[index];
      }
      if ((index & 1u) == 0u) {
        upper[firstColumn + index / 2u] = factor;
      } else {
        lower[firstColumn + index / 2u] = factor;
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
        var z = x[index];
        var p = h + bias[index];
        if (METHOD != PICARD) {
          let q = select(lower[column], upper[column], half == 0u);
          z = h;
          p = (1.0 + 1.0 / alpha) * h - q / alpha + bias[index];
          next[index] = 2.0 * h - q + alpha * bias[index];
        }
        let value = sigma(p, slopes[index]);
        if (METHOD == PICARD) {
          next[index] = value;
        }
        missed[half] += (z - value) * (z - value);
        size[half] += z * z;
      }
    }
    sums[thread] = missed[0];
    sums[THREADS + thread] = missed[1];
    sums[2u * THREADS + thread] = size[0];
    sums[3u * THREADS + thread] = size[1];
    workgroupBarrier();
    for (var quantity = thread; quantity < 4u; quantity += THREADS) {
      var total = vec4<f32>();
      for (var other = 0u; other < THREADS; other += 1u) {
        total += sums[quantity * THREADS + other];
      }
      totals[quantity] = total;
    }
    workgroupBarrier();
    if (thread == 0u) {
      observe(0u, totals[0], totals[2], &watchUpper);
      observe(1u, totals[1], totals[3], &watchLower);
      runs = anyRunning();
    }
    workgroupBarrier();
    for (var index = 0u; index < 8u; index += 1u) {
      let half = index & 1u;
      // A sample that stops keeps x of picard, T(x) of Peaceman-Rachford.
      var state = before[half];
      if (METHOD == PICARD) {
        state = status[half];
      }
      x[index] = select(x[index], next[index], state == vec4<f32>(RUNNING));
    }
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
  if (thread == 0u) {
    storeState(0u, watchUpper);
    storeState(1u, watchLower);
  }
}
