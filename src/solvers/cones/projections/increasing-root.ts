/** The root of an increasing function of one number. */

/** An increasing function, and its derivative at the last place at which it was called. */
export interface IncreasingFunction {
  valueAt(place: number): number;
  slope: number;
}

/** Bisection alone halves any interval of float64 to nothing in fewer steps. */
const MOST_STEPS = 300;
/** Half a unit in the last place of 1. */
const LEAST_STEP = 2 ** -53;

/**
 * Newton's method within a bracket, with bisection where a step leaves it or does not halve the one before: at every
 * start it ends, at the place where the function, as rounded, changes its sign.
 */
export function increasingRoot(f: IncreasingFunction, least: number, largest: number, start: number): number {
  let [low, high] = [least, largest];
  let place = start;
  let lastStep = high - low;
  for (let count = 0; count < MOST_STEPS; count += 1) {
    const value = f.valueAt(place);
    if (value === 0) return place;
    if (value < 0) low = place;
    else high = place;
    let step = -value / f.slope;
    let next = place + step;
    if (!(next >= low && next <= high) || 2 * Math.abs(step) > Math.abs(lastStep)) {
      next = low + 0.5 * (high - low);
      step = next - place;
    }
    if (Math.abs(step) <= LEAST_STEP * Math.max(1, Math.abs(place))) return next;
    lastStep = step;
    place = next;
  }
  return place;
}
