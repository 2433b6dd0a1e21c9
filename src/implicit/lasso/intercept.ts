/** The intercept of a Lasso solution. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { CheckedLasso, LassoOptions } from './options.ts';
import type { OwnedTensors } from './owned-tensors.ts';

/** β₀ = mean(y − Xβ), weighted by the masks, [batch]; 0 if the problem has no intercept. */
export function computeIntercept(
  { engine, batch, rows, features, groups, settings }: CheckedLasso,
  options: LassoOptions,
  beta: Tensor,
  owned: OwnedTensors,
): Tensor {
  const { X, y, masks } = options;
  if (!settings.intercept) return owned.add(engine.upload(new Float64Array(batch), [batch], beta));
  const share = masks
    ? owned.add(masks.div(owned.add(masks.sum(1, { keepAxes: true }))))
    : owned.add(engine.upload(new Float64Array(rows).fill(1 / rows), [1, rows], beta));
  const meanX = owned.add(owned.add(share.matmul(X)).reshape([groups, 1, features]));
  const grouped = owned.add(beta.reshape([groups, batch / groups, features]));
  const fitted = owned.add(owned.add(grouped.mul(meanX)).sum(2));
  const meanY = owned.add(computeMeanOfTargets(y, share, [groups, batch / groups, rows], owned));
  return owned.add(owned.add(meanY.sub(fitted)).reshape([batch]));
}

/** The means of y, [groups, problems of each], or [groups, 1] if all problems share y. */
function computeMeanOfTargets(
  y: Tensor,
  share: Tensor,
  [groups, length, rows]: readonly number[],
  owned: OwnedTensors,
): Tensor {
  const isShared = y.size === rows;
  if (isShared) return share.matmul(owned.add(y.reshape([rows, 1])));
  const weights = owned.add(share.reshape([groups, 1, rows]));
  return owned.add(owned.add(y.reshape([groups, length, rows])).mul(weights)).sum(2);
}
