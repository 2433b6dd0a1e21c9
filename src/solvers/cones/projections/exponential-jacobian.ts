/**
 * The conservative Jacobian of the projection onto the exponential cone. With φ = y·e^{x/y} − z, ∇φ = (eʳ, (1 − r)eʳ, −1)
 * and ŵᵀ∇²φŵ = (eʳ/y)(ŵ₀ − rŵ₁)², and μ = ηe⁻ʳ, so that μŵᵀ∇²φŵ = (η/α)(ŵ₀ − rŵ₁)².
 *
 * The boundaries of K and of −K* are smooth but for the apex and four rays. At those the elements near by have limits,
 * as r → ±∞: p̂ → (0, 0, 1), n̂ → (0, −1, 0) at +∞, p̂ → (−1, 0, 0), n̂ → (0, 0, −1) at −∞, and κ → any of [0, 1].
 */

import type { ExponentialPoint } from './exponential.ts';
import {
  boundarySpectrum,
  diagonalSpectrum,
  polarBoundarySpectrum,
  type Spectrum,
  surfaceSpectrum,
  type Triple,
  UNDEFINED_SPECTRUM,
} from './spectrum.ts';

/** Of the projection of (x, y, z), which is `point`. */
export function exponentialSpectrum(
  x: number,
  y: number,
  z: number,
  point: ExponentialPoint,
  tolerance: number,
): Spectrum {
  if (point.region === 'nowhere') return UNDEFINED_SPECTRUM;
  return (
    apexOrRay(x, y, z, tolerance) ??
    flatFace(x, y, z, tolerance) ??
    smoothBoundary(x, y, z, point, tolerance) ??
    smoothSpectrum(z, point)
  );
}

/** Where J is smooth. */
function smoothSpectrum(z: number, { region, ratio, alpha, eta }: ExponentialPoint): Spectrum {
  if (region === 'cone') return diagonalSpectrum([1, 1, 1]);
  if (region === 'polar') return diagonalSpectrum([0, 0, 0]);
  if (region === 'face') return diagonalSpectrum([1, 0, z > 0 ? 1 : 0]);
  return surfaceSpectrum(rayOf(ratio), normalOf(ratio), ([first, second]) => {
    const curvature = eta * (first - ratio * second) ** 2;
    return alpha === 0 && curvature === 0 ? 1 : alpha / (alpha + curvature);
  });
}

/** A positive multiple of p = α(r, 1, eʳ). */
function rayOf(ratio: number): Triple {
  const decay = Math.exp(-Math.abs(ratio));
  return ratio > 0 ? [ratio * decay, decay, 1] : [ratio, 1, decay];
}

/** A positive multiple of ∇φ. */
function normalOf(ratio: number): Triple {
  const decay = Math.exp(-Math.abs(ratio));
  return ratio > 0 ? [1, 1 - ratio, -decay] : [decay, (1 - ratio) * decay, -1];
}

/** At the apex and at the rays J_min and J_max are limits of elements near by, and differ by more than rank one. */
function apexOrRay(x: number, y: number, z: number, tolerance: number): Spectrum | undefined {
  const interval = (lower: Triple, upper: Triple, distance: number): Spectrum | undefined =>
    distance <= tolerance ? diagonalSpectrum(lower, upper, { kind: 'interval', distance }) : undefined;
  return (
    interval([0, 0, 0], [1, 1, 1], Math.hypot(x, y, z)) ??
    // Edges of K: x < 0 = y = z, and x = y = 0 < z.
    (x < 0 ? interval([1, 0, 0], [1, 1, 1], Math.hypot(y, z)) : undefined) ??
    (z > 0 ? interval([0, 0, 1], [1, 1, 1], Math.hypot(x, y)) : undefined) ??
    // Edges of −K*: y < 0 = x = z, and x = y = 0 > z.
    (y < 0 ? interval([0, 0, 0], [1, 0, 1], Math.hypot(x, z)) : undefined) ??
    (z < 0 ? interval([0, 0, 0], [1, 1, 0], Math.hypot(x, y)) : undefined)
  );
}

/** Where the projection is (x, 0, z⁺), and at the borders of this region, J is diagonal. */
function flatFace(x: number, y: number, z: number, tolerance: number): Spectrum | undefined {
  const segment = (lower: Triple, upper: Triple, signed: number): Spectrum | undefined =>
    Math.abs(signed) <= tolerance
      ? diagonalSpectrum(lower, upper, { kind: 'segment', distance: Math.abs(signed) })
      : undefined;
  const height = z > 0 ? 1 : 0;
  return (
    (x < 0 && z > 0 ? segment([1, 0, 1], [1, 1, 1], y) : undefined) ??
    (x < 0 && y < 0 ? segment([1, 0, 0], [1, 0, 1], z) : undefined) ??
    (y < 0 ? segment([0, 0, height], [1, 0, height], x) : undefined)
  );
}

/** At the smooth boundaries of K and of −K*. */
function smoothBoundary(
  x: number,
  y: number,
  z: number,
  point: ExponentialPoint,
  tolerance: number,
): Spectrum | undefined {
  const { region } = point;
  if (region === 'surface') {
    const fromCone = Math.hypot(x - point.x, y - point.y, z - point.z);
    const fromPolar = Math.hypot(point.x, point.y, point.z);
    if (fromCone <= tolerance && fromPolar <= tolerance) {
      return diagonalSpectrum([0, 0, 0], [1, 1, 1], { kind: 'interval', distance: Math.hypot(x, y, z) });
    }
    if (fromCone <= tolerance) return boundarySpectrum(normalOf(point.ratio), fromCone);
    if (fromPolar <= tolerance) return polarBoundarySpectrum(rayOf(point.ratio), fromPolar);
  }
  if (region === 'cone' && y > 0) {
    const distance = depthInCone(x, y, z);
    if (distance <= tolerance) return boundarySpectrum(normalOf(x / y), distance);
  }
  if (region === 'polar' && x > 0) {
    const distance = depthInPolar(x, y, z);
    if (distance <= tolerance) return polarBoundarySpectrum(rayOf(1 - y / x), distance);
  }
  return undefined;
}

/**
 * How far (x, y, z) is inside of K: at most z − y·e^{x/y}, along z, which is good where z is as small as the depth; and,
 * to first order, |φ|/‖∇φ‖ of φ = x − y·log(z/y). That is never less than the distance either, since φ is convex.
 */
function depthInCone(x: number, y: number, z: number): number {
  const level = Math.log(z) - Math.log(y);
  return Math.min(z - y * Math.exp(x / y), (y * level - x) / Math.hypot(1, 1 - level, y / z));
}

/** The same of −K*, with −z − x·e^{y/x − 1} and φ = y − x − x·log(−z/x). */
function depthInPolar(x: number, y: number, z: number): number {
  const level = Math.log(-z) - Math.log(x);
  return Math.min(-z - x * Math.exp(y / x - 1), (x * level + x - y) / Math.hypot(level, 1, x / z));
}
