// Activations σ = prox_f made of exponentials and quotients, and prox_{αf}. Goes after functions.wgsl, before kernels
// that use one of them. Kernels with another activation get activations-piecewise.wgsl, because compilers spend much
// time on unused code.
//
// As in functions.wgsl, they use only exponentials, additions, products, quotients and bit patterns, because the
// built-in tanh may have absolute errors of 1e-5 and be NaN for a large argument. They are finite for every finite
// argument.

const LN_2 = 0.693147181;
const HALF_PI = 1.57079633;

// The index of the activation in ACTIVATIONS of product-kernels.ts. It is a constant, so that a pipeline compiles only
// its branch.
override ACTIVATION: u32 = ACTIVATION_TANH;

// ln(1 + u) for 0 ≤ u ≤ 1: 2·artanh w with w = u / (2 + u) ≤ 1/3, by its series, whose terms are all positive.
fn logarithmOnePlus(u: f32) -> f32 {
  let w = u / (2.0 + u);
  let s = w * w;
  var p = 1.0 / 15.0;
  p = fma(p, s, 1.0 / 13.0);
  p = fma(p, s, 1.0 / 11.0);
  p = fma(p, s, 1.0 / 9.0);
  p = fma(p, s, 1.0 / 7.0);
  p = fma(p, s, 1.0 / 5.0);
  p = fma(p, s, 1.0 / 3.0);
  return 2.0 * fma(p * s, w, w);
}

// The odd rational approximation of degree 13 over 6 that Eigen uses. For |x| ≥ 7.9 it is ±1 up to rounding.
fn hyperbolicTangent(x: f32) -> f32 {
  if (abs(x) < 4.0e-4) {
    return x;
  }
  let t = clamp(x, -7.9053111, 7.9053111);
  let s = t * t;
  var p = -2.76076847742355e-16;
  p = fma(p, s, 2.00018790482477e-13);
  p = fma(p, s, -8.60467152213735e-11);
  p = fma(p, s, 5.12229709037114e-08);
  p = fma(p, s, 1.48572235717979e-05);
  p = fma(p, s, 6.37261928875436e-04);
  p = fma(p, s, 4.89352455891786e-03);
  var q = 1.19825839466702e-06;
  q = fma(q, s, 1.18534705686654e-04);
  q = fma(q, s, 2.26843463243900e-03);
  q = fma(q, s, 4.89352518554385e-03);
  return clamp(t * p / q, -1.0, 1.0);
}

// 1 / (1 + e⁻ˣ), by e^(−|x|) only, which cannot overflow.
fn logistic(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// ln(1 + eˣ) = max(x, 0) + δ(x).
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + softplusExcess(x);
}

// δ(x) = ln(1 + e^(−|x|)), from 0 to ln 2.
fn softplusExcess(x: f32) -> f32 {
  return logarithmOnePlus(exponential(-abs(x)));
}

fn elu(x: f32, alpha: f32) -> f32 {
  return select(alpha * exponentialMinusOne(min(x, 0.0)), x, x >= 0.0);
}

// x / (1 + |x|). x is clamped first, because a quotient by a number near the largest one may be flushed to 0.
fn softsign(x: f32) -> f32 {
  let t = clamp(x, -1.0e9, 1.0e9);
  return t / (1.0 + abs(t));
}

// The argument is reduced to |t| ≤ tan π/8, followed by the minimax polynomial of Cephes' atanf.
fn arctangent(x: f32) -> f32 {
  let size = abs(x);
  var base = 0.0;
  var t = size;
  if (size > 2.41421356) {
    base = HALF_PI;
    t = -1.0 / size;
  } else if (size > 0.414213562) {
    base = 0.5 * HALF_PI;
    t = (size - 1.0) / (size + 1.0);
  }
  let s = t * t;
  var p = 8.05374449538e-2;
  p = fma(p, s, -1.38776856032e-1);
  p = fma(p, s, 1.99777106478e-1);
  p = fma(p, s, -3.33329491539e-1);
  let angle = base + fma(p * s, t, t);
  return select(angle, -angle, x < 0.0);
}

// 1 / (1 + x²), by 1/x if x² might overflow.
fn arctangentDerivative(x: f32) -> f32 {
  let size = abs(x);
  if (size > 1.0) {
    let r = 1.0 / size;
    return r * r / (1.0 + r * r);
  }
  return 1.0 / (1.0 + size * size);
}

// σ(x); the parameters are those of ACTIVATIONS in product-kernels.ts.
fn activation(x: f32, parameters: vec2<f32>) -> f32 {
  return unlessNaN(x, activationOfNumber(x, parameters));
}

fn activationOfNumber(x: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case ACTIVATION_TANH: { return hyperbolicTangent(x); }
    case ACTIVATION_SIGMOID: { return logistic(x); }
    case ACTIVATION_SOFTPLUS: { return softplus(x); }
    case ACTIVATION_ELU: { return elu(x, parameters.x); }
    case ACTIVATION_SOFTSIGN: { return softsign(x); }
    case ACTIVATION_ARCTAN: { return arctangent(x); }
    default: { return 0.0; }
  }
}

