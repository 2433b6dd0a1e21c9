/** The ranges of arguments of a Lasso that are on the device: looked at there, and told with what is read in any case. */
import { totals } from '../../solvers/lasso/design.ts';
import { elementwise, reduceAll } from '../../tensor/kernels.ts';
import { endToEnd } from '../../tensor/move-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** weights and ridge ≥ 0; masks [groups, rows] from 0 to 1, each with a row that counts. */
export type Ranged = Readonly<Partial<Record<'weights' | 'ridge' | 'masks', Tensor>>>;

const NAMES = ['weights', 'ridge', 'masks'] as const;

/** The numbers, and behind them the extremes of the arguments that are there: −min of each, and of masks max and −min Σ besides. */
export function withExtremes(numbers: Tensor, ranged: Ranged): Tensor {
  const greatest = (x: Tensor): Tensor => reduceAll('maximum', x);
  const least = (x: Tensor): Tensor => greatest(elementwise('negate', [x]));
  const { masks } = ranged;
  const extremes = NAMES.flatMap((name) => (ranged[name] ? [least(ranged[name])] : []));
  if (masks) extremes.push(greatest(masks), least(totals(masks)));
  return extremes.reduce(endToEnd, numbers);
}

/**
 * @param extremes as they were read from behind the numbers
 * @param ranged which arguments there were
 * @throws RangeError that names an argument out of its range, and the worst of its numbers
 */
export function checkExtremes(
  extremes: ArrayLike<number>,
  ranged: Readonly<Partial<Record<keyof Ranged, unknown>>>,
): void {
  const names = NAMES.filter((name) => ranged[name] !== undefined);
  for (const [index, name] of names.entries()) {
    if (extremes[index] > 0) {
      const allowed = name === 'masks' ? 'from 0 to 1' : 'at least 0';
      throw new RangeError(`${name}: the least number is ${-extremes[index]}; every one must be ${allowed}`);
    }
  }
  if (!ranged.masks) return;
  const [greatest, total] = [extremes[names.length], extremes[names.length + 1]];
  if (greatest > 1) throw new RangeError(`masks: the greatest number is ${greatest}; every one must be from 0 to 1`);
  if (total >= 0) throw new RangeError('masks: one of them is 0 in every row; at least one row must count in each');
}
