/** The gradient flow of the problem on which descent cycles, in closed form: what descent does as its steps become small. */
import { type Bilevel, evaluateLine, type Point } from './descent.ts';

export interface Flow {
  /** The last two crossings of the line. */
  readonly crossings: readonly [Point, Point];
  /** The time between the last crossing but two and the last. */
  readonly period: number;
}

/**
 * Away from the line s is constant, and the coordinates tend to it as e^(−2wt) with the weights w: the times of the
 * crossings are found by bisection.
 * @param problem one whose corners lie across the line from where they are the answer
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

/** The time from which on `isThere`, up to rounding. */
function bisect(isThere: (time: number) => boolean): number {
  let [low, high] = [1e-9, 50];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (isThere(middle)) high = middle;
    else low = middle;
  }
  return high;
}
