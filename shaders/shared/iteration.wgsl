// The formulas of ITERATIONS in iteration-kernels.ts, for four numbers at once. Goes before the kernels that iterate,
// whose sizes contain a0, a1 and zero.

override METHOD: u32 = METHOD_PICARD;
override SLOPED: bool = false; // σ(p) = d∘p

// σ(p); if SLOPED, d is its slope.
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

// The left factor of the product with M: x, or q for Peaceman-Rachford.
fn factorOf(x: vec4<f32>, b: vec4<f32>, d: vec4<f32>, alpha: f32) -> vec4<f32> {
  if (METHOD == METHOD_PEACEMAN_RACHFORD) {
    return 2.0 * proximals(x, d, alpha) - x + alpha * b;
  }
  return x;
}

struct Advance {
  next: vec4<f32>, // T(x)
  z: vec4<f32>, //    the point at which the residual is taken
  missed: vec4<f32>, // z − σ(p)
  lost: vec4<f32>, // the rounding error of the sum of forward-backward
}

// The value, hidden from the compiler, so that it does not reassociate the sums in which it occurs.
fn rounded(value: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(value) ^ vec4<u32>(sizes.zero)); // zero is 0
}

// T(x), from the left factor of the product and the product h.
fn advanced(
  factor: vec4<f32>,
  h: vec4<f32>,
  b: vec4<f32>,
  d: vec4<f32>,
  alpha: f32,
  lost: vec4<f32>,
) -> Advance {
  switch (METHOD) {
    case METHOD_PICARD: {
      let p = h + b;
      let value = sigma(p, d);
      return Advance(value, factor, factor - value, lost);
    }
    case METHOD_PEACEMAN_RACHFORD: {
      let p = (1.0 + 1.0 / alpha) * h - factor / alpha + b;
      return Advance(2.0 * h - factor + alpha * b, h, h - sigma(p, d), lost);
    }
    case METHOD_FORWARD_BACKWARD: {
      let p = h + b;
      let y = rounded(alpha * (p - factor) + lost);
      let w = rounded(factor + y);
      return Advance(proximals(w, d, alpha), factor, factor - sigma(p, d), y - (w - factor));
    }
    default: { return Advance(); }
  }
}