// The bracket of the t of smoothProximal: αt = x − (1 − α)s for some value s of σ.
fn proximalBracket(x: f32, alpha: f32, a0: f32) -> vec2<f32> {
  let rest = 1.0 - alpha;
  var ends = vec2<f32>(-rest, rest);
  switch (ACTIVATION) {
    case ACTIVATION_SIGMOID: { ends = vec2<f32>(0.0, rest); }
    case ACTIVATION_ELU: { ends = vec2<f32>(-rest * a0, 0.0); }
    case ACTIVATION_ARCTAN: { ends = vec2<f32>(-rest * HALF_PI, rest * HALF_PI); }
    // (t ≥ 0 ? t : αt) = x − (1 − α)δ
    case ACTIVATION_SOFTPLUS: {
      let reach = rest * LN_2;
      let y = vec2<f32>(x - max(reach, 0.0), x - min(reach, 0.0));
      return select(y / alpha, y, y >= vec2<f32>(0.0));
    }
    default: {}
  }
  return vec2<f32>(x - max(ends.x, ends.y), x - min(ends.x, ends.y)) / alpha;
}

// The bounded part s of σ(t): δ for softplus, otherwise σ itself.
fn boundedPart(t: f32, parameters: vec2<f32>) -> f32 {
  if (ACTIVATION == ACTIVATION_SOFTPLUS) {
    return softplusExcess(t);
  }
  return activationOfNumber(t, parameters);
}

// σ'(t), given the bounded part s of σ(t); for elu t < 0.
fn smoothSlope(t: f32, s: f32, a0: f32) -> f32 {
  switch (ACTIVATION) {
    case ACTIVATION_SIGMOID: { return s * (1.0 - s); }
    case ACTIVATION_SOFTPLUS: { return logistic(t); }
    case ACTIVATION_ELU: { return s + a0; }
    case ACTIVATION_ARCTAN: { return arctangentDerivative(t); }
    default: { return 1.0 - s * s; }
  }
}

// σ(t) for the t with g(t) = (1 − α)σ(t) + αt − x = 0, where σ = tanh, sigmoid, softplus, arctan, or elu if x < 0.
// g increases with slope ≥ min(1, α), and its zero is bracketed: Newton's method, with a bisection if it leaves the
// bracket. For softplus and t ≥ 0, (1 − α)·max(t, 0) + αt is written as t, since the sum would cancel for a large α.
fn smoothProximal(given: f32, alpha: f32, parameters: vec2<f32>) -> f32 {
  // A larger |x| has the same result, and clamping keeps the bracket finite.
  let x = clamp(given, -1.0e30, 1.0e30);
  let rest = 1.0 - alpha;
  let bracket = proximalBracket(x, alpha, parameters.x);
  var low = bracket.x;
  var high = select(bracket.y, min(bracket.y, 0.0), ACTIVATION == ACTIVATION_ELU);
  var t = clamp(x, low, high);
  var s = boundedPart(t, parameters);
  for (var trip = 0u; trip < 40u; trip += 1u) {
    let linear = select(alpha * t, t, ACTIVATION == ACTIVATION_SOFTPLUS && t >= 0.0);
    let g = rest * s + (linear - x);
    if (g > 0.0) {
      high = t;
    } else {
      low = t;
    }
    var next = t - g / (rest * smoothSlope(t, s, parameters.x) + alpha);
    if (!(next > low && next < high)) {
      next = low + 0.5 * (high - low);
    }
    if (next == t) {
      break;
    }
    t = next;
    s = boundedPart(t, parameters);
  }
  if (ACTIVATION == ACTIVATION_SOFTPLUS) {
    return select(max(t, 0.0) + s, given, given > 1.0e30);
  }
  return s;
}

// For x ≥ 0 we have σ(t) = t / (1 + t), and t is the positive root of αt² + (1 − x)t − x = 0, computed without
// cancellation. The function is odd in x. x is clamped first: beyond the bound softsign is ±1 up to rounding, and the
// squares would overflow.
fn proximalSoftsign(x: f32, alpha: f32) -> f32 {
  let size = min(abs(x), 1.0e18);
  let rest = 1.0 - size;
  let root = sqrt(rest * rest + 4.0 * alpha * size);
  var t: f32;
  if (rest >= 0.0) {
    t = 2.0 * size / (rest + root);
  } else {
    t = (root - rest) / (2.0 * alpha);
  }
  return sign(x) * softsign(t);
}

// prox_{αf}(x) for α > 0, where σ = prox_f.
fn proximal(x: f32, alpha: f32, parameters: vec2<f32>) -> f32 {
  let value = proximalOfNumber(x, alpha, parameters);
  // For x ≥ 0 the result of elu is x for every α.
  return unlessNaN(x, select(unlessNaN(alpha, value), value, ACTIVATION == ACTIVATION_ELU && x >= 0.0));
}

fn proximalOfNumber(x: f32, alpha: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case ACTIVATION_SOFTSIGN: { return proximalSoftsign(x, alpha); }
    case ACTIVATION_ELU: {
      if (x >= 0.0) {
        return x;
      }
      return smoothProximal(x, alpha, parameters);
    }
    case ACTIVATION_TANH, ACTIVATION_SIGMOID, ACTIVATION_SOFTPLUS, ACTIVATION_ARCTAN: { return smoothProximal(x, alpha, parameters); }
    default: { return 0.0; }
  }
}
