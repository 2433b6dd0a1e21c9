import { COUNT, checkFinite, NUMBERS } from '../arguments/check.ts';
import { atOnce } from '../backends/event-loop.ts';
import { marginOf } from './smallest-eigenvalue.ts';

/**
 * The largest m with I − (W + Wᵀ)/2 ⪰ m·I: the smallest eigenvalue of that matrix, by Householder reduction to
 * tridiagonal form and bisection on Sturm counts. About 4n³/3 multiplications, without a break: half a second for n = 1000; a
 * page that has more calls it in a worker. Where a solve checks a margin it does so in turns with what else there is to do.
 * @param W n × n, row-major
 */
export function monotonicityMargin(W: ArrayLike<number>, n: number): number {
  NUMBERS('monotonicityMargin: W', W);
  COUNT('monotonicityMargin: n', n);
  if (W.length !== n * n)
    throw new RangeError(`monotonicityMargin: W holds ${W.length} numbers; n is ${n} and needs ${n * n}`);
  checkFinite('monotonicityMargin: W', W);
  return atOnce(marginOf(W, n));
}
