// Bindings of the kernels that are a whole loop: see IterateCall in iteration-kernels.ts.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  carried    x [batch, n], followed by the state [5, batch]; not read if CONTINUED
//   binding 3  matrix     M [n, 4·stride]
//   binding 4  b          [batch, n]
//   binding 5  step_size  [1], or absent
//   binding 6  tolerance  [batch] or [1]
//   binding 7  floors     [batch] or [1]
//   binding 8  slope      [batch, n], if SLOPED
//   binding 9  result     has the parts of carried

struct Sizes {
  trips: u32, // the largest number of iterations of this dispatch
  batch: u32,
  n: u32,
  stride: u32, // the length of a row of M, in vectors of four
  sharedTolerance: u32,
  sharedFloor: u32,
  giveUp: u32,
  staleLimit: f32,
  epsilon: f32,
  a0: f32,
  a1: f32,
  zero: u32,
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

override THREADS: u32 = 32u; // invocations in a workgroup; each has four columns

// One row of M, restricted to the columns of this invocation. Rows past the last one are multiplied by zeros.
fn rowOfM(k: u32, thread: u32) -> vec4<f32> {
  return matrix[min(k, sizes.n - 1u) * sizes.stride + thread];
}

// When a sample stops.
fn ruleOf(sample: u32) -> Rule {
  let tolerated = tolerance[select(sample, 0u, sizes.sharedTolerance != 0u)];
  let lowest = floors[select(sample, 0u, sizes.sharedFloor != 0u)];
  return Rule(tolerated, lowest, sizes.staleLimit, sizes.giveUp != 0u, 1.0);
}
