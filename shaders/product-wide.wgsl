// Product for large matrices on GPUs. A workgroup of 16 × 16 invocations computes a block of 128 × 128 numbers of C; an
// invocation computes 8 × 8 of them. The workgroup proceeds along k in slices of 16, which it loads into workgroup
// memory. See shared/product.wgsl for the bindings and the formula. Operands are read as vectors of four numbers: k is
// a multiple of 4, and so is m if A is stored by columns, and n if B is stored by rows.

@group(0) @binding(2) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;

override A_ALONG_K: bool = true;
override B_ALONG_K: bool = true;

const GROUPS = 32u; // groups of four rows, or columns, in a block
const DEPTH = 16u;
const SLICE = DEPTH * GROUPS;

// [l][group of four rows], followed by [l][group of four columns].
var<workgroup> slices: array<vec4<f32>, 2u * SLICE>;

// The order of the groups changes with every four l, so that neighbouring invocations store to different memory banks.
fn place(l: u32, group: u32) -> u32 {
  return l * GROUPS + (group ^ (l / 4u * 2u));
}

// The columns of the matrix belong to l … l + 3; each holds four rows of op(A). Rows past the last one are not stored
// in the end.
fn blockOfA(row: u32, l: u32) -> mat4x4<f32> {
  if (A_ALONG_K) {
    let starts = min(row + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.endRow - 1u)) * (sizes.k / 4u) + l / 4u;
    return transpose(mat4x4<f32>(a[starts.x], a[starts.y], a[starts.z], a[starts.w]));
  }
  let length = sizes.m / 4u;
  let at = l * length + min(row, sizes.m - 1u) / 4u;
  return mat4x4<f32>(a[at], a[at + length], a[at + 2u * length], a[at + 3u * length]);
}

// The same for op(B): each column of the matrix holds four columns of op(B).
fn blockOfB(column: u32, l: u32) -> mat4x4<f32> {
  if (B_ALONG_K) {
    let starts = min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.n - 1u)) * (sizes.k / 4u) + l / 4u;
    return transpose(mat4x4<f32>(b[starts.x], b[starts.y], b[starts.z], b[starts.w]));
  }
  let length = sizes.n / 4u;
  let at = l * length + min(column, sizes.n - 1u) / 4u;
  return mat4x4<f32>(b[at], b[at + length], b[at + 2u * length], b[at + 3u * length]);
}

// Stores four 4 × 4 blocks at a distance `apart`: upper left and right, lower left and right. Each column of a matrix
// is a row of C. There is only one loop, so that the epilogue is compiled once.
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
  // The first half of the invocations loads A, the other half B. Each loads a 4 × 4 block, and neighbours load adjacent
  // blocks.
  let loadsA = invocation < 128u;
  let index = invocation % 128u;
  var group = index / 4u;
  var depth = index % 4u * 4u;
  if ((loadsA && !A_ALONG_K) || (!loadsA && !B_ALONG_K)) {
    group = index % GROUPS;
    depth = index / GROUPS * 4u;
  }
  let start = select(SLICE, 0u, loadsA);
  // The four blocks of results of an invocation; each column of a matrix is a row of C.
  var upperLeft = mat4x4<f32>();
  var upperRight = mat4x4<f32>();
  var lowerLeft = mat4x4<f32>();
  var lowerRight = mat4x4<f32>();
  // Each slice is loaded while the previous one is used.
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
