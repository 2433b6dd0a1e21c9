/**
 * The conservative Jacobian of the projection onto the power cone. With φ = |z| − x^α y^{1−α} and g = (αr/x, (1 − α)r/y),
 * ∇φ = (−g₀, −g₁, sign z), and μŵᵀ∇²φŵ = (μ/r)·α(1 − α)(ŵ₀g₀/α − ŵ₁g₁/(1 − α))². At the edges only bounds of J are known.
 */

import type { PowerPoint } from './power.ts';
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
export function powerSpectrum(
  alpha: number,
  x: number,
  y: number,
  z: number,
  point: PowerPoint,
  tolerance: number,
): Spectrum {
  if (point.region === 'nowhere') return UNDEFINED_SPECTRUM;
  return (
    apexOrEdge(x, y, z, tolerance) ??
    smoothBoundary(alpha, x, y, z, point, tolerance) ??
    smoothSpectrum(alpha, x, y, z, point)
  );
}

/** Where J is smooth. */
function smoothSpectrum(alpha: number, x: number, y: number, z: number, point: PowerPoint): Spectrum {
  if (point.region === 'cone') return diagonalSpectrum([1, 1, 1]);
  if (point.region === 'polar') return diagonalSpectrum([0, 0, 0]);
  if (point.region === 'edge') return diagonalSpectrum([x > 0 ? 1 : 0, y > 0 ? 1 : 0, 0]);
  const { share, rest, slopeX, slopeY } = point;
  return surfaceSpectrum(rayOf(alpha, z, point), normalOf(z, point), ([first, second]) => {
    const bend = (first * slopeX) / alpha - (second * slopeY) / (1 - alpha);
    return share / (share + rest * alpha * (1 - alpha) * bend * bend);
  });
}

/** ∇φ */
function normalOf(z: number, { slopeX, slopeY }: PowerPoint): Triple {
  return [-slopeX, -slopeY, Math.sign(z)];
}

/** A positive multiple of p = r(α/g₀, (1 − α)/g₁, sign z), of which the entries do not overflow. */
function rayOf(alpha: number, z: number, { slopeX, slopeY }: PowerPoint): Triple {
  const scale = Math.max(slopeX, slopeY, 1);
  const [a, b] = [slopeX / scale, slopeY / scale];
  return [alpha * b, (1 - alpha) * a, Math.sign(z) * (slopeX > slopeY ? a * slopeY : b * slopeX)];
}

function apexOrEdge(x: number, y: number, z: number, tolerance: number): Spectrum | undefined {
  const kinkAt = (kind: 'interval' | 'bounds', lower: Triple, upper: Triple, distance: number): Spectrum | undefined =>
    distance <= tolerance ? diagonalSpectrum(lower, upper, { kind, distance }) : undefined;
  const alongX = x > 0 ? 1 : 0;
  const alongY = y > 0 ? 1 : 0;
  return (
    kinkAt('interval', [0, 0, 0], [1, 1, 1], Math.hypot(x, y, z)) ??
    // Edges of K, or of −K* by J = I − J*: at x > 0 J is at least that of the edge, at x < 0 at most I less it.
    (x === 0 ? undefined : kinkAt('bounds', [alongX, 0, 0], [alongX, 1, 1], Math.hypot(y, z))) ??
    (y === 0 ? undefined : kinkAt('bounds', [0, alongY, 0], [1, alongY, 1], Math.hypot(x, z))) ??
    // Between an edge of K and one of −K*, where the projection is that edge.
    (x > 0 !== y > 0 ? kinkAt('bounds', [alongX, alongY, 0], [alongX, alongY, 1], Math.abs(z)) : undefined)
  );
}

/** At the smooth boundaries of K and of −K*. */
function smoothBoundary(
  alpha: number,
  x: number,
  y: number,
  z: number,
  point: PowerPoint,
  tolerance: number,
): Spectrum | undefined {
  if (point.region === 'surface') {
    const fromCone = Math.hypot(x - point.x, y - point.y, z - point.z);
    const fromPolar = Math.hypot(point.x, point.y, point.z);
    if (fromCone <= tolerance && fromPolar <= tolerance) {
      return diagonalSpectrum([0, 0, 0], [1, 1, 1], { kind: 'interval', distance: Math.hypot(x, y, z) });
    }
    if (fromCone <= tolerance) return boundarySpectrum(normalOf(z, point), fromCone);
    if (fromPolar <= tolerance) return polarBoundarySpectrum(rayOf(alpha, z, point), fromPolar);
  }
  if (point.region === 'cone' && x > 0 && y > 0) {
    const { distance, gradient } = depthBelow(x / alpha, y / (1 - alpha), x ** alpha * y ** (1 - alpha), z);
    const [a, b, c] = gradient;
    if (distance <= tolerance) return boundarySpectrum([-a, -b, c], distance);
  }
  if (point.region === 'polar' && x < 0 && y < 0) {
    const [a, b] = [-x / alpha, -y / (1 - alpha)];
    const { distance, gradient } = depthBelow(a, b, a ** alpha * b ** (1 - alpha), z);
    if (distance <= tolerance) return polarBoundarySpectrum(gradient, distance);
  }
  return undefined;
}

/**
 * How far z is below the mean of which a and b are what its gradient divides it by: the difference over the norm of the
 * gradient (mean/a, mean/b, 1), which is the distance to first order, and never less as the mean is concave. With the
 * gradient, scaled so that no entry overflows.
 */
function depthBelow(a: number, b: number, mean: number, z: number): { distance: number; gradient: Triple } {
  const scale = Math.min(a, b, mean);
  const gradient: Triple = [scale / a, scale / b, (Math.sign(z) * scale) / mean];
  const norm = Math.hypot(scale / a, scale / b, scale / mean);
  return { distance: ((1 - Math.abs(z) / mean) * scale) / norm, gradient };
}
