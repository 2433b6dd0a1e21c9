// Small dense systems G[s]·x[s] = r[s] by elimination with partial pivoting, with one invocation per sample; order ≤
// 16.
//
//   binding 0  sizes    uniform
//   binding 1  guard    uniform; nothing happens when guard.x is 0
//   binding 2  g        [batch, order, order]
//   binding 3  r        [batch, order]
//   binding 4  result   [batch, order]
// An unknown whose pivot is zero becomes 0.

struct Sizes {
  batch: u32,
  order: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> r: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

const WIDTH = 64u;
const MAXIMUM_ORDER = 16u;

var<private> matrix: array<f32, MAXIMUM_ORDER * MAXIMUM_ORDER>;
var<private> right: array<f32, MAXIMUM_ORDER>;

fn swapRows(p: u32, q: u32, order: u32) {
  for (var j = 0u; j < order; j += 1u) {
    let kept = matrix[p * order + j];
    matrix[p * order + j] = matrix[q * order + j];
    matrix[q * order + j] = kept;
  }
  let kept = right[p];
  right[p] = right[q];
  right[q] = kept;
}

fn eliminate(order: u32) {
  for (var column = 0u; column < order; column += 1u) {
    var pivot = column;
    for (var row = column + 1u; row < order; row += 1u) {
      // A NaN is always chosen as the pivot. If it were skipped, it could vanish from the result.
      let entry = matrix[row * order + column];
      if (isNaN(entry) || abs(entry) > abs(matrix[pivot * order + column])) {
        pivot = row;
      }
    }
    if (pivot != column) {
      swapRows(pivot, column, order);
    }
    let diagonal = matrix[column * order + column];
    if (diagonal == 0.0) {
      continue;
    }
    for (var row = column + 1u; row < order; row += 1u) {
      let factor = matrix[row * order + column] / diagonal;
      for (var j = column; j < order; j += 1u) {
        matrix[row * order + j] -= factor * matrix[column * order + j];
      }
      right[row] -= factor * right[column];
    }
  }
}

fn substituteBack(order: u32) {
  for (var left = order; left > 0u; left -= 1u) {
    let row = left - 1u;
    var value = right[row];
    for (var j = left; j < order; j += 1u) {
      value -= matrix[row * order + j] * right[j];
    }
    let diagonal = matrix[row * order + row];
    if (diagonal == 0.0) {
      right[row] = 0.0;
    } else {
      right[row] = value / diagonal;
    }
  }
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (guard.x == 0u) {
    return;
  }
  let sample = id.y * groups.x * WIDTH + id.x;
  if (sample >= sizes.batch) {
    return;
  }
  let order = sizes.order;
  for (var at = 0u; at < order * order; at += 1u) {
    matrix[at] = g[sample * order * order + at];
  }
  for (var at = 0u; at < order; at += 1u) {
    right[at] = r[sample * order + at];
  }
  eliminate(order);
  substituteBack(order);
  for (var at = 0u; at < order; at += 1u) {
    result[sample * order + at] = right[at];
  }
}
