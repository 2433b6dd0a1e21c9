import { COUNT, FRACTION, POSITIVE } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { elementwise, reduceAxes, rowwise } from '../tensor/kernels.ts';
import { add, divide, multiply, recordOperation, reshape, sqrt, subtract, transpose } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activate, checkActivation, type LayerActivation } from './activate.ts';
import { readRowsOrImages } from './image-options.ts';
import { constantParameter, type Layer, type Memory } from './layer.ts';

/** Options of `batchNorm`: for plain rows `inputs`, for images `channels` and `size`. */
export interface BatchNormOptions {
  /** Width of a plain row, each of whose features is normalised by itself. */
  inputs?: number;
  /** Channels of images, each of which is normalised over all of its pixels. */
  channels?: number;
  /** Rows and columns of images. */
  size?: readonly [rows: number, columns: number];
  /** Is added to the variance; > 0. Default 1e-5. */
  epsilon?: number;
  /** The weight of a batch in the running statistics, from 0 to 1. Default 0.1. */
  momentum?: number;
  /** Applied to each output, with its default parameters. Default none. */
  activation?: LayerActivation;
}

const OPTIONS: Checks<BatchNormOptions> = {
  inputs: COUNT,
  channels: 0,
  size: 0,
  epsilon: POSITIVE,
  momentum: FRACTION,
  activation: 0,
};

/** Names in the memory of the layer. */
export const STATISTICS = { mean: 'running mean', variance: 'running variance', batches: 'batches' } as const;

/**
 * The layer activation(gain·(x − mean)/√(variance + ε) + bias) for each channel of images, or each feature of plain rows
 * (Ioffe and Szegedy 2015). In training, mean and variance are those of the batch, and running statistics follow them:
 * new = (1 − momentum)·old + momentum·of the batch, where that variance has the divisor count − 1, as in PyTorch. Outside
 * of training they are the running ones, which start at 0 and 1 and are part of checkpoints.
 *
 * gain [channels or inputs] starts at 1, bias at 0.
 * @throws RangeError where an option is wrong. In training, a batch that has one number of a feature is refused
 */
export function batchNorm(options: BatchNormOptions): Layer {
  const { epsilon = 1e-5, momentum = 0.1, activation = 'none', ...rows } = readOptions('batchNorm', options, OPTIONS);
  const { shape, own, ofLayer } = readRowsOrImages('batchNorm', rows);
  checkActivation('batchNorm', activation);
  const width = ofLayer.inputs;
  const groups = shape ? shape[0] : width;
  const pixels = width / groups;
  return {
    kind: 'batchNorm',
    ...ofLayer,
    options: { ...own, epsilon, momentum, activation },
    parameters: [constantParameter('gain', [groups], 1), constantParameter('bias', [groups], 0)],
    forward(x, [gain, bias], { memory, training }) {
      const [batch] = x.shape;
      const images = reshape(x, [batch, groups, pixels]);
      const column = (each: Tensor): Tensor => reshape(each, [groups, 1]);
      const { mean, variance } = runningStatistics(memory, x, groups);
      if (!training) {
        const factor = divide(gain, sqrt(elementwise('scale', [variance], [1, epsilon])));
        const offset = subtract(bias, multiply(factor, mean));
        return activate(reshape(add(multiply(images, column(factor)), column(offset)), [batch, width]), activation);
      }
      const count = batch * pixels;
      if (count === 1) {
        throw new RangeError(
          'batchNorm: the batch has one number of each feature; training needs more than one: choose a batch that divides the samples otherwise',
        );
      }
      const lines = reshape(transpose(images, [1, 0, 2]), [groups, count]);
      followStatistics(memory, lines, { mean, variance }, momentum);
      const standard = recordOperation('standardise', [lines], rowwise('standardise', lines, undefined, [epsilon]), {
        epsilon,
      });
      const scaled = add(multiply(standard, column(gain)), column(bias));
      const back = transpose(reshape(scaled, [groups, batch, pixels]), [1, 0, 2]);
      return activate(reshape(back, [batch, width]), activation);
    },
  };
}

interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** The running statistics, [groups] each, in the arena of x. */
function runningStatistics({ tensors }: Memory, x: Tensor, groups: number): Statistics {
  const engine = engineOf('batchNorm: x', x);
  const read = (name: string, start: number): Tensor => {
    const known = tensors.get(name);
    if (!known) return x.context.upload(new Float32Array(groups).fill(start), [groups], x);
    return x.arena ? engine.aliasIn(x.arena, known) : known;
  };
  return { mean: read(STATISTICS.mean, 0), variance: read(STATISTICS.variance, 1) };
}

/** @param lines the numbers of the batch, [groups, count] */
function followStatistics(
  { tensors, numbers }: Memory,
  lines: Tensor,
  { mean, variance }: Statistics,
  momentum: number,
): void {
  const engine = engineOf('batchNorm: x', lines);
  const [groups, count] = lines.shape;
  const followed = engine.run(`running statistics ${momentum}`, [lines, mean, variance], ([lines, mean, variance]) => {
    const { context } = lines;
    const now = elementwise('scale', [reduceAxes('sum', [lines], 1, 2)], [1 / count, 0]);
    const centred = elementwise('subtract', [lines, context.alias(now, [groups, 1])]);
    const squares = reduceAxes('sum', [elementwise('square', [centred])], 1, 2);
    const blend = (old: Tensor, fresh: Tensor, factor: number): Tensor =>
      elementwise('add', [
        elementwise('scale', [old], [1 - momentum, 0]),
        elementwise('scale', [fresh], [momentum * factor, 0]),
      ]);
    return [blend(mean, now, 1), blend(variance, squares, 1 / (count - 1))];
  });
  for (const [index, name] of [STATISTICS.mean, STATISTICS.variance].entries()) {
    tensors.get(name)?.dispose();
    tensors.set(name, engine.keepAlias(followed[index]));
  }
  numbers.set(STATISTICS.batches, (numbers.get(STATISTICS.batches) ?? 0) + 1);
}
