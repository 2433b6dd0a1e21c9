/** The second-order cone t ≥ ‖u‖; see cone-kernels.ts for the formulas. */
import { type ConeRule, dot, type Place } from './rule.ts';

const lengthOf = (u: Float64Array): number => Math.hypot(...u);

export const SECOND_ORDER: ConeRule = {
  project(v, out) {
    const [t, r] = [v[0], lengthOf(v.subarray(1))];
    if (r <= t) out.set(v);
    else if (r <= -t) out.fill(0);
    else {
      const half = (t + r) / 2;
      for (let i = 1; i < v.length; i++) out[i] = (half * v[i]) / r;
      out[0] = half;
    }
  },
  differentiate(place, h, out) {
    const { v, tolerance, q } = place;
    const u = v.subarray(1);
    const [t, r] = [v[0], lengthOf(u)];
    if (Math.hypot(t, r) <= tolerance) scale(h, q, out);
    else if (r > 0 && Math.abs(t - r) <= Math.SQRT2 * tolerance) addRank(h, 1, place, -1, q - 1, out);
    else if (r > 0 && Math.abs(t + r) <= Math.SQRT2 * tolerance) addRank(h, 0, place, 1, q, out);
    else if (r <= t) out.set(h);
    else if (r <= -t) out.fill(0);
    else {
      const along = dot(u, h.subarray(1)) / r;
      for (let i = 1; i < v.length; i++) {
        out[i] = ((h[0] - (t / r) * along) * (v[i] / r) + (1 + t / r) * h[i]) / 2;
      }
      out[0] = (h[0] + along) / 2;
    }
  },
};

function scale(h: Float64Array, factor: number, out: Float64Array): void {
  for (let i = 0; i < h.length; i++) out[i] = factor * h[i];
}

/** factor·h + d·aaᵀh with a = (1, sign·u/r)/√2 */
function addRank(h: Float64Array, factor: number, { v }: Place, sign: number, d: number, out: Float64Array): void {
  const r = lengthOf(v.subarray(1));
  const a = v.map((value, i) => (i === 0 ? 1 : (sign * value) / r) / Math.SQRT2);
  const along = dot(a, h);
  for (let i = 0; i < h.length; i++) out[i] = factor * h[i] + d * along * a[i];
}
