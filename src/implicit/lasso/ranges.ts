/** Checks the ranges of arguments on the device. Their extremes are read together with numbers that are read anyway. */
import { totals } from '../../solvers/lasso/design.ts';
import { elementwise, reduceAll } from '../../tensor/kernels.ts';
import { joinEndToEnd } from '../../tensor/move-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Arguments with a range: weights and ridge ≥ 0; masks [groups, rows] from 0 to 1, each with a row that counts. */
export type Ranged = Readonly<Partial<Record<'weights' | 'ridge' | 'masks', Tensor>>>;

const NAMES = ['weights', 'ridge', 'masks'] as const;

/**
 * Appends the extremes of the arguments to the numbers: −min of each, and of masks also the max and −min of the row
 * sums.
 */
export function appendExtremes(numbers: Tensor, ranged: Ranged): Tensor {
  const greatest = (x: Tensor): Tensor => reduceAll('maximum', x);
  const least = (x: Tensor): Tensor => greatest(elementwise('negate', [x]));
  const { masks } = ranged;
  const extremes = NAMES.flatMap((name) => (ranged[name] ? [least(ranged[name])] : []));
  if (masks) extremes.push(greatest(masks), least(totals(masks)));
  return extremes.reduce(joinEndToEnd, numbers);
}

/**
 * @param extremes what `appendExtremes` appended, as read
 * @param ranged which arguments there were
 * @param isWeighted whether row weights, which have no upper limit, were multiplied into the masks
 * @throws RangeError that names the argument out of its range, and the worst of its numbers
 */
export function checkExtremes(
  extremes: ArrayLike<number>,
  ranged: Readonly<Partial<Record<keyof Ranged, unknown>>>,
  isWeighted = false,
): void {
  const masks = isWeighted ? 'rowWeights' : 'masks';
  const names = NAMES.filter((name) => ranged[name] !== undefined);
  for (const [index, name] of names.entries()) {
    if (extremes[index] > 0) {
      const allowed = name === 'masks' && !isWeighted ? 'from 0 to 1' : 'at least 0';
      throw new RangeError(
        `${name === 'masks' ? masks : name}: the least number is ${-extremes[index]}; every one must be ${allowed}`,
      );
    }
  }
  if (!ranged.masks) return;
  const [greatest, total] = [extremes[names.length], extremes[names.length + 1]];
  if (greatest > 1 && !isWeighted)
    throw new RangeError(`masks: the greatest number is ${greatest}; every one must be from 0 to 1`);
  if (total >= 0)
    throw new RangeError(
      isWeighted
        ? 'rowWeights: they are 0 in every row that counts; at least one must be above 0'
        : 'masks: one of them is 0 in every row; at least one row must count in each',
    );
}
