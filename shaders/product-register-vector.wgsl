// Product for software adapters, like product-register.wgsl, but reading operands as vectors of four numbers: k is a
// multiple of 4, and so is m if A is stored by columns, and n if B is stored by rows. On software adapters, reads and
// address arithmetic take most of the time. See shared/product.wgsl for the bindings and the formula.

@group(0) @binding(2) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;

override WIDTH: u32 = 8u;
override HEIGHT: u32 = 4u;
override A_ALONG_K: bool = true;
override B_ALONG_K: bool = true;

// The offsets of four rows of op(A), or columns of op(B); past the edge the last one repeats. Across k they have one
// offset.
fn startsOf(first: u32, last: u32, alongK: bool) -> vec4<u32> {
  if (alongK) {
    return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last)) * (sizes.k / 4u);
  }
  return vec4<u32>(min(first, last) / 4u);
}

// Four rows of op(A), columns 4·l … 4·l + 3; each column of the matrix is a row.
fn blockOfA(starts: vec4<u32>, l: u32) -> mat4x4<f32> {
  if (A_ALONG_K) {
    return mat4x4<f32>(a[starts.x + l], a[starts.y + l], a[starts.z + l], a[starts.w + l]);
  }
  let length = sizes.m / 4u;
  let at = starts.x + 4u * l * length;
  return transpose(mat4x4<f32>(a[at], a[at + length], a[at + 2u * length], a[at + 3u * length]));
}

// Four columns of op(B), rows 4·l … 4·l + 3; each column of the matrix is a column.
fn blockOfB(starts: vec4<u32>, l: u32) -> mat4x4<f32> {
  if (B_ALONG_K) {
    return mat4x4<f32>(b[starts.x + l], b[starts.y + l], b[starts.z + l], b[starts.w + l]);
  }
  let length = sizes.n / 4u;
  let at = starts.x + 4u * l * length;
  return transpose(mat4x4<f32>(b[at], b[at + length], b[at + 2u * length], b[at + 3u * length]));
}

@compute @workgroup_size(WIDTH, HEIGHT)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let row = sizes.firstRow + id.y * 8u;
  let column = id.x * 8u;
  if (row >= sizes.endRow || column >= sizes.n) {
    return;
  }
  let upperRows = startsOf(row, sizes.endRow - 1u, A_ALONG_K);
  let lowerRows = startsOf(row + 4u, sizes.endRow - 1u, A_ALONG_K);
  let leftColumns = startsOf(column, sizes.n - 1u, B_ALONG_K);
  let rightColumns = startsOf(column + 4u, sizes.n - 1u, B_ALONG_K);
  // Each column of these is a row of C.
  var upperLeft = mat4x4<f32>();
  var upperRight = mat4x4<f32>();
  var lowerLeft = mat4x4<f32>();
  var lowerRight = mat4x4<f32>();
  for (var l = 0u; l < sizes.k / 4u; l += 1u) {
    let upper = blockOfA(upperRows, l);
    let lower = blockOfA(lowerRows, l);
    let left = transpose(blockOfB(leftColumns, l));
    let right = transpose(blockOfB(rightColumns, l));
    upperLeft += left * upper;
    upperRight += right * upper;
    lowerLeft += left * lower;
    lowerRight += right * lower;
  }
  storeSquare(row, column, array<mat4x4<f32>, 4>(upperLeft, upperRight, lowerLeft, lowerRight));
}
