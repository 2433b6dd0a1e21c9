// What the kernels of cones share. Goes after numbers.wgsl and functions.wgsl.

struct Sizes {
  columns: u32,
  start: u32, // the first column of the first block
  size: u32, //  the numbers of a block
  count: u32, // the blocks of a row
  first: u32,
  end: u32,
  share: f32,
  alpha: f32,
  hasSharedTolerance: u32,
  hasShares: u32,
  order: u32, // of psd
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> h: array<f32>;
@group(0) @binding(4) var<storage, read> tolerances: array<f32>;
@group(0) @binding(5) var<storage, read> shares: array<f32>;
@group(0) @binding(6) var<storage, read_write> result: array<f32>;

// The place of the type in CONE_TYPES.
override OPERATION: u32 = 0u;
override DERIVATIVE: bool = false;

struct Block {
  row: u32,
  at: u32, // where its first number is
}

fn blockOf(unit: u32) -> Block {
  let row = unit / sizes.count;
  return Block(row, row * sizes.columns + sizes.start + (unit % sizes.count) * sizes.size);
}

fn toleranceOf(block: Block) -> f32 {
  return tolerances[select(block.row, 0u, sizes.hasSharedTolerance != 0u)];
}

fn shareOf(block: Block) -> f32 {
  if (sizes.hasShares != 0u) {
    return shares[block.at];
  }
  return sizes.share;
}

// 1 for v > 0, 0 for v < 0, q within the tolerance of 0.
fn step(v: f32, tolerance: f32, q: f32) -> f32 {
  return select(select(q, 0.0, v < -tolerance), 1.0, v > tolerance);
}

// The exponent e of the largest size of a block: v·2⁻ᵉ neither overflows nor underflows when it is squared.
fn exponentOf(size: f32) -> i32 {
  return clamp(i32((bitcast<u32>(size) >> 23u) & 0xffu) - 127, -126, 126);
}
