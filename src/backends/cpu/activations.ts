/** Activations σ = prox_f and prox_{αf}, in float64. */
import type { ActivationName } from '../kernels.ts';

export function sigmoid(x: number): number {
  // Both branches exponentiate a negative number, so nothing overflows.
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export function softThreshold(x: number, threshold: number): number {
  return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0;
}

/** σ(x). `parameter` is the threshold τ of softThreshold. */
export function activation(name: ActivationName, x: number, parameter: number): number {
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
      return softThreshold(x, parameter);
  }
}

/** prox_{αf}(x), where σ = prox_f. */
export function proximal(name: ActivationName, x: number, step: number, parameter: number): number {
  switch (name) {
    case 'identity':
      return x;
    case 'relu':
      return Math.max(x, 0);
    case 'softThreshold':
      return softThreshold(x, step * parameter);
    case 'tanh': {
      const reach = Math.abs(1 - step);
      return smoothProximal(Math.tanh, (s) => 1 - s * s, x, step, (x - reach) / step, (x + reach) / step);
    }
    case 'sigmoid': {
      const low = (x - Math.max(1 - step, 0)) / step;
      const high = (x - Math.min(1 - step, 0)) / step;
      return smoothProximal(sigmoid, (s) => s * (1 - s), x, step, low, high);
    }
  }
}

/**
 * σ(t), where t solves g(t) = (1 − α)σ(t) + αt − x = 0. g increases with slope ≥ min(1, α), and [low, high] brackets
 * its zero; a Newton step that leaves the bracket is replaced by a bisection.
 */
function smoothProximal(
  sigma: (t: number) => number,
  slopeFromValue: (s: number) => number,
  x: number,
  step: number,
  low: number,
  high: number,
): number {
  let t = Math.min(Math.max(x, low), high);
  for (let iteration = 0; iteration < 60; iteration++) {
    const s = sigma(t);
    const g = (1 - step) * s + step * t - x;
    if (g === 0) break;
    if (g > 0) high = t;
    else low = t;
    let next = t - g / ((1 - step) * slopeFromValue(s) + step);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === t) break;
    t = next;
  }
  return sigma(t);
}
