/** The running statistics of `batchNorm`: layers remember them, yet they belong to a network as its parameters do. */
import { STATISTICS } from './batch-norm.ts';
import type { Layer } from './layer.ts';
import { parameterNames } from './summary.ts';

/** One of the running statistics of a layer in a model. */
export interface RunningStatistic {
  /** Number of the layer of the model that remembers it. */
  readonly layer: number;
  /** Under which name: `running mean`, or `0.running mean` where the `batchNorm` is inside of a residual. */
  readonly key: string;
  /** Its name beside those of the parameters, such as `1.batchNorm.running mean`. */
  readonly name: string;
  /** [] for the number of batches. */
  readonly shape: readonly number[];
  /** The number, or each of the numbers, before any training. */
  readonly start: number;
}

const GAIN = /^(\d+)\.((?:residual\.\d+\.)*)batchNorm\.gain$/;

/** The running statistics of a model, in the order of its layers. */
export function runningStatisticsOf(layers: readonly Layer[]): RunningStatistic[] {
  const shapes = layers.flatMap(({ parameters }) => parameters.map(({ shape }) => shape));
  return parameterNames(layers).flatMap((name, index) => {
    const [, layer, inside] = GAIN.exec(name) ?? [];
    if (layer === undefined) return [];
    const within = inside.replaceAll('residual.', '');
    const create = (own: string, shape: readonly number[], start: number): RunningStatistic => ({
      layer: Number(layer),
      key: `${within}${own}`,
      name: name.replace(/gain$/, own),
      shape,
      start,
    });
    return [
      create(STATISTICS.mean, shapes[index], 0),
      create(STATISTICS.variance, shapes[index], 1),
      create(STATISTICS.batches, [], 0),
    ];
  });
}
