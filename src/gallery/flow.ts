/**
 * The gradient flow of the problem on which descent cycles, in closed form. Descent approaches it as the step size
 * tends to 0.
 */
import { type Bilevel, evaluateLine, type Point } from './descent.ts';

export interface Flow {
  /** The last two crossings of the line. */
  readonly crossings: readonly [Point, Point];
  /** The time between the last crossing and the last but two. */
  readonly period: number;
}

/**
 * Away from the line s is constant, and each coordinate tends to it as e^(−2wt) with its weight w. The times of the
 * crossings are found by bisection.
 * @param problem a problem each of whose corners lies across the line from the points where it is the inner solution
 */
export function followFlow(problem: Bilevel, start: Point, crossings: number): Flow {
  const found: Point[] = [start];
  const times: number[] = [];
  let isAbove = evaluateLine(problem, start) > 0;
  while (times.length < crossings) {
    const from = found[found.length - 1];
    const target: Point = isAbove ? problem.box : [0, 0];
    const at = (time: number): Point => {
      const [x, y] = [0, 1].map((k) => target[k] + (from[k] - target[k]) * Math.exp(-2 * problem.weights[k] * time));
      return [x, y];
    };
    const time = bisect((each) => evaluateLine(problem, at(each)) > 0 !== isAbove);
    times.push(time);
    found.push(at(time));
    isAbove = !isAbove;
  }
  const [previous, last] = found.slice(-2);
  return { crossings: [previous, last], period: times[times.length - 2] + times[times.length - 1] };
}

/** Finds the time at which `isThere` becomes true, up to rounding. */
function bisect(isThere: (time: number) => boolean): number {
  let [low, high] = [1e-9, 50];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (isThere(middle)) high = middle;
    else low = middle;
  }
  return high;
}
