// C[s] = epilogue(op(A[s])·op(B[s])) for each sample s. An invocation computes a 4 × 4 block of one sample and reads A
// and B through the cache. See shared/product.wgsl for the bindings and the formula. m is that of one sample; one
// dispatch computes the samples with the rows firstRow … endRow − 1.

@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;

// The invocations of a workgroup for one sample, and its number of samples: small samples share a workgroup.
override WIDTH: u32 = 8u;
override HEIGHT: u32 = 8u;
override SAMPLES: u32 = 1u;
override SHARED_A: bool = false;
override SHARED_B: bool = false;

@compute @workgroup_size(WIDTH, HEIGHT, SAMPLES)
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) block: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let m = sizes.m;
  let n = sizes.n;
  let blocks = (m + 4u * HEIGHT - 1u) / (4u * HEIGHT);
  let sample = sizes.firstRow / m + block.y / blocks * SAMPLES + local.z;
  let row = (block.y % blocks * HEIGHT + local.y) * 4u;
  let column = (block.x * WIDTH + local.x) * 4u;
  if (sample * m >= sizes.endRow || row >= m || column >= n) {
    return;
  }
  let startA = select(sample * m * sizes.k, 0u, SHARED_A);
  let startB = select(sample * sizes.k * n, 0u, SHARED_B);
  // Rows and columns past the edge repeat the last one, and are not stored.
  let four = vec4<u32>(0u, 1u, 2u, 3u);
  var inA = startA + min(row + four, vec4<u32>(m - 1u)) * sizes.aRow;
  var inB = startB + min(column + four, vec4<u32>(n - 1u)) * sizes.bColumn;
  var sums = mat4x4<f32>(); // each column is a row of C
  for (var l = 0u; l < sizes.k; l += 1u) {
    let x = vec4<f32>(a[inA.x], a[inA.y], a[inA.z], a[inA.w]);
    let y = vec4<f32>(b[inB.x], b[inB.y], b[inB.z], b[inB.w]);
    sums += outer(x, y);
    inA += vec4<u32>(sizes.aColumn);
    inB += vec4<u32>(sizes.bRow);
  }
  let rows = min(m - row, 4u);
  let columns = min(n - column, 4u);
  for (var i = 0u; i < rows; i += 1u) {
    for (var j = 0u; j < columns; j += 1u) {
      epilogue(sample * m + row + i, column + j, sums[i][j]);
    }
  }
}
