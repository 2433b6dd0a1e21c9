// What whole loops for groups of samples have in common: see GroupedLoopCall in iteration-kernels.ts. Goes before the
// kernels, which bind three operands of their own, 4 to 6.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  carried    the vectors [batch, n], followed by the state [5, batch]; not read if CONTINUED
//   binding 3  matrices   the matrix of each group, [groups·n, 4·THREADS]
//   binding 7  tolerance  [batch]
//   binding 8  floors     [batch]
//   binding 9  result     begins with the parts of carried
// An invocation has four columns of four samples of a group. A column of a mat4x4 belongs to one of these columns, and a
// vec4 holds one number for each sample.

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
@group(0) @binding(7) var<storage, read> tolerance: array<f32>;
@group(0) @binding(8) var<storage, read> floors: array<f32>;
@group(0) @binding(9) var<storage, read_write> result: array<f32>;

override ACCELERATED: bool = true;
override THREADS: u32 = 32u;

const SAMPLES = 4u; // in a workgroup

var<workgroup> factors: array<vec4<f32>, 4u * THREADS>; // the left factors of the products, by columns

fn stateAt(sample: u32) -> u32 {
  return sizes.batch * sizes.n + sample;
}

fn areNaN(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

// One row of a matrix, restricted to the columns of this invocation. Rows past the last one are multiplied by zeros.
fn rowOfMatrix(first: u32, k: u32, thread: u32) -> vec4<f32> {
  return matrices[(first + min(k, sizes.n - 1u)) * THREADS + thread];
}

// The product of `factors` with the matrix whose first row is `first`, restricted to the columns of this invocation.
fn productOf(first: u32, thread: u32) -> mat4x4<f32> {
  var product = mat4x4<f32>();
  for (var k = 0u; k < sizes.n; k += 4u) {
    let w = mat4x4<f32>(factors[k], factors[k + 1u], factors[k + 2u], factors[k + 3u]);
    let m = mat4x4<f32>(
      rowOfMatrix(first, k, thread),
      rowOfMatrix(first, k + 1u, thread),
      rowOfMatrix(first, k + 2u, thread),
      rowOfMatrix(first, k + 3u, thread),
    );
    product += w * transpose(m);
  }
  return product;
}

// The workgroups that a group of samples takes.
fn shareOfGroup() -> u32 {
  return (sizes.batch / sizes.groups + SAMPLES - 1u) / SAMPLES;
}

// When a sample stops.
fn ruleOf(sample: u32) -> Rule {
  return Rule(tolerance[sample], floors[sample], sizes.staleLimit, sizes.giveUp != 0u, 1.0);
}
