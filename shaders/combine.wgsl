// Linear combination with one coefficient for each row (a sample): result[i, j] = Σₜ factorₜ · cₜ[i] · xₜ[i, j], t < 3.
//
//   binding 0     sizes    uniform
//   binding 1     guard    uniform; nothing happens when guard.x is 0
//   binding 2–4   x0 … x2  [rows, columns]
//   binding 5–7   c0 … c2  [rows]
//   binding 8     result   [rows, columns]
// TERMS has a bit for each x that is present, COEFFICIENTS one for each c that is present; an absent c counts as 1. An
// x whose bit is set in IN_PLACE is in the storage of the result. A term whose coefficient is 0 is left out, even if x
// is not finite.

struct Sizes {
  factors: vec4<f32>,
  columns: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x0: array<f32>;
@group(0) @binding(3) var<storage, read> x1: array<f32>;
@group(0) @binding(4) var<storage, read> x2: array<f32>;
@group(0) @binding(5) var<storage, read> c0: array<f32>;
@group(0) @binding(6) var<storage, read> c1: array<f32>;
@group(0) @binding(7) var<storage, read> c2: array<f32>;
@group(0) @binding(8) var<storage, read_write> result: array<f32>;

override TERMS: u32 = 1u;
override COEFFICIENTS: u32 = 0u;
override IN_PLACE: u32 = 0u;

fn term(coefficient: f32, x: f32) -> f32 {
  if (coefficient == 0.0) {
    return 0.0;
  }
  return coefficient * x;
}

fn compute(index: u32) {
  let row = index / sizes.columns;
  var coefficients = sizes.factors.xyz;
  if ((COEFFICIENTS & 1u) != 0u) {
    coefficients.x *= c0[row];
  }
  if ((COEFFICIENTS & 2u) != 0u) {
    coefficients.y *= c1[row];
  }
  if ((COEFFICIENTS & 4u) != 0u) {
    coefficients.z *= c2[row];
  }
  var here = 0.0;
  if (IN_PLACE != 0u) {
    here = result[index];
  }
  var sum = 0.0;
  if ((TERMS & 1u) != 0u) {
    if ((IN_PLACE & 1u) != 0u) {
      sum += term(coefficients.x, here);
    } else {
      sum += term(coefficients.x, x0[index]);
    }
  }
  if ((TERMS & 2u) != 0u) {
    if ((IN_PLACE & 2u) != 0u) {
      sum += term(coefficients.y, here);
    } else {
      sum += term(coefficients.y, x1[index]);
    }
  }
  if ((TERMS & 4u) != 0u) {
    if ((IN_PLACE & 4u) != 0u) {
      sum += term(coefficients.z, here);
    } else {
      sum += term(coefficients.z, x2[index]);
    }
  }
  result[index] = sum;
}
