/** The power cone x^α·y^{1−α} ≥ |z|, x, y ≥ 0; see cone-kernels.ts for the formulas. */
import { combine, cross, scalar, type Triple, unit } from './boundary.ts';
import { type ConeRule, type Place, step } from './rule.ts';

/** A |z| below this is 0: the projection moves by no more. */
const SMALLEST = 1e-150;
/** r is at no less than e^{−FAR}·|z| from 0 and from |z|. */
const FAR = 340;

interface Boundary {
  readonly kind: 'boundary';
  readonly p: Triple;
  /** r, and μ = |z| − r. */
  readonly r: number;
  readonly mu: number;
}
type Region = { readonly kind: 'inside' } | { readonly kind: 'polar' } | { readonly kind: 'flat' } | Boundary;

export const POWER: ConeRule = {
  project([x, y, z], out, { alpha }) {
    const region = locate([x, y, z], alpha);
    if (region.kind === 'inside') out.set([x, y, z]);
    else if (region.kind === 'polar') out.fill(0);
    else if (region.kind === 'flat') out.set([Math.max(x, 0), Math.max(y, 0), 0]);
    else out.set(region.p);
  },
  differentiate(place, h, out, { alpha }) {
    out.set(derivativeAt(place, [h[0], h[1], h[2]], alpha));
  },
};

function derivativeAt(place: Place, h: Triple, alpha: number): Triple {
  const { tolerance, q } = place;
  const v: Triple = [place.v[0], place.v[1], place.v[2]];
  const [x, y, z] = v;
  if (Math.hypot(x, y, z) <= tolerance) return combine(h, q);
  const isPositive = x > tolerance && y > tolerance;
  const isNegative = x < -tolerance && y < -tolerance;
  if (Math.abs(z) <= Math.max(tolerance, SMALLEST) && !isPositive && !isNegative) {
    return [step(x, place) * h[0], step(y, place) * h[1], q * h[2]];
  }
  const region = locate(v, alpha);
  switch (region.kind) {
    case 'flat':
      return [x > 0 ? h[0] : 0, y > 0 ? h[1] : 0, q * h[2]];
    case 'inside': {
      const normal = normalOf(x, y, power(x, y, alpha), z, alpha);
      return -scalar(normal, v) <= tolerance ? combine(h, 1, [q - 1, normal]) : h;
    }
    case 'polar': {
      // The ray that is orthogonal to v where −v is on the boundary of K*.
      const size = power(-x / alpha, -y / (1 - alpha), alpha);
      const opposite = normalOf(-x, -y, size, z, alpha);
      const ray: Triple = [-opposite[0], -opposite[1], opposite[2]];
      return -scalar(ray, v) <= tolerance ? combine(h, 0, [q, ray]) : [0, 0, 0];
    }
    case 'boundary':
      return onBoundary(region, v, place, h, alpha);
  }
}

function onBoundary({ p, r, mu }: Boundary, v: Triple, { tolerance, q }: Place, h: Triple, alpha: number): Triple {
  const [normal, ray] = [normalOf(p[0], p[1], r, v[2], alpha), unit(p)];
  if (Math.hypot(v[0] - p[0], v[1] - p[1], v[2] - p[2]) <= tolerance) return combine(h, 1, [q - 1, normal]);
  if (Math.hypot(...p) <= tolerance) return combine(h, 0, [q, ray]);
  const side = cross(ray, normal);
  // ∇²φ = α(1 − α)r·(1/x, −1/y)(1/x, −1/y)ᵀ on (x, y)
  const bend = r * (side[0] / p[0] - side[1] / p[1]);
  return combine(h, 0, [1, ray], [r / (r + mu * alpha * (1 - alpha) * bend * bend), side]);
}

/** n̂ = ∇φ/‖∇φ‖ with ∇φ = (−αr/x, −(1 − α)r/y, sign z) */
function normalOf(x: number, y: number, r: number, z: number, alpha: number): Triple {
  return unit([(-alpha * r) / x, (-(1 - alpha) * r) / y, z < 0 ? -1 : 1]);
}

/** x^α·y^{1−α} */
function power(x: number, y: number, alpha: number): number {
  return x ** alpha * y ** (1 - alpha);
}

function locate([x, y, z]: Triple, alpha: number): Region {
  const size = Math.abs(z);
  if (x >= 0 && y >= 0 && power(x, y, alpha) >= size) return { kind: 'inside' };
  if (x <= 0 && y <= 0 && power(-x / alpha, -y / (1 - alpha), alpha) >= size) return { kind: 'polar' };
  if (size < SMALLEST) return { kind: 'flat' };
  return findRoot(x, y, z, alpha);
}

/** Bisection for τ with r = |z|/(1 + e^{−τ}) and μ = |z|/(1 + e^τ), so that neither loses its relative precision. */
function findRoot(x: number, y: number, z: number, alpha: number): Boundary {
  const size = Math.abs(z);
  const at = (tau: number): Boundary => {
    const [r, mu] = [size / (1 + Math.exp(-tau)), size / (1 + Math.exp(tau))];
    const point = [firstOf(x, alpha * r * mu), firstOf(y, (1 - alpha) * r * mu), z < 0 ? -r : r] as const;
    return { kind: 'boundary', p: point, r, mu };
  };
  let [low, high] = [-FAR, FAR];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) return at(middle);
    const { p, r } = at(middle);
    // X^α·Y^{1−α} > r holds before the root.
    if (alpha * Math.log(p[0]) + (1 - alpha) * Math.log(p[1]) > Math.log(r)) low = middle;
    else high = middle;
  }
}

/** The positive root X of X² = xX + product, of the two forms the one that does not cancel. */
function firstOf(x: number, product: number): number {
  const root = Math.sqrt(x * x + 4 * product);
  return x < 0 ? (2 * product) / (root - x) : (x + root) / 2;
}
