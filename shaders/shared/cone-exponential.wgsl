// The exponential cone, the closure of {y > 0, y·e^{x/y} ≤ z}. Goes after cone-triple.wgsl.

// Beyond this |r|, what is found are the limits for r → ±∞.
const FAR = 80.0;
const HALVINGS = 48u;

// p = α(r, 1, eʳ) = v − η(1, 1 − r, −e⁻ʳ)
struct Nearest {
  p: vec3<f32>,
  region: u32,
  r: f32,
  alpha: f32,
  eta: f32,
}

// e^{−|r|}, or 0 where that is nothing beside 1.
fn smallPower(r: f32) -> f32 {
  return select(0.0, exponential(-min(abs(r), FAR)), abs(r) < FAR);
}

// Whether factor·e^power ≤ z.
fn isBelow(factor: f32, power: f32, z: f32) -> bool {
  let e = smallPower(power);
  return select(factor * e <= z, factor <= z * e, power > 0.0);
}

fn nearest(v: vec3<f32>) -> Nearest {
  if (v.y > 0.0 && isBelow(v.y, v.x / v.y, v.z)) {
    return Nearest(v, INSIDE, 0.0, 0.0, 0.0);
  }
  // −v is in K*: x > 0 and x·e^{y/x − 1} ≤ −z
  if (v.x > 0.0 && isBelow(v.x, v.y / v.x - 1.0, -v.z)) {
    return Nearest(vec3<f32>(), POLAR, 0.0, 0.0, 0.0);
  }
  var low = -FAR;
  var high = FAR;
  if (v.x > 0.0) {
    low = max(low, 1.0 - v.y / v.x);
  }
  if (v.y < 0.0) {
    low = max(low, v.x / v.y);
  }
  if (v.x < 0.0) {
    high = min(high, 1.0 - v.y / v.x);
  }
  if (v.y > 0.0) {
    high = min(high, v.x / v.y);
  }
  if ((v.x <= 0.0 && v.y <= 0.0) || low >= FAR || high <= -FAR) {
    return Nearest(vec3<f32>(min(v.x, 0.0), max(v.y, 0.0), max(v.z, 0.0)), FLAT, 0.0, 0.0, 0.0);
  }
  for (var halving = 0u; halving < HALVINGS; halving += 1u) {
    let middle = low + 0.5 * (high - low);
    if (!(middle > low && middle < high)) {
      break;
    }
    if (isBeforeRoot(middle, v)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return boundaryAt(low + 0.5 * (high - low), v);
}

// Whether αeʳ − ηe⁻ʳ < z, after a multiplication by e^{−|r|}(r² − r + 1).
fn isBeforeRoot(r: f32, v: vec3<f32>) -> bool {
  let e = smallPower(r);
  let a = (r - 1.0) * v.x + v.y;
  let b = v.x - r * v.y;
  let rest = v.z * e * (r * r - r + 1.0);
  return select(a * e * e - b, a - b * e * e, r > 0.0) < rest;
}

// Of the two forms of p, and of α and η, those that do not cancel.
fn boundaryAt(r: f32, v: vec3<f32>) -> Nearest {
  let e = smallPower(r);
  let square = r * r - r + 1.0;
  if (r > 0.0) {
    let eta = max((v.x - r * v.y) / square, 0.0);
    let height = max(v.z + eta * e, 0.0);
    return Nearest(vec3<f32>(v.x - eta, v.y - (1.0 - r) * eta, height), BOUNDARY, r, height * e, eta);
  }
  let alpha = max(((r - 1.0) * v.x + v.y) / square, 0.0);
  return Nearest(vec3<f32>(alpha * r, alpha, alpha * e), BOUNDARY, r, alpha, max((alpha * e - v.z) * e, 0.0));
}

// The unit vector along (r, 1, eʳ).
fn rayOf(r: f32) -> vec3<f32> {
  let e = smallPower(r);
  return unitOf(select(vec3<f32>(r, 1.0, e), vec3<f32>(r * e, e, 1.0), r > 0.0));
}

// n̂ along ∇φ = (eʳ, (1 − r)eʳ, −1).
fn normalOf(r: f32) -> vec3<f32> {
  let e = smallPower(r);
  return unitOf(select(vec3<f32>(e, (1.0 - r) * e, -1.0), vec3<f32>(1.0, 1.0 - r, -e), r > 0.0));
}

fn derivativeAt(v: vec3<f32>, direction: vec3<f32>, near: Near) -> vec3<f32> {
  if (length(v) <= near.tolerance) {
    return near.q * direction;
  }
  if (v.x <= near.tolerance && v.y <= near.tolerance) {
    return stepped(vec3<f32>(-v.x, v.y, v.z), direction, near);
  }
  let found = nearest(v);
  if (found.region == FLAT) {
    let height = step(v.z, near.tolerance, near.q);
    return direction * vec3<f32>(select(0.0, 1.0, v.x < 0.0), select(0.0, 1.0, v.y > 0.0), height);
  }
  if (found.region == INSIDE) {
    let normal = normalOf(v.x / v.y);
    if (-dot(normal, v) <= near.tolerance) {
      return onCone(normal, direction, near.q);
    }
    return direction;
  }
  if (found.region == POLAR) {
    let ray = rayOf(1.0 - v.y / v.x);
    if (-dot(ray, v) <= near.tolerance) {
      return onPolar(ray, direction, near.q);
    }
    return vec3<f32>();
  }
  let normal = normalOf(found.r);
  let ray = rayOf(found.r);
  if (distance(v, found.p) <= near.tolerance) {
    return onCone(normal, direction, near.q);
  }
  if (length(found.p) <= near.tolerance) {
    return onPolar(ray, direction, near.q);
  }
  // κ = 1/(1 + μŵᵀ∇²φŵ) = α/(α + η·b) with b = ‖(r, 1, eʳ)‖²/‖∇φ‖²
  let r = found.r;
  let e = smallPower(r);
  let bend = select(
    (r * r + 1.0 + e * e) / (e * e * (1.0 + (1.0 - r) * (1.0 - r)) + 1.0),
    ((r * r + 1.0) * e * e + 1.0) / (1.0 + (1.0 - r) * (1.0 - r) + e * e),
    r > 0.0,
  );
  return outside(ray, normal, found.alpha / (found.alpha + found.eta * bend), direction);
}
