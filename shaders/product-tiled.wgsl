// Product for GPUs. A workgroup of EDGE × EDGE invocations computes a block of 4·EDGE × 4·EDGE numbers of C; an
// invocation computes 4 × 4 of them. The workgroup proceeds along k in slices of 16, which it loads into workgroup
// memory. See shared/product.wgsl for the bindings and the formula. Numbers past the edges are read as 0.

@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;

override EDGE: u32 = 16u;
// Neighbouring invocations load neighbouring numbers: along k, unless the operand is contiguous across k.
override A_ALONG_K: bool = true;
override B_ALONG_K: bool = false;

const DEPTH = 16u;

// One padding column prevents conflicts between memory banks when a slice is stored.
var<workgroup> sliceA: array<vec4<f32>, DEPTH * (EDGE + 1u)>; // [l][group of four rows]
var<workgroup> sliceB: array<vec4<f32>, DEPTH * (EDGE + 1u)>; // [l][group of four columns]

fn elementOfA(row: u32, l: u32) -> f32 {
  if (row < sizes.endRow && l < sizes.k) {
    return a[row * sizes.aRow + l * sizes.aColumn];
  }
  return 0.0;
}

fn elementOfB(l: u32, column: u32) -> f32 {
  if (column < sizes.n && l < sizes.k) {
    return b[l * sizes.bRow + column * sizes.bColumn];
  }
  return 0.0;
}

// The position (l, group) in a slice of the index-th vector that is loaded.
fn place(index: u32, alongK: bool) -> vec2<u32> {
  if (alongK) {
    return vec2<u32>(index % DEPTH, index / DEPTH);
  }
  return vec2<u32>(index / EDGE, index % EDGE);
}

@compute @workgroup_size(EDGE, EDGE)
fn main(
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) invocation: u32,
  @builtin(workgroup_id) block: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  let firstRow = sizes.firstRow + block.y * EDGE * 4u;
  let firstColumn = block.x * EDGE * 4u;
  var c0 = vec4<f32>();
  var c1 = vec4<f32>();
  var c2 = vec4<f32>();
  var c3 = vec4<f32>();
  let depth = depthOf(firstRow, EDGE * 4u);
  for (var start = 0u; start < depth; start += DEPTH) {
    for (var index = invocation; index < DEPTH * EDGE; index += EDGE * EDGE) {
      let inA = place(index, A_ALONG_K);
      let row = firstRow + inA.y * 4u;
      let lA = start + inA.x;
      sliceA[inA.x * (EDGE + 1u) + inA.y] = vec4<f32>(
        elementOfA(row, lA),
        elementOfA(row + 1u, lA),
        elementOfA(row + 2u, lA),
        elementOfA(row + 3u, lA),
      );
      let inB = place(index, B_ALONG_K);
      let column = firstColumn + inB.y * 4u;
      let lB = start + inB.x;
      sliceB[inB.x * (EDGE + 1u) + inB.y] = vec4<f32>(
        elementOfB(lB, column),
        elementOfB(lB, column + 1u),
        elementOfB(lB, column + 2u),
        elementOfB(lB, column + 3u),
      );
    }
    workgroupBarrier();
    for (var l = 0u; l < DEPTH; l += 1u) {
      let x = sliceA[l * (EDGE + 1u) + local.y];
      let y = sliceB[l * (EDGE + 1u) + local.x];
      c0 += x.x * y;
      c1 += x.y * y;
      c2 += x.z * y;
      c3 += x.w * y;
    }
    workgroupBarrier();
  }
  let row = firstRow + local.y * 4u;
  let column = firstColumn + local.x * 4u;
  storeRows(row, column, array<vec4<f32>, 4>(c0, c1, c2, c3));
}
