// Blocks of three numbers. Goes after cone-blocks.wgsl, before cone-exponential.wgsl or cone-power.wgsl. These have
// `nearest`, the projection onto K of a v that is not too large or small, and `derivativeAt`.

const EXPDUAL = 6u;
const POWDUAL = 8u;

// Π_{K*}(v) = v + Π_K(−v).
fn isDual() -> bool {
  return OPERATION == EXPDUAL || OPERATION == POWDUAL;
}

fn store(at: u32, value: vec3<f32>) {
  result[at] = value.x;
  result[at + 1u] = value.y;
  result[at + 2u] = value.z;
}

fn project(at: u32) {
  let size = sizeOf(at);
  if (!isNumber(size)) {
    fill(at, notANumber(size));
    return;
  }
  let exponent = exponentOf(size);
  let v = vec3<f32>(x[at], x[at + 1u], x[at + 2u]) * powerOfTwo(-exponent);
  if (isDual()) {
    store(at, (v + nearest(-v).p) * powerOfTwo(exponent));
  } else {
    store(at, nearest(v).p * powerOfTwo(exponent));
  }
}

fn differentiate(at: u32, tolerance: f32, q: f32) {
  let size = sizeOf(at);
  let sum = size + tolerance + sizeOfDirection(at);
  if (!isNumber(sum)) {
    fill(at, notANumber(sum));
    return;
  }
  let factor = powerOfTwo(-exponentOf(size));
  let v = vec3<f32>(x[at], x[at + 1u], x[at + 2u]) * factor;
  let direction = vec3<f32>(h[at], h[at + 1u], h[at + 2u]);
  if (isDual()) {
    store(at, direction - derivativeAt(-v, direction, Near(tolerance * factor, 1.0 - q)));
  } else {
    store(at, derivativeAt(v, direction, Near(tolerance * factor, q)));
  }
}

struct Near {
  tolerance: f32,
  q: f32,
}

// Where v is: in K, in −K*, in a region where the projection is flat, or elsewhere.
const INSIDE = 0u;
const POLAR = 1u;
const FLAT = 2u;
const BOUNDARY = 3u;

// diag([a > 0], [b > 0], [c > 0])·h, with q in the place of each that is 0.
fn stepped(v: vec3<f32>, direction: vec3<f32>, near: Near) -> vec3<f32> {
  return direction * vec3<f32>(
    step(v.x, near.tolerance, near.q),
    step(v.y, near.tolerance, near.q),
    step(v.z, near.tolerance, near.q),
  );
}

// A unit vector, even if numbers of it are large or small.
fn unitOf(a: vec3<f32>) -> vec3<f32> {
  let size = max(abs(a.x), max(abs(a.y), abs(a.z)));
  return normalize(a / size);
}

fn onCone(normal: vec3<f32>, direction: vec3<f32>, q: f32) -> vec3<f32> {
  return direction + ((q - 1.0) * dot(normal, direction)) * normal;
}

fn onPolar(ray: vec3<f32>, direction: vec3<f32>, q: f32) -> vec3<f32> {
  return (q * dot(ray, direction)) * ray;
}

fn outside(ray: vec3<f32>, normal: vec3<f32>, kappa: f32, direction: vec3<f32>) -> vec3<f32> {
  let side = cross(ray, normal);
  return dot(ray, direction) * ray + (kappa * dot(side, direction)) * side;
}
