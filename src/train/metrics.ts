/** Metrics of the caller's own. They are loaded only where some are given. */
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Shared } from './evaluation-parts.ts';

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

/** @throws RangeError where a metric is no function, or returns something else than a number */
export async function computeMetrics(
  engine: Engine,
  metrics: Metrics,
  { count, outputs, targets, weights }: Compared,
  { createArgumentError }: Pick<Shared, 'createArgumentError'>,
): Promise<Record<string, number>> {
  // A promise of metrics, which somebody forgot to await, would be one metric named then.
  if ('then' in metrics)
    throw createArgumentError('metrics', metrics, 'an object of functions, none of which is named then');
  const found: Record<string, number> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    const place = `metrics: ${name}`;
    if (typeof metric !== 'function') throw createArgumentError(place, metric, 'a function of outputs and targets');
    found[name] = await engine.tidy(async (scope) => {
      const matrix = (rows: ArrayLike<number>): Tensor => scope.tensor(rows, [count, rows.length / count]);
      const result: unknown = await metric(matrix(outputs), matrix(targets), weights && matrix(weights));
      const tensor = result as Tensor | undefined;
      const value = tensor?.size === 1 && tensor.data ? (await tensor.data())[0] : result;
      if (typeof value === 'number') return value;
      throw createArgumentError(`what ${place} returned`, result, 'a number, or a tensor that holds one');
    });
  }
  return found;
}
