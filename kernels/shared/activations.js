// Activations σ = prox_f. Each takes (x, a0, a1) and returns σ(x). ACTIVATIONS in src/backends/product-kernels.ts
// explains the parameters.

function activationIdentity(x, a0, a1) {
  return x;
}

function activationRelu(x, a0, a1) {
  return larger(x, 0);
}

// An odd rational approximation of degree 13 over 6, from Eigen. For |x| ≥ 7.9, tanh x rounds to ±1.
function activationTanh(x, a0, a1) {
  if (Math.abs(x) < 4e-4) {
    return x;
  }
  const t = Math.min(Math.max(x, -7.9053111), 7.9053111);
  const s = t * t;
  let p = -2.76076847742355e-16;
  p = p * s + 2.00018790482477e-13;
  p = p * s - 8.60467152213735e-11;
  p = p * s + 5.12229709037114e-8;
  p = p * s + 1.48572235717979e-5;
  p = p * s + 6.37261928875436e-4;
  p = p * s + 4.89352455891786e-3;
  let q = 1.19825839466702e-6;
  q = q * s + 1.18534705686654e-4;
  q = q * s + 2.268434632439e-3;
  q = q * s + 4.89352518554385e-3;
  return unlessNaN(x, Math.min(Math.max((t * p) / q, -1), 1));
}

// 1 / (1 + e⁻ˣ), computed from e^(−|x|), which cannot overflow.
function activationSigmoid(x, a0, a1) {
  const e = exponential(-Math.abs(x));
  if (x >= 0) {
    return 1 / (1 + e);
  }
  return e / (1 + e);
}

function activationSoftThreshold(x, a0, a1) {
  if (x > a0) {
    return x - a0;
  }
  if (x < -a0) {
    return x + a0;
  }
  return unlessNaN(x, unlessNaN(a0, 0));
}

function activationLeakyRelu(x, a0, a1) {
  if (x >= 0) {
    return x;
  }
  return a0 * x;
}

function activationClip(x, a0, a1) {
  return smaller(larger(x, a0), a1);
}

// ln(1 + eˣ) = max(x, 0) + δ(x).
function activationSoftplus(x, a0, a1) {
  return Math.max(x, 0) + softplusExcess(x, a0);
}

// δ(x) = ln(1 + e^(−|x|)), from 0 to ln 2.
function softplusExcess(x, a0) {
  return logarithmOnePlus(exponential(-Math.abs(x)));
}

function activationElu(x, a0, a1) {
  if (x >= 0) {
    return x;
  }
  return a0 * exponentialMinusOne(x);
}

// x / (1 + |x|). |x| is bounded first, since a quotient by a number near the largest may be flushed to 0.
function activationSoftsign(x, a0, a1) {
  const t = Math.min(Math.max(x, -1e9), 1e9);
  return unlessNaN(x, t / (1 + Math.abs(t)));
}

// The argument is reduced to |t| ≤ tan π/8; there the minimax polynomial is that of Cephes' atanf.
function activationArctan(x, a0, a1) {
  const size = Math.abs(x);
  let base = 0;
  let t = size;
  if (size > 2.41421356) {
    base = 1.57079633;
    t = -1 / size;
  } else if (size > 0.414213562) {
    base = 0.785398163;
    t = (size - 1) / (size + 1);
  }
  const s = t * t;
  let p = 8.05374449538e-2;
  p = p * s - 1.38776856032e-1;
  p = p * s + 1.99777106478e-1;
  p = p * s - 3.33329491539e-1;
  const angle = base + (p * s * t + t);
  if (x < 0) {
    return -angle;
  }
  return angle;
}
