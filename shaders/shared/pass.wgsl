// One pass of an iteration, in the epilogue of the product h = factor·M. Replaces product.wgsl in front of
// product-tiled.wgsl. See PassCall in iteration-kernels.ts for the parts of `carried`.
//
//   binding 0  sizes      uniform
//   binding 1  guard      uniform; nothing happens when guard.x is 0
//   binding 2  a          carried, which begins with the factor of the product, [m, n]
//   binding 3  b          M or Mᵀ, [n, n]
//   binding 4  carried    the same as a
//   binding 5  bias       b of the iteration, [m, n]
//   binding 6  step_size  [1], or absent
//   binding 7  slope      [m, n], if SLOPED
//   binding 8  result     like carried, with codes of lengths [2, tiles, m]; pass-observe.wgsl writes its state
// product-tiled.wgsl declares a and b.

struct Sizes {
  m: u32,
  n: u32,
  k: u32,
  firstRow: u32,
  endRow: u32,
  aRow: u32,
  aColumn: u32,
  bRow: u32,
  bColumn: u32,
  a0: f32,
  a1: f32,
  zero: u32,
  tiles: u32,
  // The offsets of the parts of `carried`, from passLayout in iteration-kernels.ts.
  kept: u32,
  state: u32,
  lost: u32,
  sums: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(4) var<storage, read> carried: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> step_size: array<f32>;
@group(0) @binding(7) var<storage, read> slope: array<f32>;
@group(0) @binding(8) var<storage, read_write> result: array<f32>;

fn isRunning(row: u32) -> bool {
  return carried[sizes.state + STATE_STATUS * sizes.m + row] == STATUS_RUNNING;
}

// The number of products to add up for some rows: none if all these samples have stopped.
fn depthOf(firstRow: u32, count: u32) -> u32 {
  let end = min(firstRow + count, sizes.endRow);
  var running = false;
  for (var row = firstRow; row < end && !running; row += 1u) {
    running = isRunning(row);
  }
  return select(0u, sizes.k, running);
}

// Reads four columns of one row from the part of `carried` that begins at `first`.
fn ofCarried(first: u32, at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(carried[first + at.x], carried[first + at.y], carried[first + at.z], carried[first + at.w]);
}

fn ofBias(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
}

fn ofSlope(at: vec4<u32>) -> vec4<f32> {
  if (SLOPED) {
    return vec4<f32>(slope[at.x], slope[at.y], slope[at.z], slope[at.w]);
  }
  return vec4<f32>();
}

fn storePart(first: u32, at: vec4<u32>, inside: vec4<bool>, values: vec4<f32>) {
  for (var lane = 0u; lane < 4u; lane += 1u) {
    if (inside[lane]) {
      result[first + at[lane]] = values[lane];
    }
  }
}

// Computes and stores the pass for four columns of one row, except columns past the edge. Returns the codes of their
// share of ‖z − σ(p)‖ and ‖z‖.
fn passed(row: u32, column: u32, h: vec4<f32>) -> vec2<f32> {
  if (row >= sizes.endRow || column >= sizes.n) {
    return vec2<f32>();
  }
  let columns = column + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = columns < vec4<u32>(sizes.n);
  let at = row * sizes.n + min(columns, vec4<u32>(sizes.n - 1u));
  if (!isRunning(row)) {
    storePart(sizes.kept, at, inside, ofCarried(sizes.kept, at));
    return vec2<f32>();
  }
  let alpha = select(1.0, step_size[0], METHOD != METHOD_PICARD);
  let b = ofBias(at);
  let d = ofSlope(at);
  let factor = ofCarried(0u, at);
  var lost = vec4<f32>();
  if (METHOD == METHOD_FORWARD_BACKWARD) {
    lost = ofCarried(sizes.lost, at);
  }
  let step = advanced(factor, h, b, d, alpha, lost);
  storePart(0u, at, inside, factorOf(step.next, b, d, alpha));
  if (METHOD == METHOD_PEACEMAN_RACHFORD) {
    storePart(sizes.kept, at, inside, step.next);
  } else {
    storePart(sizes.kept, at, inside, factor);
  }
  if (METHOD == METHOD_FORWARD_BACKWARD) {
    storePart(sizes.lost, at, inside, step.lost);
  }
  let missed = select(vec4<f32>(), step.missed, inside);
  let z = select(vec4<f32>(), step.z, inside);
  return vec2<f32>(codeOfFour(missed), codeOfFour(z));
}

// Stores the codes of one row for the columns of a tile.
fn storeSums(row: u32, tile: u32, sums: vec2<f32>) {
  if (row < sizes.endRow && tile < sizes.tiles) {
    let at = sizes.sums + tile * sizes.m + row;
    result[at] = sums.x;
    result[at + sizes.tiles * sizes.m] = sums.y;
  }
}
