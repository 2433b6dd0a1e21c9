import { COUNT, checkFinite, NUMBERS } from '../arguments/check.ts';
import { runUninterrupted } from '../backends/event-loop.ts';
import { marginOf } from './smallest-eigenvalue.ts';

/**
 * Computes the largest m with I − (W + Wᵀ)/2 ⪰ m·I, in float64: the smallest eigenvalue of the left-hand side, by
 * Householder reduction to tridiagonal form and bisection on Sturm counts. It takes about 4n³/3 multiplications and
 * blocks while it runs, half a second for n = 1000; a page with larger matrices calls it in a worker.
 * @param W n × n numbers, row-major
 * @param n the order of W, a whole number ≥ 1
 * @returns m, which may be negative
 * @throws RangeError where n is no whole number ≥ 1, or W does not hold n × n finite numbers
 */
export function monotonicityMargin(W: ArrayLike<number>, n: number): number {
  NUMBERS('monotonicityMargin: W', W);
  COUNT('monotonicityMargin: n', n);
  if (W.length !== n * n)
    throw new RangeError(`monotonicityMargin: W holds ${W.length} numbers; n is ${n} and needs ${n * n}`);
  checkFinite('monotonicityMargin: W', W);
  return runUninterrupted(marginOf(W, n));
}
