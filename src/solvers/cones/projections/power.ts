/**
 * The projection onto the power cone K = {x^α y^{1−α} ≥ |z|, x, y ≥ 0} by one root in r = |z| (L. Hien, "Differential
 * properties of Euclidean projection onto power cone", 2015).
 */

import { type IncreasingFunction, increasingRoot } from './increasing-root.ts';
import { LEAST_SUM, powerOfTwoNear } from './kind.ts';

/** Where a vector is: in K, in −K*, over the edges z = 0, elsewhere; or somewhere not finite. */
type Region = 'cone' | 'polar' | 'edge' | 'surface' | 'nowhere';

/** A projection, and what its derivative needs. One is filled again and again. */
export class PowerPoint {
  region: Region = 'nowhere';
  /** The projection. */
  x = 0;
  y = 0;
  z = 0;
  /** On the surface: r/|z₀|, 1 − r/|z₀|, αr/x and (1 − α)r/y, at most `LARGEST_SLOPE`. */
  share = 0;
  rest = 0;
  slopeX = 0;
  slopeY = 0;

  set(region: Region, x: number, y: number, z: number): void {
    this.region = region;
    this.x = x;
    this.y = y;
    this.z = z;
  }
}

/** e^{−|t|} is a normal number up to here. */
const LARGEST_LOGIT = 700;

/** A direction in which an entry is this many times another is that of an axis. */
const LARGEST_SLOPE = 1e300;

/** Projects (x, y, z). */
export function projectOntoPower(alpha: number, x: number, y: number, z: number, point: PowerPoint): void {
  const size = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  const scale = size > 0 ? powerOfTwoNear(size) : 1;
  const [a, b, c] = [x / scale, y / scale, Math.abs(z) / scale];
  if (!(size < Number.POSITIVE_INFINITY)) point.set('nowhere', Number.NaN, Number.NaN, Number.NaN);
  else if (x >= 0 && y >= 0 && a ** alpha * b ** (1 - alpha) >= c) point.set('cone', x, y, z);
  // −v ∈ K* = {(x/α)^α (y/(1 − α))^{1−α} ≥ |z|, x, y ≥ 0}
  else if (x <= 0 && y <= 0 && (-a / alpha) ** alpha * (-b / (1 - alpha)) ** (1 - alpha) >= c) {
    point.set('polar', 0, 0, 0);
  } else if (c === 0) point.set('edge', Math.max(x, 0), Math.max(y, 0), 0);
  else projectOntoSurface(alpha, a, b, c, scale, z < 0 ? -1 : 1, point);
}

/** √(a² + b²) of numbers of which the squares do not overflow; Math.hypot is ten times slower. */
function hypotenuse(a: number, b: number): number {
  const sum = a * a + b * b;
  return sum > LEAST_SUM ? Math.sqrt(sum) : Math.hypot(a, b);
}

/** One of x and y as a function of r, with its derivative by the logit of r/|z₀|. */
class Coordinate {
  value = 0;
  /** d log(value)/dt */
  growth = 0;
  /** weight·r/value, over |z₀| where the coordinate of v is negative: there it does not cancel. */
  slope = 0;

  /**
   * The positive root of value² − given·value = weight·r(|z₀| − r), where r = share·|z₀|. Of the two forms of it the
   * one without cancellation.
   */
  solve(given: number, weight: number, height: number, share: number, rest: number): void {
    const half = height * Math.sqrt(weight) * Math.sqrt(share * rest);
    const root = hypotenuse(given, 2 * half);
    const sum = 0.5 * (root + Math.abs(given));
    this.value = given >= 0 ? sum : half * (half / sum);
    if (sum === 0)
      this.slope = Math.sqrt((weight * share) / rest); // both parts of the sum are too small
    else this.slope = given >= 0 ? (weight * share * height) / sum : sum / (rest * height);
    // With v² − gv = h²: (2v − g)dv = dh², 2v − g = root, and dh²/dt = h²(1 − 2·share); h²/v = v − g = sum or its like.
    this.growth = ((given >= 0 ? half * (half / sum) : sum) / root) * (rest - share);
  }
}

const equation = new (class implements IncreasingFunction {
  readonly x = new Coordinate();
  readonly y = new Coordinate();
  alpha = 0;
  givenX = 0;
  givenY = 0;
  height = 0;
  share = 0;
  rest = 0;
  slope = 0;

  /** log r − α·log x − (1 − α)·log y at r = |z₀|/(1 + e^{−t}). */
  valueAt(t: number): number {
    const { alpha, height } = this;
    const decay = Math.exp(-Math.abs(t));
    const [larger, smaller] = [1 / (1 + decay), decay / (1 + decay)];
    this.share = t > 0 ? larger : smaller;
    this.rest = t > 0 ? smaller : larger;
    this.x.solve(this.givenX, alpha, height, this.share, this.rest);
    this.y.solve(this.givenY, 1 - alpha, height, this.share, this.rest);
    this.slope = this.rest - alpha * this.x.growth - (1 - alpha) * this.y.growth;
    const logarithm = Math.log(height) + Math.min(t, 0) - Math.log1p(decay);
    return logarithm - alpha * Math.log(this.x.value) - (1 - alpha) * Math.log(this.y.value);
  }
})();

/**
 * With φ = |z| − x^α y^{1−α} and v − p = μ∇φ: μ = |z₀| − r, x² − x₀x = αrμ, y² − y₀y = (1 − α)rμ and x^α y^{1−α} = r has
 * one root r in (0, |z₀|). In the logit t of r/|z₀| both r and μ keep their relative accuracy.
 */
function projectOntoSurface(
  alpha: number,
  x: number,
  y: number,
  height: number,
  scale: number,
  sign: 1 | -1,
  point: PowerPoint,
): void {
  equation.alpha = alpha;
  equation.givenX = x;
  equation.givenY = y;
  equation.height = height;
  equation.valueAt(increasingRoot(equation, -LARGEST_LOGIT, LARGEST_LOGIT, 0));
  point.set('surface', scale * equation.x.value, scale * equation.y.value, sign * scale * equation.share * height);
  point.share = equation.share;
  point.rest = equation.rest;
  point.slopeX = Math.min(equation.x.slope, LARGEST_SLOPE);
  point.slopeY = Math.min(equation.y.slope, LARGEST_SLOPE);
}
