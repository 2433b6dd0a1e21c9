// prox_{αf}(x) for α > 0 and the activations σ = prox_f of activations.js. Each function takes (x, alpha, a0, a1). For
// identity, relu and clip, prox_{αf} is σ itself.

function proximalIdentity(x, alpha, a0, a1) {
  return x;
}

function proximalRelu(x, alpha, a0, a1) {
  return larger(x, 0);
}

function proximalClip(x, alpha, a0, a1) {
  return activationClip(x, a0, a1);
}

function proximalSoftThreshold(x, alpha, a0, a1) {
  return activationSoftThreshold(x, alpha * a0, a1);
}

function proximalLeakyRelu(x, alpha, a0, a1) {
  return activationLeakyRelu(x, a0 / (a0 + alpha * (1 - a0)), a1);
}

// The function is odd in x. For x ≥ 0, σ(t) = t / (1 + t), and t is the positive root of αt² + (1 − x)t − x = 0, which
// is computed without cancellation. |x| is bounded first: beyond the bound, softsign rounds to ±1, and the squares
// would overflow.
function proximalSoftsign(x, alpha, a0, a1) {
  const size = Math.min(Math.abs(x), 1e18);
  const rest = 1 - size;
  const root = Math.sqrt(rest * rest + 4 * alpha * size);
  let t = 0;
  if (rest >= 0) {
    t = (2 * size) / (rest + root);
  } else {
    t = (root - rest) / (2 * alpha);
  }
  const value = activationSoftsign(t, a0, a1);
  if (x < 0) {
    return unlessNaN(alpha, -value);
  }
  return unlessNaN(x, unlessNaN(alpha, value));
}

function proximalTanh(x, alpha, a0, a1) {
  return smoothProximal(x, alpha, a0, -1, 1, 3e38, 0);
}

function proximalSigmoid(x, alpha, a0, a1) {
  return smoothProximal(x, alpha, a0, 0, 1, 3e38, 0);
}

function proximalArctan(x, alpha, a0, a1) {
  return smoothProximal(x, alpha, a0, -1.57079633, 1.57079633, 3e38, 0);
}

function proximalSoftplus(x, alpha, a0, a1) {
  return smoothProximal(x, alpha, a0, 0, 0.693147181, 3e38, 1);
}

function proximalElu(x, alpha, a0, a1) {
  if (x >= 0) {
    return x;
  }
  return smoothProximal(x, alpha, a0, -a0, 0, 0, 0);
}

// σ(t), where t ≤ `ceiling` solves g(t) = (1 − α)σ(t) + αt − x = 0. σ has a bounded part s, `boundedPart`, with values
// from `lowest` to `highest`; if `ramp` is 1 (softplus), max(t, 0) is added to it. `smoothSlope` is σ'. g increases
// with slope ≥ min(1, α), and αt = x − (1 − α)s brackets its zero. Newton steps are taken, and a bisection where one
// would leave the bracket. With a ramp and t ≥ 0, (1 − α)·max(t, 0) + αt is computed as t, since the sum would cancel
// for a large α.
function smoothProximal(given, alpha, a0, lowest, highest, ceiling, ramp) {
  // This keeps the bracket finite, and does not change the result.
  const x = Math.min(Math.max(given, -1e30), 1e30);
  const rest = 1 - alpha;
  let low = proximalPlace(x - Math.max(rest * lowest, rest * highest), alpha, ramp);
  let high = Math.min(proximalPlace(x - Math.min(rest * lowest, rest * highest), alpha, ramp), ceiling);
  let t = Math.min(Math.max(x, low), high);
  let s = boundedPart(t, a0);
  for (let trip = 0; trip < 40; trip++) {
    let linear = alpha * t;
    if (ramp > 0 && t >= 0) {
      linear = t;
    }
    const g = rest * s + (linear - x);
    if (g > 0) {
      high = t;
    } else {
      low = t;
    }
    let next = t - g / (rest * smoothSlope(t, s, a0) + alpha);
    if (!(next > low && next < high)) {
      next = low + 0.5 * (high - low);
    }
    if (next === t) {
      break;
    }
    t = next;
    s = boundedPart(t, a0);
  }
  let value = s;
  if (ramp > 0) {
    value = Math.max(t, 0) + s;
    if (given > 1e30) {
      value = given;
    }
  }
  return unlessNaN(given, unlessNaN(alpha, value));
}

// The t with αt = y; with a ramp, the t with (t ≥ 0 ? t : αt) = y.
function proximalPlace(y, alpha, ramp) {
  if (ramp > 0 && y >= 0) {
    return y;
  }
  return y / alpha;
}

// Bounded parts, which take (t, a0), and the slopes σ', which take (t, s, a0), where s is the bounded part at t.

function boundedTanh(t, a0) {
  return activationTanh(t, a0, 0);
}

function slopeOfTanh(t, s, a0) {
  return 1 - s * s;
}

function boundedSigmoid(t, a0) {
  return activationSigmoid(t, a0, 0);
}

function slopeOfSigmoid(t, s, a0) {
  return s * (1 - s);
}

function slopeOfSoftplusExcess(t, s, a0) {
  return activationSigmoid(t, a0, 0);
}

// For t < 0.
function boundedElu(t, a0) {
  return activationElu(t, a0, 0);
}

function slopeOfElu(t, s, a0) {
  return s + a0;
}

function boundedArctan(t, a0) {
  return activationArctan(t, a0, 0);
}

function slopeOfArctan(t, s, a0) {
  return arctanSlope(t);
}

// 1 / (1 + t²), computed from 1/t for |t| > 1, where t² might overflow.
function arctanSlope(t) {
  const size = Math.abs(t);
  if (size > 1) {
    const r = 1 / size;
    return (r * r) / (1 + r * r);
  }
  return 1 / (1 + size * size);
}
