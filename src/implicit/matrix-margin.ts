/** The margin that a caller states for a matrix. */
import { runInTurns } from '../backends/event-loop.ts';
import type { Margin } from '../solvers/linear-map.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fetchPartOnce } from './fetch-part.ts';
import { checkPositive } from './options.ts';
import { unlessAborted } from './run-limits.ts';

/** The reason why a margin holds that was checked here. */
export const BY_EIGENVALUES = 'by the eigenvalues of that matrix';

/** Loaded late: a page that trains a W whose margin holds by construction never needs it. */
const eigenvalues = fetchPartOnce('what checks the margin of W', () => import('./smallest-eigenvalue.ts'));

/**
 * The margin that a caller states for a matrix, with a check of it.
 * @param W [n, n]
 * @throws RangeError where no margin is stated, or one that is no finite number > 0
 */
export function marginOfMatrix(W: Tensor, stated: number | undefined): Margin {
  if (stated === undefined) throw new RangeError('margin: it is missing; it must be given where W is a tensor');
  return {
    value: checkPositive('margin', stated),
    by: 'checked',
    reason: BY_EIGENVALUES,
    async check(signal) {
      const read = Promise.all([W.data(), eigenvalues()]);
      const [numbers, { checkStatedMargin }] = await unlessAborted(read, signal);
      await unlessAborted(runInTurns(checkStatedMargin(numbers, W.shape[0], stated), signal), signal);
    },
  };
}
