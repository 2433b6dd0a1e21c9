// The exponential cone; see cone-kernels.ts for the formulas. The largest of x, y and z has size 1.
import * as place from './cone-place';
import { exponentialOf, lengthOfThree } from './real-functions';

/** Beyond this |r|, what is found are the limits for r → ±∞. */
const FAR: f64 = 350;
/** More than the bisection needs. */
const HALVINGS: i32 = 72;
/** The width of a bracket of the root, relative to max(1, |r|), that is narrow enough for float32. */
const NARROW: f64 = 1e-13;

const INSIDE: i32 = 0;
const POLAR: i32 = 1;
/** Where the nearest point is (x⁻, y⁺, z⁺). */
const FLAT: i32 = 2;
const BOUNDARY: i32 = 3;

/** The root, with p = α(r, 1, eʳ) = v − η(1, 1 − r, −e⁻ʳ). */
let r: f64 = 0;
let alpha: f64 = 0;
let eta: f64 = 0;

/** Leaves the projection in the result of cone-place. */
export function projectExponential(x: f64, y: f64, z: f64): void {
  const region = locate(x, y, z);
  if (region === INSIDE) place.setResult(x, y, z);
  else if (region === POLAR) place.setResult(0, 0, 0);
  else if (region === FLAT) place.setResult(min<f64>(x, 0), max<f64>(y, 0), max<f64>(z, 0));
  // otherwise locate has left it there
}

/** Leaves Jh in the result of cone-place. */
export function differentiateExponential(x: f64, y: f64, z: f64, h0: f64, h1: f64, h2: f64): void {
  const near = place.tolerance;
  if (lengthOfThree(x, y, z) <= near) {
    place.setResult(place.share * h0, place.share * h1, place.share * h2);
    return;
  }
  if (x <= near && y <= near) {
    place.setResult(place.step(-x) * h0, place.step(y) * h1, place.step(z) * h2);
    return;
  }
  const region = locate(x, y, z);
  if (region === FLAT) {
    place.setResult(x < 0 ? h0 : 0, y > 0 ? h1 : 0, place.step(z) * h2);
  } else if (region === INSIDE) {
    setNormalAt(x / y);
    if (-(place.n0 * x + place.n1 * y + place.n2 * z) <= near) place.applyOnCone(h0, h1, h2);
    else place.setResult(h0, h1, h2);
  } else if (region === POLAR) {
    setRayAt(1 - y / x);
    if (-(place.p0 * x + place.p1 * y + place.p2 * z) <= near) place.applyOnPolar(h0, h1, h2);
    else place.setResult(0, 0, 0);
  } else differentiateOnBoundary(x, y, z, h0, h1, h2);
}

function differentiateOnBoundary(x: f64, y: f64, z: f64, h0: f64, h1: f64, h2: f64): void {
  setNormalAt(r);
  setRayAt(r);
  if (lengthOfThree(x - place.r0, y - place.r1, z - place.r2) <= place.tolerance) {
    place.applyOnCone(h0, h1, h2);
    return;
  }
  if (lengthOfThree(place.r0, place.r1, place.r2) <= place.tolerance) {
    place.applyOnPolar(h0, h1, h2);
    return;
  }
  place.crossRayAndNormal();
  const bend = place.w0 - r * place.w1;
  place.applyOutside(alpha / (alpha + eta * bend * bend), h0, h1, h2);
}

/** p̂ along (r, 1, eʳ). */
function setRayAt(at: f64): void {
  const e = smallPower(at);
  if (at > 0) place.setRay(at * e, e, 1);
  else place.setRay(at, 1, e);
}

/** n̂ along ∇φ = (eʳ, (1 − r)eʳ, −1). */
function setNormalAt(at: f64): void {
  const e = smallPower(at);
  if (at > 0) place.setNormal(1, 1 - at, -e);
  else place.setNormal(e, (1 - at) * e, -1);
}

/** e^{−|r|}, or 0 where that is nothing beside 1. */
function smallPower(at: f64): f64 {
  const size = abs(at);
  return size < FAR ? exponentialOf(-size) : 0;
}

/** Whether factor·e^exponent ≤ z. */
function isBelow(factor: f64, exponent: f64, z: f64): bool {
  const e = smallPower(exponent);
  return exponent > 0 ? factor <= z * e : factor * e <= z;
}

function locate(x: f64, y: f64, z: f64): i32 {
  if (y > 0 && isBelow(y, x / y, z)) return INSIDE;
  if (x > 0 && isBelow(x, y / x - 1, -z)) return POLAR;
  if (x <= 0 && y <= 0) return FLAT;
  let low: f64 = -FAR;
  let high: f64 = FAR;
  if (x > 0) low = max(low, 1 - y / x);
  if (y < 0) low = max(low, x / y);
  if (x < 0) high = min(high, 1 - y / x);
  if (y > 0) high = min(high, x / y);
  if (low >= FAR || high <= -FAR) return FLAT;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = low + (high - low) * 0.5;
    if (isBeforeRoot(middle, x, y, z)) low = middle;
    else high = middle;
    if (high - low <= NARROW * max<f64>(1, abs(middle))) break;
  }
  setBoundary(low + (high - low) * 0.5, x, y, z);
  return BOUNDARY;
}

/** Whether αeʳ − ηe⁻ʳ < z, after a multiplication by e^{−|r|}(r² − r + 1). */
function isBeforeRoot(at: f64, x: f64, y: f64, z: f64): bool {
  const e = smallPower(at);
  const a = (at - 1) * x + y;
  const b = x - at * y;
  const rest = z * e * (at * at - at + 1);
  return at > 0 ? a - b * e * e < rest : a * e * e - b < rest;
}

/** Of the two forms of p, and of α and η, those that do not cancel. */
function setBoundary(root: f64, x: f64, y: f64, z: f64): void {
  const e = smallPower(root);
  const square = root * root - root + 1;
  r = root;
  if (root > 0) {
    eta = max<f64>((x - root * y) / square, 0);
    const height = max<f64>(z + eta * e, 0);
    alpha = height * e;
    place.setResult(x - eta, y - (1 - root) * eta, height);
  } else {
    alpha = max<f64>(((root - 1) * x + y) / square, 0);
    eta = max<f64>((alpha * e - z) * e, 0);
    place.setResult(alpha * root, alpha, alpha * e);
  }
}
