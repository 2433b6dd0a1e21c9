// The power cone x^α·y^{1−α} ≥ |z|, x, y ≥ 0. Goes after cone-triple.wgsl.

// A |z| below this is 0: the projection moves by no more.
const SMALLEST = 1e-18;
// r is at no less than e^{−FAR}·|z| from 0 and from |z|.
const FAR = 80.0;
const HALVINGS = 48u;

// μ = |z| − r
struct Nearest {
  p: vec3<f32>,
  region: u32,
  r: f32,
  mu: f32,
}

// ln x by the minimax polynomial of Cephes' logf, which is right within a few units in the last place; −1000 at 0.
fn fineLogarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits < 0x800000u) {
    return -1000.0;
  }
  var e = f32(i32(bits >> 23u) - 126);
  var m = bitcast<f32>((bits & 0x7fffffu) | 0x3f000000u); // in [½, 1)
  if (m < 0.70710678) {
    e -= 1.0;
    m += m;
  }
  let t = m - 1.0;
  let s = t * t;
  var p = 7.0376836292e-2;
  p = fma(p, t, -1.151461031e-1);
  p = fma(p, t, 1.167699874e-1);
  p = fma(p, t, -1.2420140846e-1);
  p = fma(p, t, 1.4249322787e-1);
  p = fma(p, t, -1.6668057665e-1);
  p = fma(p, t, 2.0000714765e-1);
  p = fma(p, t, -2.4999993993e-1);
  p = fma(p, t, 3.3333331174e-1);
  let tail = fma(e, -2.12194440e-4, p * t * s) - 0.5 * s;
  return fma(e, 0.693359375, t + tail);
}

// ln(x^α·y^{1−α})
fn logarithmOfPower(x: f32, y: f32) -> f32 {
  return sizes.alpha * fineLogarithm(x) + (1.0 - sizes.alpha) * fineLogarithm(y);
}

fn nearest(v: vec3<f32>) -> Nearest {
  let size = abs(v.z);
  let opposite = vec2<f32>(-v.x / sizes.alpha, -v.y / (1.0 - sizes.alpha));
  if (v.x >= 0.0 && v.y >= 0.0 && logarithmOfPower(v.x, v.y) >= fineLogarithm(size)) {
    return Nearest(v, INSIDE, 0.0, 0.0);
  }
  if (v.x <= 0.0 && v.y <= 0.0 && logarithmOfPower(opposite.x, opposite.y) >= fineLogarithm(size)) {
    return Nearest(vec3<f32>(), POLAR, 0.0, 0.0);
  }
  if (size < SMALLEST) {
    return Nearest(vec3<f32>(max(v.x, 0.0), max(v.y, 0.0), 0.0), FLAT, 0.0, 0.0);
  }
  var low = -FAR;
  var high = FAR;
  var found = pointAt(0.0, v);
  for (var halving = 0u; halving < HALVINGS; halving += 1u) {
    let middle = low + 0.5 * (high - low);
    if (!(middle > low && middle < high)) {
      break;
    }
    found = pointAt(middle, v);
    // X^α·Y^{1−α} > r holds before the root.
    if (logarithmOfPower(found.p.x, found.p.y) > fineLogarithm(found.r)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return found;
}

// The point for r = |z|/(1 + e^{−τ}) and μ = |z|/(1 + e^τ), so that neither loses its relative precision.
fn pointAt(tau: f32, v: vec3<f32>) -> Nearest {
  let e = exponential(-abs(tau));
  let large = abs(v.z) / (1.0 + e);
  let small = large * e;
  let r = select(small, large, tau > 0.0);
  let mu = select(large, small, tau > 0.0);
  let first = firstOf(v.x, sizes.alpha * r * mu);
  let second = firstOf(v.y, (1.0 - sizes.alpha) * r * mu);
  return Nearest(vec3<f32>(first, second, select(r, -r, v.z < 0.0)), BOUNDARY, r, mu);
}

// The positive root X of X² = xX + product, of the two forms the one that does not cancel.
fn firstOf(x: f32, product: f32) -> f32 {
  let root = sqrt(x * x + 4.0 * product);
  if (x < 0.0) {
    return 2.0 * product / (root - x);
  }
  return 0.5 * (x + root);
}

// n̂ along ∇φ = (−αr/x, −(1 − α)r/y, sign z). The point is not at 0.
fn normalOf(first: f32, second: f32, r: f32, z: f32) -> vec3<f32> {
  let a = sizes.alpha * r / max(first, 1e-30);
  let b = (1.0 - sizes.alpha) * r / max(second, 1e-30);
  return unitOf(vec3<f32>(-a, -b, select(1.0, -1.0, z < 0.0)));
}

fn derivativeAt(v: vec3<f32>, direction: vec3<f32>, near: Near) -> vec3<f32> {
  if (length(v) <= near.tolerance) {
    return near.q * direction;
  }
  let isPositive = v.x > near.tolerance && v.y > near.tolerance;
  let isNegative = v.x < -near.tolerance && v.y < -near.tolerance;
  if (abs(v.z) <= max(near.tolerance, SMALLEST) && !isPositive && !isNegative) {
    return vec3<f32>(stepped(vec3<f32>(v.xy, 0.0), direction, near).xy, near.q * direction.z);
  }
  let found = nearest(v);
  if (found.region == FLAT) {
    return direction * vec3<f32>(select(0.0, 1.0, v.x > 0.0), select(0.0, 1.0, v.y > 0.0), near.q);
  }
  if (found.region == INSIDE) {
    let normal = normalOf(v.x, v.y, exponential(logarithmOfPower(v.x, v.y)), v.z);
    if (-dot(normal, v) <= near.tolerance) {
      return onCone(normal, direction, near.q);
    }
    return direction;
  }
  if (found.region == POLAR) {
    // The ray that is orthogonal to v where −v is on the boundary of K*.
    let size = exponential(logarithmOfPower(-v.x / sizes.alpha, -v.y / (1.0 - sizes.alpha)));
    let ray = normalOf(-v.x, -v.y, size, v.z) * vec3<f32>(-1.0, -1.0, 1.0);
    if (-dot(ray, v) <= near.tolerance) {
      return onPolar(ray, direction, near.q);
    }
    return vec3<f32>();
  }
  let normal = normalOf(found.p.x, found.p.y, found.r, v.z);
  let ray = unitOf(found.p);
  if (distance(v, found.p) <= near.tolerance) {
    return onCone(normal, direction, near.q);
  }
  if (length(found.p) <= near.tolerance) {
    return onPolar(ray, direction, near.q);
  }
  // κ = 1/(1 + μŵᵀ∇²φŵ) = r/(r + μα(1 − α)b²) with b = ẑ/√((αẑŷ)² + ((1 − α)ẑx̂)² + (x̂ŷ)²) for the ray (x̂, ŷ, ±ẑ)
  let alpha = sizes.alpha;
  let height = abs(ray.z);
  let parts = vec3<f32>(alpha * height * ray.y, (1.0 - alpha) * height * ray.x, ray.x * ray.y);
  let bend = height / max(length(parts), 1e-30);
  let kappa = found.r / (found.r + found.mu * alpha * (1.0 - alpha) * bend * bend);
  return outside(ray, normal, kappa, direction);
}
