// A = L·Lᵀ for each sample, with one workgroup per sample: column by column, in the storage of the result. See
// CholeskyCall in batched-kernels.ts.
//
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  a       [batch, order, order]; only the lower triangles are read
//   binding 3  result  L [batch, order, order], and 0 or the position of the failed pivot for each sample
// One dispatch computes the columns start … stop − 1 of the samples firstSample … endSample − 1.

struct Sizes {
  batch: u32,
  order: u32,
  firstSample: u32,
  endSample: u32,
  start: u32,
  stop: u32,
  least: f32, // a pivot fails if it is at most `least` times the entry of A on the diagonal
  zero: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

const WIDTH = 64u;

var<workgroup> pivot: f32;

// Column j of A minus the contribution of the columns of L before it, from the diagonal on.
fn reduceColumn(base: u32, j: u32, thread: u32) {
  let order = sizes.order;
  for (var i = j + thread; i < order; i += WIDTH) {
    var sum = a[base + i * order + j];
    for (var k = 0u; k < j; k += 1u) {
      sum -= result[base + i * order + k] * result[base + j * order + k];
    }
    result[base + i * order + j] = sum;
    if (i == j) {
      pivot = sum;
    }
  }
}

fn scaleColumn(base: u32, j: u32, thread: u32, root: f32) {
  let order = sizes.order;
  for (var i = j + thread; i < order; i += WIDTH) {
    let at = base + i * order + j;
    result[at] = select(result[at] / root, root, i == j);
  }
  for (var column = j + 1u + thread; column < order; column += WIDTH) {
    result[base + j * order + column] = 0.0;
  }
}

// NaN and Inf are recognised by their bits, because a compiler may assume that they do not occur.
fn isPivot(value: f32, least: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u && value > least;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  let sample = sizes.firstSample + group.y * groups.x + group.x;
  if (sample >= sizes.endSample) {
    return;
  }
  let order = sizes.order;
  let base = sample * order * order;
  let told = sizes.batch * order * order + sample;
  var failed = 0.0;
  if (sizes.start > 0u) {
    failed = result[told];
  }
  for (var j = sizes.start; j < sizes.stop; j += 1u) {
    reduceColumn(base, j, thread);
    workgroupBarrier();
    let value = pivot;
    let holds = isPivot(value, sizes.least * a[base + j * order + j]);
    if (!holds && failed == 0.0) {
      failed = f32(j + 1u);
    }
    scaleColumn(base, j, thread, sqrt(select(1.0, value, holds)));
    storageBarrier();
    workgroupBarrier();
  }
  if (failed != 0.0 && sizes.stop == order) {
    for (var at = thread; at < order * order; at += WIDTH) {
      result[base + at] = bitcast<f32>(0x7fc00000u | sizes.zero); // NaN, which the compiler must not know
    }
  }
  if (thread == 0u) {
    result[told] = failed;
  }
}
