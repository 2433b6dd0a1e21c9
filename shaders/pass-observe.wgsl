// Computes the state of the samples after a pass: see PassCall in iteration-kernels.ts, and shared/monitor.wgsl for the
// rule.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  carried    contains the state before the pass
//   binding 3  tolerance  [batch] or [1]
//   binding 4  floors     [batch] or [1]
//   binding 5  result     receives the state; contains codes of ‖z − σ(p)‖ and ‖z‖ for each tile, [2, tiles, batch]

struct Sizes {
  batch: u32,
  n: u32,
  tiles: u32,
  sharedTolerance: u32,
  sharedFloor: u32,
  giveUp: u32,
  staleLimit: f32,
  epsilon: f32,
  a0: f32,
  a1: f32,
  zero: u32,
  // The offsets of these parts of `carried`, from passLayout in iteration-kernels.ts.
  state: u32,
  sums: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> carried: array<f32>;
@group(0) @binding(3) var<storage, read> tolerance: array<f32>;
@group(0) @binding(4) var<storage, read> floors: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

const WIDTH = 64u;

fn residualOf(sample: u32) -> f32 {
  let batch = sizes.batch;
  var missed = 0.0;
  var size = 0.0;
  for (var tile = 0u; tile < sizes.tiles; tile += 1u) {
    let at = sizes.sums + tile * batch + sample;
    missed = joinedCodes(missed, result[at]);
    size = joinedCodes(size, result[at + sizes.tiles * batch]);
  }
  if (SLOPED) {
    return lengthIn(missed);
  }
  return ratioOfLengths(missed, size, sizes.epsilon);
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let batch = sizes.batch;
  let sample = id.y * groups.x * WIDTH + id.x;
  if (sample >= batch) {
    return;
  }
  let at = sizes.state + sample;
  var watch = watchAt(at);
  if (watch.status == STATUS_RUNNING) {
    let tolerated = tolerance[select(sample, 0u, sizes.sharedTolerance != 0u)];
    let lowest = floors[select(sample, 0u, sizes.sharedFloor != 0u)];
    watch = observed(watch, residualOf(sample), Rule(tolerated, lowest, sizes.staleLimit, sizes.giveUp != 0u, 1.0));
  }
  storeWatch(at, watch);
}
