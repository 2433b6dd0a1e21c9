// Solves op(L)·X = B for each sample, with one invocation per column: by forward substitution, or backward substitution
// for the transpose. See TriangularSolveCall in batched-kernels.ts.
//
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  l       [batch, order, order]; only the lower triangles are read
//   binding 3  b       [batch, order, columns]
//   binding 4  result  X [batch, order, columns]
// One dispatch computes the columns first … end − 1, numbered through all samples.

struct Sizes {
  order: u32,
  columns: u32,
  first: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> l: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

override TRANSPOSED: bool = false;

const WIDTH = 64u;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let unit = sizes.first + id.y * groups.x * WIDTH + id.x;
  if (unit >= sizes.end) {
    return;
  }
  let order = sizes.order;
  let columns = sizes.columns;
  let sample = unit / columns;
  let matrix = sample * order * order;
  let column = sample * order * columns + unit % columns;
  for (var step = 0u; step < order; step += 1u) {
    let i = select(step, order - 1u - step, TRANSPOSED);
    var sum = b[column + i * columns];
    for (var done = 0u; done < step; done += 1u) {
      let k = select(done, order - 1u - done, TRANSPOSED);
      let at = select(i * order + k, k * order + i, TRANSPOSED);
      sum -= l[matrix + at] * result[column + k * columns];
    }
    result[column + i * columns] = sum / l[matrix + i * order + i];
  }
}
