// Formulas on a few numbers per sample.
//
//   binding 0     sizes     uniform
//   binding 1     guard     uniform; nothing happens when guard.x is 0
//   binding 2–5   o0 … o3   [batch], or one number if its bit is set in SHARED; o0 of monitor is [5, batch]
//   binding 6     result    [batch], or [5, batch] for monitor
// An operand whose bit is set in IN_PLACE is in the storage of the result.
//
//   ratio         o0 / o1; 0 if o1 is 0; NaN if o0 is NaN or o1 is not finite
//   ratioProduct  ratio(o0, o1)·ratio(o2, o3)
//   monitor       the next state of each running sample; see shared/monitor.wgsl

struct Sizes {
  batch: u32,
  p0: f32,
  p1: f32,
  p2: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> o0: array<f32>;
@group(0) @binding(3) var<storage, read> o1: array<f32>;
@group(0) @binding(4) var<storage, read> o2: array<f32>;
@group(0) @binding(5) var<storage, read> o3: array<f32>;
@group(0) @binding(6) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = OPERATION_RATIO;
override SHARED: u32 = 0u;
override IN_PLACE: u32 = 0u;

const WIDTH = 64u;

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

fn monitor(sample: u32) {
  let batch = sizes.batch;
  var watch = Watch(
    operand0(STATE_STATUS * batch + sample),
    operand0(STATE_REMAINING * batch + sample),
    operand0(STATE_RESIDUAL * batch + sample),
    operand0(STATE_BEST * batch + sample),
    operand0(STATE_STALE * batch + sample),
  );
  if (watch.status == STATUS_RUNNING) {
    let rule = Rule(operand2(sample), operand3(sample), sizes.p0, sizes.p1 != 0.0, sizes.p2);
    watch = observed(watch, operand1(sample), rule);
  }
  result[STATE_STATUS * batch + sample] = watch.status;
  result[STATE_REMAINING * batch + sample] = watch.remaining;
  result[STATE_RESIDUAL * batch + sample] = watch.residual;
  result[STATE_BEST * batch + sample] = watch.best;
  result[STATE_STALE * batch + sample] = watch.stale;
}

fn ratio(x: f32, y: f32) -> f32 {
  if (!isNumber(y)) {
    return notANumber(y);
  }
  return unlessNaN(x, select(x / y, 0.0, y == 0.0));
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
    case OPERATION_RATIO: {
      result[sample] = ratio(operand0(place(0u, sample)), operand1(sample));
    }
    case OPERATION_RATIO_PRODUCT: {
      let left = ratio(operand0(place(0u, sample)), operand1(sample));
      let right = ratio(operand2(sample), operand3(sample));
      result[sample] = left * right;
    }
    case OPERATION_MONITOR: {
      monitor(sample);
    }
    default: {}
  }
}
