/** The exponential cone, the closure of {y > 0, y·e^{x/y} ≤ z}; see cone-kernels.ts for the formulas. */
import { combine, cross, scalar, type Triple, unit } from './boundary.ts';
import { type ConeRule, type Place, step } from './rule.ts';

/** Beyond this |r|, e^{−|r|} is nothing beside 1: what is found there are the limits for r → ±∞. */
const FAR = 700;

interface Boundary {
  readonly kind: 'boundary';
  readonly r: number;
  /** p = α(r, 1, eʳ) = v − η(1, 1 − r, −e⁻ʳ) */
  readonly alpha: number;
  readonly eta: number;
  readonly p: Triple;
}

/** Where v is: in K, in −K*, where the nearest point is (x⁺ or x, y, z⁺), or elsewhere outside of K. */
type Region = { readonly kind: 'inside' } | { readonly kind: 'polar' } | { readonly kind: 'flat' } | Boundary;

export const EXPONENTIAL: ConeRule = {
  project([x, y, z], out) {
    const region = locate([x, y, z]);
    if (region.kind === 'inside') out.set([x, y, z]);
    else if (region.kind === 'polar') out.fill(0);
    else if (region.kind === 'flat') out.set([Math.min(x, 0), Math.max(y, 0), Math.max(z, 0)]);
    else out.set(region.p);
  },
  differentiate(place, h, out) {
    out.set(derivativeAt(place, [h[0], h[1], h[2]]));
  },
};

function derivativeAt(place: Place, h: Triple): Triple {
  const { tolerance, q } = place;
  const v: Triple = [place.v[0], place.v[1], place.v[2]];
  const [x, y, z] = v;
  if (Math.hypot(x, y, z) <= tolerance) return combine(h, q);
  if (x <= tolerance && y <= tolerance) return diagonal(place, h);
  const region = locate(v);
  switch (region.kind) {
    case 'flat':
      return [x < 0 ? h[0] : 0, y > 0 ? h[1] : 0, step(z, place) * h[2]];
    case 'inside': {
      const normal = normalOf(x / y);
      return -scalar(normal, v) <= tolerance ? combine(h, 1, [q - 1, normal]) : h;
    }
    case 'polar': {
      const ray = rayOf(1 - y / x);
      return -scalar(ray, v) <= tolerance ? combine(h, 0, [q, ray]) : [0, 0, 0];
    }
    case 'boundary':
      return onBoundary(region, v, place, h);
  }
}

/** Where x, y ≤ 0, and within the tolerance of it. */
function diagonal(place: Place, h: Triple): Triple {
  const [x, y, z] = place.v;
  return [step(-x, place) * h[0], step(y, place) * h[1], step(z, place) * h[2]];
}

function onBoundary({ r, alpha, eta, p }: Boundary, v: Triple, { tolerance, q }: Place, h: Triple): Triple {
  const [normal, ray] = [normalOf(r), rayOf(r)];
  if (Math.hypot(v[0] - p[0], v[1] - p[1], v[2] - p[2]) <= tolerance) return combine(h, 1, [q - 1, normal]);
  if (Math.hypot(...p) <= tolerance) return combine(h, 0, [q, ray]);
  const side = cross(ray, normal);
  // ∇²φ = (eʳ/y)·(1, −r)(1, −r)ᵀ on (x, y), μ = ηe⁻ʳ and y = α.
  const bend = side[0] - r * side[1];
  return combine(h, 0, [1, ray], [alpha / (alpha + eta * bend * bend), side]);
}

/** The unit vector along (r, 1, eʳ). */
function rayOf(r: number): Triple {
  const e = Math.exp(-Math.abs(r));
  return unit(r > 0 ? [r * e, e, 1] : [r, 1, e]);
}

/** n̂ = ∇φ/‖∇φ‖ with ∇φ = (eʳ, (1 − r)eʳ, −1). */
function normalOf(r: number): Triple {
  const e = Math.exp(-Math.abs(r));
  if (e === 0) return r > 0 ? unit([1, 1 - r, 0]) : [0, 0, -1];
  return unit(r > 0 ? [1, 1 - r, -e] : [e, (1 - r) * e, -1]);
}

function locate([x, y, z]: Triple): Region {
  if (y > 0 && isBelow(y, x / y, z)) return { kind: 'inside' };
  // −v is in K*: x > 0 and x·e^{y/x − 1} ≤ −z
  if (x > 0 && isBelow(x, y / x - 1, -z)) return { kind: 'polar' };
  if (x <= 0 && y <= 0) return { kind: 'flat' };
  return findRoot(x, y, z);
}

/** Whether factor·e^exponent ≤ z. */
function isBelow(factor: number, exponent: number, z: number): boolean {
  return exponent > 0 ? factor <= z * Math.exp(-exponent) : factor * Math.exp(exponent) <= z;
}

/** The root r of αeʳ − ηe⁻ʳ = z, of which the left side increases where α, η > 0. */
function findRoot(x: number, y: number, z: number): Region {
  let low = Math.max(-FAR, x > 0 ? 1 - y / x : -FAR, y < 0 ? x / y : -FAR);
  let high = Math.min(FAR, x < 0 ? 1 - y / x : FAR, y > 0 ? x / y : FAR);
  if (low >= FAR || high <= -FAR) return { kind: 'flat' };
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    if (isBeforeRoot(middle, x, y, z)) low = middle;
    else high = middle;
  }
  return boundaryAt(low + (high - low) / 2, x, y, z);
}

/** Whether the left side is less than z, after a multiplication by e^{−|r|}(r² − r + 1). */
function isBeforeRoot(r: number, x: number, y: number, z: number): boolean {
  const e = Math.exp(-Math.abs(r));
  const [a, b] = [(r - 1) * x + y, x - r * y];
  const rest = z * e * (r * r - r + 1);
  return r > 0 ? a - b * e * e < rest : a * e * e - b < rest;
}

/** Of the two forms of p, and of α and η, those that do not cancel. */
function boundaryAt(r: number, x: number, y: number, z: number): Boundary {
  const e = Math.exp(-Math.abs(r));
  const square = r * r - r + 1;
  if (r > 0) {
    const eta = Math.max((x - r * y) / square, 0);
    const p: Triple = [x - eta, y - (1 - r) * eta, Math.max(z + eta * e, 0)];
    return { kind: 'boundary', r, alpha: p[2] * e, eta, p };
  }
  const alpha = Math.max(((r - 1) * x + y) / square, 0);
  return { kind: 'boundary', r, alpha, eta: Math.max((alpha * e - z) * e, 0), p: [alpha * r, alpha, alpha * e] };
}
