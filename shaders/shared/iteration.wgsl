// The formulas of ITERATIONS in kernels.ts, of four numbers at once. Prepended to the kernels that iterate, whose sizes hold
// a0, a1 and zero.

override METHOD: u32 = 0u;
override SLOPED: bool = false; // σ(p) = d∘p

// The order of ITERATIONS in kernels.ts.
const PICARD = 0u;
const PEACEMAN_RACHFORD = 1u;
const FORWARD_BACKWARD = 2u;

// σ(p); d is its slope where SLOPED.
fn sigma(p: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  if (SLOPED) {
    return d * p;
  }
  let parameters = vec2<f32>(sizes.a0, sizes.a1);
  return vec4<f32>(
    activation(p.x, parameters),
    activation(p.y, parameters),
    activation(p.z, parameters),
    activation(p.w, parameters),
  );
}

fn proximals(x: vec4<f32>, d: vec4<f32>, alpha: f32) -> vec4<f32> {
  if (SLOPED) {
    return d / (d + alpha * (1.0 - d)) * x;
  }
  let parameters = vec2<f32>(sizes.a0, sizes.a1);
  return vec4<f32>(
    proximal(x.x, alpha, parameters),
    proximal(x.y, alpha, parameters),
    proximal(x.z, alpha, parameters),
    proximal(x.w, alpha, parameters),
  );
}

// What is multiplied by M: x, of Peaceman-Rachford q.
fn factorOf(x: vec4<f32>, b: vec4<f32>, d: vec4<f32>, alpha: f32) -> vec4<f32> {
  if (METHOD == PEACEMAN_RACHFORD) {
    return 2.0 * proximals(x, d, alpha) - x + alpha * b;
  }
  return x;
}

struct Advance {
  next: vec4<f32>, // T(x)
  z: vec4<f32>, //    what the residual is of
  missed: vec4<f32>, // z − σ(p)
  lost: vec4<f32>, // by the sum of forward-backward
}

// A value that no compiler can look through, so that what is subtracted from it is not reassociated.
fn rounded(value: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(value) ^ vec4<u32>(sizes.zero)); // which no compiler knows to be 0
}

// T(x), from what was multiplied and the product h.
fn advanced(
  factor: vec4<f32>,
  h: vec4<f32>,
  b: vec4<f32>,
  d: vec4<f32>,
  alpha: f32,
  lost: vec4<f32>,
) -> Advance {
  if (METHOD == PEACEMAN_RACHFORD) {
    let p = (1.0 + 1.0 / alpha) * h - factor / alpha + b;
    return Advance(2.0 * h - factor + alpha * b, h, h - sigma(p, d), lost);
  }
  let p = h + b;
  let value = sigma(p, d);
  if (METHOD == PICARD) {
    return Advance(value, factor, factor - value, lost);
  }
  let y = rounded(alpha * (p - factor) + lost);
  let w = rounded(factor + y);
  return Advance(proximals(w, d, alpha), factor, factor - value, y - (w - factor));
}
