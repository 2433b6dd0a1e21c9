// Element-wise operations on one to three operands, each read through its own layout.
//
//   binding 0  sizes    uniform
//   binding 1  guard    uniform; nothing happens when guard.x is 0
//   binding 2  first    operand 0
//   binding 3  second   operand 1
//   binding 4  third    operand 2
//   binding 5  result   [i₀, i₁, i₂, i₃], `count` numbers
// result[i] = OPERATION(first, second, third, p₀, p₁, p₂), with the formulas of ELEMENTWISE in kernels.ts. Operand o is
// read at offsetₒ + Σ iₐ·stridesₒ[a]. An operand whose bit is set in LINEAR has the layout of the result, and one whose
// bit is set in IN_PLACE is in the storage of the result. operations-piecewise.wgsl or operations-smooth.wgsl goes
// before this file, whichever contains the operation, with the activations of its kind.

struct Sizes {
  shape: vec4<u32>,
  firstStrides: vec4<i32>,
  secondStrides: vec4<i32>,
  thirdStrides: vec4<i32>,
  offsets: vec4<i32>,
  count: u32,
  p0: f32,
  p1: f32,
  p2: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> first: array<f32>;
@group(0) @binding(3) var<storage, read> second: array<f32>;
@group(0) @binding(4) var<storage, read> third: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

override LINEAR: u32 = 7u;
override IN_PLACE: u32 = 0u;

fn coordinates(index: u32) -> vec4<i32> {
  let i3 = index % sizes.shape.w;
  let above3 = index / sizes.shape.w;
  let i2 = above3 % sizes.shape.z;
  let above2 = above3 / sizes.shape.z;
  return vec4<i32>(vec4<u32>(above2 / sizes.shape.y, above2 % sizes.shape.y, i2, i3));
}

fn strided(at: vec4<i32>, strides: vec4<i32>, offset: i32) -> u32 {
  return u32(offset + at.x * strides.x + at.y * strides.y + at.z * strides.z + at.w * strides.w);
}

fn compute(index: u32) {
  var places = vec3<u32>(index);
  if (LINEAR != 7u) {
    let at = coordinates(index);
    if ((LINEAR & 1u) == 0u) {
      places.x = strided(at, sizes.firstStrides, sizes.offsets.x);
    }
    if ((LINEAR & 2u) == 0u) {
      places.y = strided(at, sizes.secondStrides, sizes.offsets.y);
    }
    if ((LINEAR & 4u) == 0u) {
      places.z = strided(at, sizes.thirdStrides, sizes.offsets.z);
    }
  }
  var x: f32;
  var y: f32;
  var z: f32;
  if ((IN_PLACE & 1u) != 0u) {
    x = result[index];
  } else {
    x = first[places.x];
  }
  if ((IN_PLACE & 2u) != 0u) {
    y = result[index];
  } else {
    y = second[places.y];
  }
  if ((IN_PLACE & 4u) != 0u) {
    z = result[index];
  } else {
    z = third[places.z];
  }
  result[index] = operation(index, x, y, z, sizes.p0, sizes.p1, sizes.p2);
}
