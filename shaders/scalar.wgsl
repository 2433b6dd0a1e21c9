// Formulas on a few numbers per sample.
//
//   binding 0     sizes     uniform
//   binding 1     guard     uniform; nothing happens when guard.x is 0
//   binding 2–5   o0 … o3   [batch], or one number where the operand's bit is set in SHARED; o0 of monitor is [5, batch]
//   binding 6     result    [batch], of monitor [5, batch]
// An operand whose bit is set in IN_PLACE is the result's own storage.
//
//   ratio         o1 ≠ 0 ? o0 / o1 : 0
//   ratioProduct  o1·o3 ≠ 0 ? (o0 / o1)·(o2 / o3) : 0
//   monitor       the next state of the samples that still run; see STATE_ROWS in kernels.ts

struct Sizes {
  batch: u32,
  p0: f32,
  p1: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> o0: array<f32>;
@group(0) @binding(3) var<storage, read> o1: array<f32>;
@group(0) @binding(4) var<storage, read> o2: array<f32>;
@group(0) @binding(5) var<storage, read> o3: array<f32>;
@group(0) @binding(6) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = 0u;
override SHARED: u32 = 0u;
override IN_PLACE: u32 = 0u;

const WIDTH = 64u;

// The order of SCALARS in kernels.ts.
const RATIO = 0u;
const RATIO_PRODUCT = 1u;
const MONITOR = 2u;

// STATUS in kernels.ts.
const RUNNING = 0.0;
const CONVERGED = 1.0;
const STALLED = 2.0;
const DIVERGED = 3.0;
const GAVE_UP = 4.0;

const INFINITY_BITS = 0x7f800000u;

fn place(operand: u32, sample: u32) -> u32 {
  return select(sample, 0u, (SHARED & (1u << operand)) != 0u);
}

fn operand0(at: u32) -> f32 {
  if ((IN_PLACE & 1u) != 0u) {
    return result[at];
  }
  return o0[at];
}

fn operand1(sample: u32) -> f32 {
  if ((IN_PLACE & 2u) != 0u) {
    return result[sample];
  }
  return o1[place(1u, sample)];
}

fn operand2(sample: u32) -> f32 {
  if ((IN_PLACE & 4u) != 0u) {
    return result[sample];
  }
  return o2[place(2u, sample)];
}

fn operand3(sample: u32) -> f32 {
  if ((IN_PLACE & 8u) != 0u) {
    return result[sample];
  }
  return o3[place(3u, sample)];
}

fn statusAfter(residual: f32, stale: f32, sample: u32) -> f32 {
  // NaN and Inf are told by their bits: a compiler may assume that they do not occur.
  if ((bitcast<u32>(residual) & INFINITY_BITS) == INFINITY_BITS || residual > 1.0e30) {
    return DIVERGED;
  }
  if (residual <= operand2(sample)) {
    return CONVERGED;
  }
  if (stale < sizes.p0) {
    return RUNNING;
  }
  if (residual <= 4.0 * operand3(sample)) {
    return STALLED;
  }
  return select(RUNNING, GAVE_UP, sizes.p1 != 0.0);
}

fn monitor(sample: u32) {
  let batch = sizes.batch;
  let status = operand0(sample);
  let iterations = operand0(batch + sample);
  let previous = operand0(2u * batch + sample);
  let best = operand0(3u * batch + sample);
  let staleBefore = operand0(4u * batch + sample);
  if (status != RUNNING) {
    result[sample] = status;
    result[batch + sample] = iterations;
    result[2u * batch + sample] = previous;
    result[3u * batch + sample] = best;
    result[4u * batch + sample] = staleBefore;
    return;
  }
  let residual = operand1(sample);
  // An infinite best (no residual seen yet) is larger than every finite residual. The order of nonnegative numbers is
  // that of their bits.
  let noBest = bitcast<u32>(best) == INFINITY_BITS;
  let improved = noBest || residual < 0.9 * best;
  let stale = select(staleBefore + 1.0, 0.0, improved);
  let isNaN = (bitcast<u32>(residual) & 0x7fffffffu) > INFINITY_BITS;
  result[sample] = statusAfter(residual, stale, sample);
  result[batch + sample] = iterations + 1.0;
  result[2u * batch + sample] = residual;
  if (noBest || isNaN || residual < best) {
    result[3u * batch + sample] = residual;
  } else {
    result[3u * batch + sample] = best;
  }
  result[4u * batch + sample] = stale;
}

fn ratio(x: f32, y: f32) -> f32 {
  if (y == 0.0) {
    return 0.0;
  }
  return x / y;
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let sample = id.y * groups.x * WIDTH + id.x;
  if (sample >= sizes.batch) {
    return;
  }
  switch (OPERATION) {
    case RATIO: {
      result[sample] = ratio(operand0(place(0u, sample)), operand1(sample));
    }
    case RATIO_PRODUCT: {
      let left = ratio(operand0(place(0u, sample)), operand1(sample));
      let right = ratio(operand2(sample), operand3(sample));
      result[sample] = left * right;
    }
    default: {
      monitor(sample);
    }
  }
}
