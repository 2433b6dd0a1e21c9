/** The margin that a caller states for a matrix. */
import { inTurns } from '../backends/event-loop.ts';
import type { Margin } from '../solvers/linear-map.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fetched } from './fetched.ts';
import { checkPositive } from './options.ts';
import { unlessAborted } from './run-limits.ts';

/** Why a margin holds that was checked here. */
export const BY_EIGENVALUES = 'by the eigenvalues of that matrix';

/** Of W, [n, n], to be checked. */
export function marginOfMatrix(W: Tensor, stated: number | undefined): Margin {
  if (stated === undefined) throw new RangeError('margin: it is missing; it must be given where W is a tensor');
  return {
    value: checkPositive('margin', stated),
    by: 'checked',
    reason: BY_EIGENVALUES,
    async check(signal) {
      // A W that holds by construction is never checked: a page that trains one does without the eigenvalues.
      const checking = fetched('what checks the margin of W', import('./smallest-eigenvalue.ts'));
      const read = Promise.all([W.data(), checking]);
      const [numbers, { checkStatedMargin }] = await unlessAborted(read, signal);
      await unlessAborted(inTurns(checkStatedMargin(numbers, W.shape[0], stated), signal), signal);
    },
  };
}
