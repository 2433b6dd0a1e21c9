/** The linear independence of a few vectors, on which the exact tests of sparse models and of support vector machines rest. */
import type { Interruptible } from '../backends/event-loop.ts';
import type { CertificateStatus } from './certificate.ts';

/** What rank tests take for rounding, in units of ε·(number of rows and columns). */
const ROUNDING = 8;

/**
 * @param size the larger extent of the matrix whose columns they are
 * @param epsilon the precision in which the data were given: what it cannot tell apart is not certified, and only what is
 *   dependent in the numbers as they are has failed
 * @param error of the vectors, beside rounding
 */
export function* judgeIndependence(
  columns: readonly Float64Array[],
  size: number,
  epsilon: number,
  error = 0,
): Interruptible<CertificateStatus> {
  const least = yield* smallestPivot(columns);
  const own = ROUNDING * size * Number.EPSILON + error;
  if (least > 4 * (ROUNDING * size * epsilon + own)) return 'certified';
  return least <= own ? 'failed' : 'unknown';
}

/**
 * The smallest pivot of the orthogonalisation of columns of length 1, always of the longest that is left: it is 0 if and
 * only if they are dependent, and at least as large as their smallest singular value. Infinite where there are none.
 */
function* smallestPivot(columns: readonly Float64Array[]): Interruptible<number> {
  const left = columns.map((column) => {
    const norm = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
    return norm > 0 ? column.map((value) => value / norm) : column;
  });
  let smallest = Number.POSITIVE_INFINITY;
  while (left.length > 0) {
    const lengths = left.map((column) => Math.sqrt(column.reduce((sum, value) => sum + value * value, 0)));
    const longest = lengths.indexOf(Math.max(...lengths));
    smallest = Math.min(smallest, lengths[longest]);
    if (!(lengths[longest] > 0)) return 0;
    const [pivot] = left.splice(longest, 1);
    const unit = pivot.map((value) => value / lengths[longest]);
    for (const column of left) {
      // Twice, so that what is left is orthogonal to rounding.
      for (let pass = 0; pass < 2; pass++) {
        let product = 0;
        for (let row = 0; row < unit.length; row++) product += unit[row] * column[row];
        for (let row = 0; row < unit.length; row++) column[row] -= product * unit[row];
      }
    }
    yield;
  }
  return smallest;
}

/** A list of groups or rows, shortened if it is long. */
export function formatPlaces(places: readonly number[]): string {
  const most = 12;
  return places.length <= most ? places.join(', ') : `${places.slice(0, most).join(', ')}, …`;
}
