/** Gradient descent on one number, with steps that grow while they help and are halved where they do not. */
import { breath } from '../workers/calls.ts';
import { type HeldOutProblem, pointsAt } from './problem.ts';
import type { PathPoint } from './protocol.ts';

const MOST_STEPS = 40;
/** The share of the decrease that the gradient promises which a step must keep (L. Armijo, 1966). */
const KEPT = 1e-2;
/** In λ: below that nothing is to be seen. */
const SHORTEST = 1e-3;

/** @returns the last point */
export async function descended(
  problem: HeldOutProblem,
  start: number,
  tell: (point: PathPoint) => void,
  signal: AbortSignal,
): Promise<PathPoint> {
  let [point] = await pointsAt(problem, [start]);
  tell(point);
  let length = 0.5; // of the first step, in λ
  for (let step = 0; step < MOST_STEPS && length > SHORTEST && point.gradient !== 0; step++) {
    await breath();
    signal.throwIfAborted();
    const direction = -Math.sign(point.gradient);
    const [next] = await pointsAt(problem, [Math.min(point.logLambda + direction * length, problem.largest)]);
    if (next.error > point.error - KEPT * length * Math.abs(point.gradient)) {
      length /= 2;
      continue;
    }
    // Past the minimum the next step is a shorter one back.
    length *= Math.sign(next.gradient) === Math.sign(point.gradient) ? 1.5 : 0.5;
    point = next;
    tell(point);
  }
  return point;
}
