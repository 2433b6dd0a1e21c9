/** Metrics of the caller's own. They are loaded only where some are given. */
import { createResultError } from '../arguments/check.ts';
import type { Engine } from '../tensor/engine.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/**
 * Computes a number from the outputs for all samples together, so that it need not be a mean over samples.
 * @param outputs of the model, [count, outputs]: scores before the softmax, or targets in their own units
 * @param targets one-hot labels, or the targets in their own units, [count, outputs]
 * @param weights of the samples, [count, 1], with mean 1; undefined where they have none
 * @returns a tensor that holds one number, or the number
 */
export type Metric = (
  outputs: Tensor,
  targets: Tensor,
  weights: Tensor | undefined,
) => Tensor | number | Promise<number>;

/** Metrics by name. */
export type Metrics = Readonly<Record<string, Metric>>;

/** Rows of numbers that metrics compare. */
export interface Compared {
  readonly count: number;
  readonly outputs: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly weights: ArrayLike<number> | undefined;
}

/** @throws RangeError where a metric returns something else than a number */
export async function computeMetrics(
  engine: Engine,
  metrics: Metrics,
  { count, outputs, targets, weights }: Compared,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    const place = `metrics: ${name}`;
    found[name] = await engine.tidy(async (scope) => {
      const matrix = (rows: ArrayLike<number>): Tensor => scope.tensor(rows, [count, rows.length / count]);
      const result: unknown = await metric(matrix(outputs), matrix(targets), weights && matrix(weights));
      const value = isTensor(result) && result.size === 1 ? (await result.data())[0] : result;
      if (typeof value !== 'number') throw createResultError(place, result, 'a number, or a tensor that holds one');
      return value;
    });
  }
  return found;
}
