/**
 * The projection onto the exponential cone K, the closure of {(x, y, z): y > 0, y·e^{x/y} ≤ z}, by one root in r = x/y
 * (H. Friberg, "Projection onto the exponential cone: a univariate root-finding problem", 2021).
 */

import { type IncreasingFunction, increasingRoot } from './increasing-root.ts';
import { powerOfTwoNear } from './kind.ts';

/** Where a vector is: in K, in −K*, over the face {x ≤ 0, y = 0, z ≥ 0}, elsewhere; or somewhere not finite. */
export type Region = 'cone' | 'polar' | 'face' | 'surface' | 'nowhere';

/** A projection, and what its derivative needs. One is filled again and again. */
export class ExponentialPoint {
  region: Region = 'nowhere';
  /** The projection. */
  x = 0;
  y = 0;
  z = 0;
  /** On the surface: p = α(r, 1, eʳ) and v − p = η(1, 1 − r, −e⁻ʳ), with α and η divided by the scale of v. */
  ratio = 0;
  alpha = 0;
  eta = 0;

  set(region: Region, x: number, y: number, z: number): void {
    this.region = region;
    this.x = x;
    this.y = y;
    this.z = z;
  }
}

/** Beyond it e^{−|r|} is 0, whatever it is multiplied with. */
const LARGEST_EXPONENT = 800;
/** r² stays finite; a larger r changes the projection by less than 1/r of the size of v. */
const LARGEST_RATIO = 1e100;

/** Projects (x, y, z). */
export function projectOntoExponential(x: number, y: number, z: number, point: ExponentialPoint): void {
  const size = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  if (!(size < Number.POSITIVE_INFINITY)) point.set('nowhere', Number.NaN, Number.NaN, Number.NaN);
  else if (x <= 0 && y <= 0) point.set(y === 0 && z >= 0 ? 'cone' : 'face', x, 0, Math.max(z, 0));
  else {
    const scale = powerOfTwoNear(size);
    const [a, b, c] = [x / scale, y / scale, z / scale];
    if (b > 0 && b * Math.exp(a / b) <= c) point.set('cone', x, y, z);
    // −v ∈ K* = cl{(u, v, w): u < 0, −u·e^{v/u} ≤ e·w}
    else if (a > 0 && a * Math.exp(b / a - 1) <= -c) point.set('polar', 0, 0, 0);
    else if (a <= 0 && b <= 0)
      point.set('face', x, 0, Math.max(z, 0)); // what was positive is too small
    else projectOntoSurface(a, b, c, scale, point);
  }
}

const equation = new (class implements IncreasingFunction {
  x = 0;
  y = 0;
  z = 0;
  slope = 0;
  alpha = 0;
  eta = 0;

  /** e^{−|r|}h(r), with the slope of h times e^{−|r|}: the quotient is that of h, and nothing overflows. */
  valueAt(r: number): number {
    const { x, y, z } = this;
    const D = r * r - r + 1;
    const alpha = ((r - 1) * x + y) / D;
    const eta = (x - r * y) / D;
    const alphaSlope = (x - alpha * (2 * r - 1)) / D;
    const etaSlope = (-y - eta * (2 * r - 1)) / D;
    this.alpha = alpha;
    this.eta = eta;
    const decay = Math.exp(-Math.abs(r));
    const up = r > 0 ? 1 : decay * decay;
    const down = r > 0 ? decay * decay : 1;
    this.slope = (alphaSlope + alpha) * up + (eta - etaSlope) * down;
    return alpha * up - eta * down - z * decay;
  }
})();

/**
 * α(r) = ((r − 1)x + y)/(r² − r + 1) and η(r) = (x − ry)/(r² − r + 1) solve the first two rows of
 * v = α(r, 1, eʳ) + η(1, 1 − r, −e⁻ʳ). The third is h(r) = αeʳ − ηe⁻ʳ − z = 0, where h increases while α and η > 0.
 */
function projectOntoSurface(x: number, y: number, z: number, scale: number, point: ExponentialPoint): void {
  const whereAlphaIsZero = 1 - y / x;
  const whereEtaIsZero = x / y;
  let low = Math.max(
    x > 0 ? whereAlphaIsZero : Number.NEGATIVE_INFINITY,
    y < 0 ? whereEtaIsZero : Number.NEGATIVE_INFINITY,
  );
  let high = Math.min(
    x < 0 ? whereAlphaIsZero : Number.POSITIVE_INFINITY,
    y > 0 ? whereEtaIsZero : Number.POSITIVE_INFINITY,
  );
  // The exponentials decide the sign of h within this distance of 0, or of the end at which α or η is 0.
  const [least, largest] = [Math.min(high, 0) - LARGEST_EXPONENT, Math.max(low, 0) + LARGEST_EXPONENT];
  low = Math.min(Math.max(low, least), LARGEST_RATIO);
  high = Math.max(Math.min(high, largest), -LARGEST_RATIO);
  equation.x = x;
  equation.y = y;
  equation.z = z;
  const r = increasingRoot(equation, low, high, Math.min(Math.max(0, low), high));
  equation.valueAt(r);
  const decay = Math.exp(-Math.abs(r));
  point.region = 'surface';
  point.ratio = r;
  // Each formula is the one in which e^{|r|} multiplies no rounding error.
  if (r > 0) {
    point.eta = Math.max(equation.eta, 0);
    const height = Math.max(z + point.eta * decay, 0);
    point.alpha = height * decay;
    point.z = scale * height;
  } else {
    point.alpha = Math.max(equation.alpha, 0);
    const height = point.alpha * decay;
    point.eta = Math.max(height - z, 0) * decay;
    point.z = scale * height;
  }
  point.x = scale * point.alpha * r;
  point.y = scale * point.alpha;
}
