/** Activations σ = prox_f and prox_{αf}, in float64. */
import type { ActivationName, ActivationParameters } from '../kernels.ts';

export function sigmoid(x: number): number {
  // Both branches exponentiate a number that is not positive, so nothing overflows.
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export function softThreshold(x: number, threshold: number): number {
  // The last case is that x or the threshold is NaN.
  return x > threshold ? x - threshold : x < -threshold ? x + threshold : Math.abs(x) <= threshold ? 0 : Number.NaN;
}

export function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/** ln(1 + eˣ), computed as max(x, 0) + δ(x): nothing overflows, and both tails keep their digits. */
export function softplus(x: number): number {
  return Math.max(x, 0) + softplusExcess(x);
}

/** δ(x) = ln(1 + e^(−|x|)), from 0 to ln 2. */
function softplusExcess(x: number): number {
  return Math.log1p(Math.exp(-Math.abs(x)));
}

export function elu(x: number, alpha: number): number {
  return x >= 0 ? x : alpha * Math.expm1(x);
}

export function softsign(x: number): number {
  return Math.abs(x) === Number.POSITIVE_INFINITY ? Math.sign(x) : x / (1 + Math.abs(x));
}

/** σ(x). */
export function activation(name: ActivationName, x: number, parameters: ActivationParameters): number {
  switch (name) {
    case 'identity':
      return x;
    case 'relu':
      return Math.max(x, 0);
    case 'tanh':
      return Math.tanh(x);
    case 'sigmoid':
      return sigmoid(x);
    case 'softThreshold':
      return softThreshold(x, parameters[0]);
    case 'leakyRelu':
      return x >= 0 ? x : parameters[0] * x;
    case 'clip':
      return clip(x, parameters[0], parameters[1]);
    case 'softplus':
      return softplus(x);
    case 'elu':
      return elu(x, parameters[0]);
    case 'softsign':
      return softsign(x);
    case 'arctan':
      return Math.atan(x);
  }
}

/** prox_{αf}(x), where σ = prox_f and α is the step size. */
export function proximal(name: ActivationName, x: number, stepSize: number, parameters: ActivationParameters): number {
  const a0 = parameters[0];
  switch (name) {
    case 'identity':
    case 'relu':
    case 'clip':
      return activation(name, x, parameters);
    case 'softThreshold':
      return softThreshold(x, stepSize * a0);
    case 'leakyRelu':
      return x >= 0 ? x : (a0 / (a0 + stepSize * (1 - a0))) * x;
    case 'softsign':
      return proximalSoftsign(x, stepSize);
    case 'elu':
      return x >= 0 ? x : smoothProximal(ELU, x, stepSize, a0);
    case 'tanh':
      return smoothProximal(TANH, x, stepSize, a0);
    case 'sigmoid':
      return smoothProximal(SIGMOID, x, stepSize, a0);
    case 'softplus':
      return smoothProximal(SOFTPLUS, x, stepSize, a0);
    case 'arctan':
      return smoothProximal(ARCTAN, x, stepSize, a0);
  }
}

/**
 * An activation whose prox_{αf} is found by Newton steps: σ(t) = s(t) with s bounded, or max(t, 0) + s(t) if `ramp` is
 * true.
 */
interface Smooth {
  readonly ramp: boolean;
  /** s(t) */
  bounded(t: number, a0: number): number;
  /** σ'(t) */
  slope(t: number, s: number, a0: number): number;
  /** An interval that contains the t with (1 − α)σ(t) + αt = x. */
  bracket(x: number, step: number, a0: number): readonly [number, number];
}

/** The interval that αt = x − (1 − α)s implies, where the values s of σ range from `lowest` to `highest`. */
function bracketFromValues(x: number, step: number, lowest: number, highest: number): readonly [number, number] {
  const [p, q] = [(1 - step) * lowest, (1 - step) * highest];
  return [(x - Math.max(p, q)) / step, (x - Math.min(p, q)) / step];
}

const TANH: Smooth = {
  ramp: false,
  bounded: Math.tanh,
  slope: (_, s) => 1 - s * s,
  bracket: (x, step) => bracketFromValues(x, step, -1, 1),
};

const SIGMOID: Smooth = {
  ramp: false,
  bounded: sigmoid,
  slope: (_, s) => s * (1 - s),
  bracket: (x, step) => bracketFromValues(x, step, 0, 1),
};

const ARCTAN: Smooth = {
  ramp: false,
  bounded: Math.atan,
  slope: (t) => 1 / (1 + t * t),
  bracket: (x, step) => bracketFromValues(x, step, -Math.PI / 2, Math.PI / 2),
};

/** For x < 0, where t < 0. */
const ELU: Smooth = {
  ramp: false,
  bounded: elu,
  slope: (_, s, alpha) => s + alpha,
  bracket: (x, step, alpha) => {
    const [low, high] = bracketFromValues(x, step, -alpha, 0);
    return [low, Math.min(high, 0)];
  },
};

/** The bracket follows from 0 ≤ δ ≤ ln 2 and (t ≥ 0 ? t : αt) = x − (1 − α)δ. */
const SOFTPLUS: Smooth = {
  ramp: true,
  bounded: softplusExcess,
  slope: sigmoid,
  bracket: (x, step) => {
    const reach = (1 - step) * Math.LN2;
    const place = (y: number): number => (y >= 0 ? y : y / step);
    return [place(x - Math.max(reach, 0)), place(x - Math.min(reach, 0))];
  },
};

/**
 * σ(t), where t solves g(t) = (1 − α)σ(t) + αt − x = 0. g increases with slope ≥ min(1, α), and its zero is bracketed.
 * A Newton step that leaves the bracket is replaced by a bisection. With a ramp and t ≥ 0, (1 − α)·max(t, 0) + αt is
 * computed as t, since the sum would cancel for a large α.
 */
function smoothProximal(sigma: Smooth, x: number, step: number, a0: number): number {
  let [low, high] = sigma.bracket(x, step, a0);
  let t = clip(x, low, high);
  for (let iteration = 0; iteration < 60; iteration++) {
    const s = sigma.bounded(t, a0);
    const linear = sigma.ramp && t >= 0 ? t : step * t;
    const g = (1 - step) * s + (linear - x);
    if (g === 0) break;
    if (g > 0) high = t;
    else low = t;
    let next = t - g / ((1 - step) * sigma.slope(t, s, a0) + step);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === t) break;
    t = next;
  }
  return (sigma.ramp ? Math.max(t, 0) : 0) + sigma.bounded(t, a0);
}

/** For |x| beyond this, softsign rounds to ±1, and the squares below would overflow. */
const SOFTSIGN_REACH = 1e100;

/**
 * The function is odd in x. For x ≥ 0, σ(t) = t/(1 + t), and t is the positive root of αt² + (1 − x)t − x = 0, which is
 * computed without cancellation.
 */
function proximalSoftsign(x: number, step: number): number {
  const size = Math.min(Math.abs(x), SOFTSIGN_REACH);
  const rest = 1 - size;
  const root = Math.sqrt(rest * rest + 4 * step * size);
  const t = rest >= 0 ? (2 * size) / (rest + root) : (root - rest) / (2 * step);
  return Math.sign(x) * softsign(t);
}
