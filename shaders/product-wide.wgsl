// Product, form for large products on GPUs: a workgroup of 16 × 16 invocations computes a block of 128 × 128 of C, and goes
// along k in slices of 16 that it keeps in workgroup memory; each invocation holds 8 × 8 results. See shared/product.wgsl
// for the bindings and the formula. Operands are read in vectors of four: k is a multiple of 4, and so is m where A is
// stored by columns, n where B is stored by rows.

@group(0) @binding(2) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;

override A_ALONG_K: bool = true;
override B_ALONG_K: bool = true;

const GROUPS = 32u; // of four rows, or columns, in a block
const DEPTH = 16u;
const SLICE = DEPTH * GROUPS;

// [l][group of four rows], behind it [l][group of four columns].
var<workgroup> slices: array<vec4<f32>, 2u * SLICE>;

// Groups are put in another order for each four l, so that the invocations that store side by side do not meet in one memory bank.
fn place(l: u32, group: u32) -> u32 {
  return l * GROUPS + (group ^ (l / 4u * 2u));
}

// Columns of the matrix: l … l + 3; each holds four rows of op(A). What lies past the last row is not stored in the end.
fn blockOfA(row: u32, l: u32) -> mat4x4<f32> {
  if (A_ALONG_K) {
    let starts = min(row + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.endRow - 1u)) * (sizes.k / 4u) + l / 4u;
    return transpose(mat4x4<f32>(a[starts.x], a[starts.y], a[starts.z], a[starts.w]));
  }
  let length = sizes.m / 4u;
  let at = l * length + min(row, sizes.m - 1u) / 4u;
  return mat4x4<f32>(a[at], a[at + length], a[at + 2u * length], a[at + 3u * length]);
}

// The same of op(B), each with four columns of it.
fn blockOfB(column: u32, l: u32) -> mat4x4<f32> {
  if (B_ALONG_K) {
    let starts = min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.n - 1u)) * (sizes.k / 4u) + l / 4u;
    return transpose(mat4x4<f32>(b[starts.x], b[starts.y], b[starts.z], b[starts.w]));
  }
  let length = sizes.n / 4u;
  let at = l * length + min(column, sizes.n - 1u) / 4u;
  return mat4x4<f32>(b[at], b[at + length], b[at + 2u * length], b[at + 3u * length]);
}

// Stores four blocks of 4 × 4 that lie `apart` from one another: above, left and right, and below; a column of each matrix
// is a row of C. One loop, so that the epilogue is compiled once.
fn storeBlocks(row: u32, column: u32, apart: u32, blocks: array<mat4x4<f32>, 4>) {
  var results = blocks;
  for (var index = 0u; index < 16u; index += 1u) {
    let block = index / 4u;
    storeRow(row + block / 2u * apart + index % 4u, column + block % 2u * apart, results[block][index % 4u]);
  }
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) invocation: u32,
  @builtin(workgroup_id) block: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  let firstRow = sizes.firstRow + block.y * GROUPS * 4u;
  let firstColumn = block.x * GROUPS * 4u;
  // The first half of the invocations loads A, the other B, each a block of 4 × 4: neighbours what is stored side by side.
  let loadsA = invocation < 128u;
  let index = invocation % 128u;
  var group = index / 4u;
  var depth = index % 4u * 4u;
  if ((loadsA && !A_ALONG_K) || (!loadsA && !B_ALONG_K)) {
    group = index % GROUPS;
    depth = index / GROUPS * 4u;
  }
  let start = select(SLICE, 0u, loadsA);
  // The four groups of results of an invocation; each column of a matrix is a row of C.
  var upperLeft = mat4x4<f32>();
  var upperRight = mat4x4<f32>();
  var lowerLeft = mat4x4<f32>();
  var lowerRight = mat4x4<f32>();
  // Each slice is loaded while the one before it is used.
  for (var done = 0u; done < sizes.k + DEPTH; done += DEPTH) {
    let l = done + depth;
    var next = mat4x4<f32>();
    if (l < sizes.k) {
      if (loadsA) {
        next = blockOfA(firstRow + group * 4u, l);
      } else {
        next = blockOfB(firstColumn + group * 4u, l);
      }
    }
    if (done > 0u) {
      for (var at = 0u; at < DEPTH; at += 1u) {
        let upper = slices[place(at, local.y)];
        let lower = slices[place(at, local.y + 16u)];
        let left = slices[SLICE + place(at, local.x)];
        let right = slices[SLICE + place(at, local.x + 16u)];
        upperLeft += outer(upper, left);
        upperRight += outer(upper, right);
        lowerLeft += outer(lower, left);
        lowerRight += outer(lower, right);
      }
    }
    workgroupBarrier();
    slices[start + place(depth, group)] = next[0];
    slices[start + place(depth + 1u, group)] = next[1];
    slices[start + place(depth + 2u, group)] = next[2];
    slices[start + place(depth + 3u, group)] = next[3];
    workgroupBarrier();
  }
  let results = array<mat4x4<f32>, 4>(upperLeft, upperRight, lowerLeft, lowerRight);
  storeBlocks(firstRow + local.y * 4u, firstColumn + local.x * 4u, 64u, results);
}
