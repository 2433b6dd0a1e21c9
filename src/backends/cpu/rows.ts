import { ABSENT, type RowsCall } from '../kernels.ts';

/** Operations on whole rows; see ROWS for the formulas. */
export function rows(call: RowsCall, slots: readonly Float64Array[]): void {
  const { columns, operation } = call;
  const x = slots[call.inputs[0]];
  const y = call.inputs[1] === ABSENT ? x : slots[call.inputs[1]];
  const out = slots[call.output];
  const [p0 = 0] = call.parameters;
  for (let row = 0; row < call.rows; row++) {
    const start = row * columns;
    const part = (values: Float64Array): Float64Array => values.subarray(start, start + columns);
    switch (operation) {
      case 'softmax':
        softmax(part(x), part(out));
        break;
      case 'logSoftmax':
        logSoftmax(part(x), part(out));
        break;
      case 'proximalSoftmax':
        proximalSoftmax(part(x), y[0], part(out));
        break;
      case 'standardise':
        standardise(part(x), p0, part(out));
        break;
      case 'standardiseDerivative':
        standardiseDerivative(part(x), part(y), p0, part(out));
        break;
      case 'projectSimplex':
        projectSimplex(part(x), p0, part(out));
        break;
    }
  }
}

function largestOf(x: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of x) largest = Math.max(largest, value);
  return largest;
}

function softmax(x: Float64Array, out: Float64Array): void {
  const largest = largestOf(x);
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    out[i] = Math.exp(x[i] - largest);
    total += out[i];
  }
  for (let i = 0; i < x.length; i++) out[i] /= total;
}

function logSoftmax(x: Float64Array, out: Float64Array): void {
  const largest = largestOf(x);
  let total = 0;
  for (const value of x) total += Math.exp(value - largest);
  for (let i = 0; i < x.length; i++) out[i] = x[i] - largest - Math.log(total);
}

const ENTRY_LIMIT = 40;
const PEAK_LIMIT = 60;

/**
 * s = softmax(t) with (1 − α)s + αt = x. Write wᵢ = ln sᵢ. Then tᵢ = wᵢ + κ for some κ, and the equation separates:
 * h(wᵢ) = αwᵢ + (1 − α)(e^wᵢ − 1) is xᵢ up to a number common to all i, so that h(wᵢ) = h(ω) − (max x − xᵢ), where ω is
 * the w of the largest entry. h increases on w ≤ 0, and so does Σ e^wᵢ with ω. The ω in [−ln n, 0] at which Σ e^wᵢ = 1
 * is found by Newton steps on ln Σ, and by a bisection where a step leaves the bracket.
 */
function proximalSoftmax(x: Float64Array, alpha: number, out: Float64Array): void {
  const rest = 1 - alpha;
  const largest = largestOf(x);
  const tolerance = 2 * Number.EPSILON * (1 + Math.sqrt(x.length));
  let sum = 0;
  for (const value of x) sum += Math.exp(value - largest);
  let [low, high] = [-Math.log(x.length), 0];
  let peak = Math.min(Math.max(-Math.log(sum), low), high);
  const w = x.map((value) => peak + value - largest);
  for (let iteration = 0; iteration < PEAK_LIMIT; iteration++) {
    const top = alpha * peak + rest * Math.expm1(peak);
    let weights = 0;
    sum = 0;
    for (let i = 0; i < x.length; i++) {
      w[i] = logarithmOfEntry(w[i], top + (x[i] - largest), alpha);
      const s = Math.exp(w[i]);
      sum += s;
      weights += s / (alpha + rest * s);
    }
    if (Math.abs(sum - 1) <= tolerance) break;
    if (sum > 1) high = peak;
    else low = peak;
    // d ln Σ / dω = h'(ω)·Σ (sᵢ / h'(wᵢ)) / Σ sᵢ
    let next = peak - (Math.log(sum) * sum) / ((alpha + rest * Math.exp(peak)) * weights);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === peak) break;
    peak = next;
  }
  for (let i = 0; i < x.length; i++) out[i] = Math.exp(w[i]) / sum;
}

/**
 * Solves h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0 for w ≤ 0. For α < 1, h is convex and w ≤ (c + 1 − α)/α; for α > 1, h is
 * concave and w ≥ (c + 1 − α)/α. One Newton step from there lands on the side from which all further steps approach w
 * monotonically.
 */
function logarithmOfEntry(start: number, c: number, alpha: number): number {
  const rest = 1 - alpha;
  const bound = Math.min((c + rest) / alpha, 0);
  let w = start;
  for (let iteration = 0; iteration < ENTRY_LIMIT; iteration++) {
    w = alpha < 1 ? Math.min(w, bound) : Math.min(Math.max(w, bound), 0);
    const e = Math.expm1(w);
    const change = (alpha * w + rest * e - c) / (alpha + rest * (1 + e));
    w -= change;
    // Newton's method converges quadratically: the next change would be about the square of this one.
    if (Math.abs(change) <= 1e-10) break;
  }
  return Math.min(w, 0);
}

/**
 * The mean, and 1/√(variance + ε). The mean is subtracted before squaring: E[x²] − E[x]² would cancel where numbers are
 * large and alike.
 */
function momentsOf(x: Float64Array, epsilon: number): { mean: number; scale: number } {
  let mean = 0;
  for (const value of x) mean += value / x.length;
  let variance = 0;
  for (const value of x) variance += (value - mean) ** 2 / x.length;
  return { mean, scale: 1 / Math.sqrt(variance + epsilon) };
}

function standardise(x: Float64Array, epsilon: number, out: Float64Array): void {
  const { mean, scale } = momentsOf(x, epsilon);
  for (let i = 0; i < x.length; i++) out[i] = (x[i] - mean) * scale;
}

function standardiseDerivative(x: Float64Array, g: Float64Array, epsilon: number, out: Float64Array): void {
  const { mean, scale } = momentsOf(x, epsilon);
  let total = 0;
  let along = 0;
  for (let i = 0; i < x.length; i++) {
    total += g[i];
    along += g[i] * (x[i] - mean) * scale;
  }
  for (let i = 0; i < x.length; i++) {
    out[i] = scale * (g[i] - (total + (x[i] - mean) * scale * along) / x.length);
  }
}

const THRESHOLD_LIMIT = 100;

/**
 * max(u − τ, 0) with u = x − max x and Σ max(u − τ, 0) = R, for which −R ≤ τ < 0. The sum is convex in τ, so that
 * Newton's method rises to τ from −R: this is the exact iteration of Michelot (1986), which drops the numbers below τ
 * until none is left. With g the distance of the sum from R and s the number of terms, a step turns them into g₊ and s₊
 * with g₊/g + s₊/s ≤ 1: their product falls by a factor of at least 4, and the limit is never reached.
 */
function projectSimplex(x: Float64Array, radius: number, out: Float64Array): void {
  const largest = largestOf(x);
  let threshold = -radius;
  for (let iteration = 0; iteration < THRESHOLD_LIMIT; iteration++) {
    let [sum, count] = [0, 0];
    for (const value of x) {
      const above = value - largest - threshold;
      if (!(above > 0)) continue;
      sum += above;
      count++;
    }
    const next = threshold + (sum - radius) / Math.max(count, 1);
    if (!(next > threshold)) break;
    threshold = next;
  }
  for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i] - largest - threshold, 0);
}
