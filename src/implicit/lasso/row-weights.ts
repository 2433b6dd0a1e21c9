/** Weights of rows: they become part of the masks, which say how much each row counts. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { LassoOptions } from './options.ts';

type Weighted = Pick<LassoOptions, 'masks' | 'rowWeights'>;

/**
 * The options with the row weights multiplied into the masks. `rowWeights` stay, so that errors can name them: call this
 * once, with checked options.
 * @returns also the tensors that were made
 */
export function weightMasks<Options extends Weighted>(options: Options): { options: Options; made: Tensor[] } {
  const { masks, rowWeights } = options;
  if (!rowWeights) return { options, made: [] };
  const row = rowWeights.reshape([1, rowWeights.size]);
  if (!masks) return { options: { ...options, masks: row }, made: [row] };
  const product = masks.mul(row);
  return { options: { ...options, masks: product }, made: [row, product] };
}
