// The state of the samples after a pass: see ObserveCall in kernels.ts, and shared/monitor.wgsl for the rule.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  state      [5, batch]
//   binding 3  carried    at `sums` of it [2, tiles, batch]: ‖z − σ(p)‖² and ‖z‖² over the columns of each tile
//   binding 4  tolerance  [batch] or [1]
//   binding 5  floors     [batch] or [1]
//   binding 6  result     [5, batch]

struct Sizes {
  batch: u32,
  sums: u32,
  tiles: u32,
  sharedTolerance: u32,
  sharedFloor: u32,
  giveUp: u32,
  relative: u32,
  staleLimit: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> state: array<f32>;
@group(0) @binding(3) var<storage, read> carried: array<f32>;
@group(0) @binding(4) var<storage, read> tolerance: array<f32>;
@group(0) @binding(5) var<storage, read> floors: array<f32>;
@group(0) @binding(6) var<storage, read_write> result: array<f32>;

const WIDTH = 64u;

fn residualOf(sample: u32) -> f32 {
  let batch = sizes.batch;
  var missed = 0.0;
  var size = 0.0;
  for (var tile = 0u; tile < sizes.tiles; tile += 1u) {
    let at = sizes.sums + tile * batch + sample;
    missed += carried[at];
    size += carried[at + sizes.tiles * batch];
  }
  return sqrt(missed) / select(1.0, sizes.epsilon + sqrt(size), sizes.relative != 0u);
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
  var watch = Watch(
    state[sample],
    state[batch + sample],
    state[2u * batch + sample],
    state[3u * batch + sample],
    state[4u * batch + sample],
  );
  if (watch.status == RUNNING) {
    let tolerated = tolerance[select(sample, 0u, sizes.sharedTolerance != 0u)];
    let lowest = floors[select(sample, 0u, sizes.sharedFloor != 0u)];
    watch = observed(watch, residualOf(sample), Rule(tolerated, lowest, sizes.staleLimit, sizes.giveUp != 0u));
  }
  result[sample] = watch.status;
  result[batch + sample] = watch.iterations;
  result[2u * batch + sample] = watch.residual;
  result[3u * batch + sample] = watch.best;
  result[4u * batch + sample] = watch.stale;
}
