// Activations σ = prox_f and prox_{αf}. Prepended to the kernels that use them.
//
// Only additions, products, quotients and bit patterns are used, so the results are within a few units in the last place
// on every adapter (the built-in exp and tanh are allowed absolute errors of 1e-5, and tanh may be NaN for a large
// argument). Every function is finite for every finite argument.

// The order of ACTIVATIONS in kernels.ts.
const IDENTITY = 0u;
const RELU = 1u;
const TANH = 2u;
const SIGMOID = 3u;
const SOFT_THRESHOLD = 4u;

// 2ⁿ for −126 ≤ n ≤ 127.
fn powerOfTwo(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// eˣ = 2ⁿ·eʳ with n = round(x / ln 2), |r| ≤ ln 2 / 2, and the minimax polynomial of Cephes' expf for eʳ.
// Saturates just below the largest float32 instead of overflowing; 0 where eˣ would be subnormal.
fn exponential(x: f32) -> f32 {
  if (x < -87.33) {
    return 0.0;
  }
  let bounded = min(x, 88.7228);
  let n = round(bounded * 1.44269504);
  // ln 2 in two parts, the first of few bits: n times it is exact.
  let r = fma(n, 2.12194440e-4, fma(n, -0.693359375, bounded));
  var p = 1.9875691500e-4;
  p = fma(p, r, 1.3981999507e-3);
  p = fma(p, r, 8.3334519073e-3);
  p = fma(p, r, 4.1665795894e-2);
  p = fma(p, r, 1.6666665459e-1);
  p = fma(p, r, 5.0000001201e-1);
  p = fma(p, r * r, r) + 1.0;
  // In two factors, since 2¹²⁸ is no float32.
  let whole = i32(n);
  let half = whole / 2;
  return p * powerOfTwo(half) * powerOfTwo(whole - half);
}

// Odd rational approximation of degree 13 over 6 (the one of Eigen); |x| ≥ 7.9 gives ±1 to rounding.
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

// 1 / (1 + e⁻ˣ); only e^(−|x|) is formed, which cannot overflow.
fn logistic(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

fn softThreshold(x: f32, threshold: f32) -> f32 {
  if (x > threshold) {
    return x - threshold;
  }
  if (x < -threshold) {
    return x + threshold;
  }
  return 0.0;
}

// σ(x); `parameter` is the threshold of softThreshold.
fn activation(kind: u32, x: f32, parameter: f32) -> f32 {
  switch (kind) {
    case RELU: { return max(x, 0.0); }
    case TANH: { return hyperbolicTangent(x); }
    case SIGMOID: { return logistic(x); }
    case SOFT_THRESHOLD: { return softThreshold(x, parameter); }
    default: { return x; }
  }
}

// σ(t), where t solves g(t) = (1 − α)σ(t) + αt − x = 0 for σ = tanh or sigmoid. g increases with slope ≥ min(1, α), and
// its zero lies where αt = x − (1 − α)s for some value s of σ: that brackets it. Newton steps, a bisection where one
// leaves the bracket.
fn smoothProximal(kind: u32, x: f32, alpha: f32) -> f32 {
  let rest = 1.0 - alpha;
  var low = (x - abs(rest)) / alpha;
  var high = (x + abs(rest)) / alpha;
  if (kind == SIGMOID) {
    low = (x - max(rest, 0.0)) / alpha;
    high = (x - min(rest, 0.0)) / alpha;
  }
  var t = clamp(x, low, high);
  var s = activation(kind, t, 0.0);
  for (var trip = 0u; trip < 40u; trip += 1u) {
    let g = rest * s + (alpha * t - x);
    if (g > 0.0) {
      high = t;
    } else {
      low = t;
    }
    let slope = select(1.0 - s * s, s * (1.0 - s), kind == SIGMOID);
    var next = t - g / (rest * slope + alpha);
    if (!(next > low && next < high)) {
      next = low + 0.5 * (high - low);
    }
    if (next == t) {
      break;
    }
    t = next;
    s = activation(kind, t, 0.0);
  }
  return s;
}

// prox_{αf}(x) for α > 0, where σ = prox_f.
fn proximal(kind: u32, x: f32, alpha: f32, parameter: f32) -> f32 {
  switch (kind) {
    case RELU: { return max(x, 0.0); }
    case TANH, SIGMOID: { return smoothProximal(kind, x, alpha); }
    case SOFT_THRESHOLD: { return softThreshold(x, alpha * parameter); }
    default: { return x; }
  }
}
