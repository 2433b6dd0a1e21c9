// The power cone; see cone-kernels.ts for the formulas. The largest of x, y and z has size 1.
import * as place from './cone-place';
import { exponentialOf, lengthOfThree, logarithmOf } from './real-functions';

/** A number below this is 0. */
const SMALLEST: f64 = 1e-100;
/** r is at no less than e^{−FAR}·|z| from 0 and from |z|. */
const FAR: f64 = 230;
const HALVINGS: i32 = 72;
/** The width of a bracket of τ that is narrow enough for float32. */
const NARROW: f64 = 1e-13;

const INSIDE: i32 = 0;
const POLAR: i32 = 1;
/** Where the nearest point is (x⁺, y⁺, 0). */
const FLAT: i32 = 2;
const BOUNDARY: i32 = 3;

/** The root r, and μ = |z| − r. */
let r: f64 = 0;
let mu: f64 = 0;

/** Leaves the projection in the result of cone-place. */
export function projectPower(x: f64, y: f64, z: f64, alpha: f64): void {
  const region = locate(x, y, z, alpha);
  if (region === INSIDE) place.setResult(x, y, z);
  else if (region === POLAR) place.setResult(0, 0, 0);
  else if (region === FLAT) place.setResult(max<f64>(x, 0), max<f64>(y, 0), 0);
  // otherwise locate has left it there
}

/** Leaves Jh in the result of cone-place. */
export function differentiatePower(x: f64, y: f64, z: f64, h0: f64, h1: f64, h2: f64, alpha: f64): void {
  const near = place.tolerance;
  const q = place.share;
  if (lengthOfThree(x, y, z) <= near) {
    place.setResult(q * h0, q * h1, q * h2);
    return;
  }
  if (abs(z) <= max(near, SMALLEST) && !(x > near && y > near) && !(x < -near && y < -near)) {
    place.setResult(place.step(x) * h0, place.step(y) * h1, q * h2);
    return;
  }
  const region = locate(x, y, z, alpha);
  if (region === FLAT) {
    place.setResult(x > 0 ? h0 : 0, y > 0 ? h1 : 0, q * h2);
  } else if (region === INSIDE) {
    setNormalAt(x, y, power(x, y, alpha), z, alpha);
    if (-(place.n0 * x + place.n1 * y + place.n2 * z) <= near) place.applyOnCone(h0, h1, h2);
    else place.setResult(h0, h1, h2);
  } else if (region === POLAR) {
    setNormalAt(-x, -y, power(-x / alpha, -y / (1 - alpha), alpha), z, alpha);
    place.setRay(-place.n0, -place.n1, place.n2);
    if (-(place.p0 * x + place.p1 * y + place.p2 * z) <= near) place.applyOnPolar(h0, h1, h2);
    else place.setResult(0, 0, 0);
  } else differentiateOnBoundary(x, y, z, h0, h1, h2, alpha);
}

function differentiateOnBoundary(x: f64, y: f64, z: f64, h0: f64, h1: f64, h2: f64, alpha: f64): void {
  const first = place.r0;
  const second = place.r1;
  setNormalAt(first, second, r, z, alpha);
  place.setRay(first, second, place.r2);
  if (lengthOfThree(x - first, y - second, z - place.r2) <= place.tolerance) {
    place.applyOnCone(h0, h1, h2);
    return;
  }
  if (lengthOfThree(first, second, place.r2) <= place.tolerance) {
    place.applyOnPolar(h0, h1, h2);
    return;
  }
  place.crossRayAndNormal();
  const bend = r * (place.w0 / first - place.w1 / second);
  place.applyOutside(r / (r + mu * alpha * (1 - alpha) * bend * bend), h0, h1, h2);
}

/** n̂ along ∇φ = (−αr/x, −(1 − α)r/y, sign z). */
function setNormalAt(x: f64, y: f64, size: f64, z: f64, alpha: f64): void {
  place.setNormal((-alpha * size) / x, (-(1 - alpha) * size) / y, z < 0 ? -1 : 1);
}

/** x^α·y^{1−α} for x, y ≥ 0. */
function power(x: f64, y: f64, alpha: f64): f64 {
  if (x < SMALLEST || y < SMALLEST) return 0;
  const whole = alpha * logarithmOf(x) + (1 - alpha) * logarithmOf(y);
  // The product may exceed 1 where x and y are divided by α and 1 − α.
  return whole > 0 ? 1 / exponentialOf(-whole) : exponentialOf(whole);
}

function locate(x: f64, y: f64, z: f64, alpha: f64): i32 {
  const size = abs(z);
  if (x >= 0 && y >= 0 && power(x, y, alpha) >= size) return INSIDE;
  if (x <= 0 && y <= 0 && power(-x / alpha, -y / (1 - alpha), alpha) >= size) return POLAR;
  if (size < SMALLEST) return FLAT;
  let low: f64 = -FAR;
  let high: f64 = FAR;
  for (let halving = 0; halving < HALVINGS && high - low > NARROW; halving++) {
    const middle = low + (high - low) * 0.5;
    setPoint(middle, x, y, z, alpha);
    if (power(place.r0, place.r1, alpha) > r) low = middle;
    else high = middle;
  }
  setPoint(low + (high - low) * 0.5, x, y, z, alpha);
  return BOUNDARY;
}

/** The point for r = |z|/(1 + e^{−τ}) and μ = |z|/(1 + e^τ). */
function setPoint(tau: f64, x: f64, y: f64, z: f64, alpha: f64): void {
  const e = exponentialOf(-abs(tau));
  const small = (abs(z) * e) / (1 + e);
  const large = abs(z) / (1 + e);
  r = tau > 0 ? large : small;
  mu = tau > 0 ? small : large;
  place.setResult(firstOf(x, alpha * r * mu), firstOf(y, (1 - alpha) * r * mu), z < 0 ? -r : r);
}

/** The positive root X of X² = xX + product, of the two forms the one that does not cancel. */
function firstOf(x: f64, product: f64): f64 {
  const root = sqrt<f64>(x * x + 4 * product);
  return x < 0 ? (2 * product) / (root - x) : (x + root) * 0.5;
}
